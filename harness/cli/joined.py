"""Read scores and join them to columns of tables, for `correlate`, `plot` and `report`; print what was read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.cli import options
from harness.errors import ScoresError, SettingError, unknown
from harness.stats.names import BASELINES

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Column, Table
    from harness.evaluation.ranking import Ranking

_NAMED = 3
_USUAL = 6


class Scored(NamedTuple):
    """Scores from a file, one row for each proxy and architecture, and the name of their space."""

    frame: pd.DataFrame
    space: str


class Joined(NamedTuple):
    """A ranking, and the table that holds its column."""

    ranking: Ranking
    table: Table


def read(scores: Path, run: int | None, tables: Sequence[str] = ()) -> Scored:
    """Read scores from a file, and print their origin.

    A CSV is of the user's own models where a table is, else of the first space that reads its architectures; those of
    the tables are tried first.
    """
    from harness.evaluation import open_table
    from harness.evaluation.matching import recognised_space, tabulated_name
    from harness.scoring.files import read_scores
    from harness.spaces.named import MODELS

    found = read_scores(scores, run)
    print(f"scores: {found.origin}")
    spaces = [open_table(name).facts.space for name in tables] if found.space is None else []
    if MODELS in spaces:
        return Scored(found.frame, MODELS)
    return Scored(found.frame, tabulated_name(found.space or recognised_space(found.frame, spaces)))


def found_tables(
    columns: Sequence[str], space: str, tables: Sequence[str], directions: options.Directions
) -> list[Table]:
    """Find the table of each column, and print its name and the column's direction; no table is opened twice.

    Raises:
        TableError: what `harness.evaluation.tables_with` refuses.
        SettingError: a direction of a column that is not among `columns`.
    """
    from harness.evaluation import tables_with

    options.check_directions(directions, columns)
    found = [
        directed(table, directions, [column])
        for column, table in zip(columns, tables_with(columns, space=space, names=tuple(tables)), strict=True)
    ]
    for column, table in zip(columns, found, strict=True):
        print(
            f"{column}: {table.facts.title} ({table.facts.path or table.facts.name}); {said_direction(table, column)}"
        )
    return found


def directed(table: Table, directions: options.Directions, columns: Sequence[str]) -> Table:
    """The table with the user's directions of some of its columns."""
    lower, higher = ([name for name in names if name in columns] for names in directions)
    return table.directed(lower_is_better=lower, higher_is_better=higher) if lower or higher else table


def said_direction(table: Table, column: str) -> str:
    """Words for the direction of a column, and for how to state it where it is taken from the column's name."""
    better, other = ("higher", "lower") if table.column(column).higher_is_better else ("lower", "higher")
    assumed = f", by its name (else: --{other}-is-better {column})" if column in table.assumed else ""
    return f"{better} is better{assumed}"


def no_column(option: str, space: str, tables: Sequence[str]) -> SettingError:
    """The error for a missing column without a default: it lists the usual columns, and how to see the others.

    Raises:
        SettingError: a named table of another space than the scores.
    """
    from harness.evaluation import list_tables, open_table

    opened = {name: open_table(name) for name in tables}
    for name, table in opened.items():
        if table.facts.space not in ("", space):
            raise SettingError(f"table {name} is about the space {table.facts.space}, the scores are of {space}")
    lines = [_usual(table.facts.name, table.columns, name) for name, table in opened.items()]
    for listing in list_tables() if not tables else ():
        if listing.facts.space == space and not listing.opens and listing.measures:
            here = _usual(listing.name, listing.columns, listing.name)
            lines.append(here if listing.available else f"{listing.name} is not here: {listing.reason}")
    if not lines:
        return SettingError(f"give --table, a table of the space {space}, and {option}, one of its columns")
    return SettingError("\n    ".join([f"give {option}, a column of these tables of the space {space}:", *lines]))


def _usual(name: str, columns: Sequence[Column], given: str) -> str:
    """The first of a table's columns, test accuracies after the longest training before others, and how to see all."""
    from harness.evaluation.columns import UNMEASURED

    measured = [one for one in columns if one.unit not in UNMEASURED]
    measured.sort(
        key=lambda one: (one.unit != "pct", one.split != "test", "_seed" in one.name, -(one.epochs or 0), len(one.name))
    )
    shown = ", ".join(one.name for one in measured[:_USUAL])
    more = len(measured) - _USUAL
    return f"{name}: {shown}" + (f" and {more:,} more (nasinit list tables {given})" if more > 0 else "")


def ranked(
    scores: Path,
    tables: list[str],
    columns: list[str],
    run: int | None,
    resamples: int,
    seed: int,
    interval: str = "percentile",
    directions: options.Directions = options.NAMES_TELL,
    *,
    named: Sequence[str] = (),
    only: Sequence[str] = (),
    pool: str | None = None,
    combine: Sequence[str] = (),
) -> list[Joined]:
    """A ranking for each column; prints the scores and tables that were read, and what was left out or merged.

    Args:
        scores: a store, or a CSV file.
        tables: names or files of the tables in which to look for the columns; all if empty.
        columns: columns to rank by.
        run: of a store; None for the last one.
        resamples: number of bootstrap resamples.
        seed: seed of the resampling.
        interval: kind of bootstrap interval.
        directions: the directions of columns that the user states.
        named: proxies that the user names for something else than to be ranked.
        only: proxies to rank; all if empty.
        pool: a part of the space, `harness.correlate`'s; None for all scored cells.
        combine: combinations of the proxies to rank too (`harness.proxies.combiners`), and `libra`.

    Raises:
        ScoresError: a proxy that the user named is not among the scores, or a combination is unknown or lacks a part;
            said before the bootstrap.
    """
    options.positive("resamples", resamples)
    from harness.evaluation.libra import LIBRA

    scored, plain = read(scores, run, tables), [text for text in dict.fromkeys(combine) if text != LIBRA]
    if plain:
        scored = scored._replace(frame=combined(scored, plain, pool))
    scored = of_proxies(scored, named, [*only, *plain] if only else ())
    return ranked_scores(
        scored, tables, columns, resamples, seed, interval, directions, pool, with_libra=LIBRA in combine
    )


def combined(scored: Scored, texts: Sequence[str], pool: str | None) -> pd.DataFrame:
    """The scores with combinations as further proxies, made in the pool; prints of how many architectures each is."""
    from harness.evaluation.pools import keys_in
    from harness.proxies.combiners import combination, with_combinations
    from harness.spaces import open_space

    frame = scored.frame
    if pool is not None:
        keys, space = keys_in(pool, scored.space), open_space(scored.space)
        inside = {text for text in frame["architecture"].unique() if space.key(space.parse(text)) in keys}
        frame = frame[frame["architecture"].isin(inside)]
    together = with_combinations(frame, texts)
    for text in texts:
        have = together.loc[(together["proxy"] == text) & together["score"].notna(), "architecture"].nunique()
        print(f"{text}: {', '.join(combination(text).columns)}, among {have:,} architectures that have all of them")
    return together


def of_proxies(scored: Scored, named: Sequence[str], only: Sequence[str]) -> Scored:
    """The scores by the proxies to rank, with the baselines and those that are named for something else.

    Args:
        scored: all scores.
        named: proxies that the user names for something else than to be ranked.
        only: proxies to rank; all if empty.

    Raises:
        ScoresError: a proxy that is not among the scores.
    """
    there = [*scored.frame["proxy"].unique(), *BASELINES] if named or only else []
    for name in (*named, *only):
        if name not in there:
            raise ScoresError(unknown("proxy of these scores", name, dict.fromkeys(there)))
    if not only:
        return scored
    return scored._replace(frame=scored.frame[scored.frame["proxy"].isin({*only, *named, *BASELINES})])


def ranked_scores(
    scored: Scored,
    tables: list[str],
    columns: list[str],
    resamples: int,
    seed: int,
    interval: str = "percentile",
    directions: options.Directions = options.NAMES_TELL,
    pool: str | None = None,
    *,
    with_libra: bool = False,
) -> list[Joined]:
    """A ranking for each column, of scores in memory; prints the tables, and what was left out or merged.

    With LIBRA, its choice by each column is ranked too, and printed.
    """
    from harness.evaluation import libra
    from harness.evaluation.ranking import correlate

    if not columns:
        columns = _only_column(tables)
    if not columns:
        if scored.space != options.DEFAULT_SPACE:
            raise no_column("--column", scored.space, tables)
        columns = [options.DEFAULT_COLUMN]
    columns = list(dict.fromkeys(columns))
    joined = []
    for column, table in zip(columns, found_tables(columns, scored.space, tables, directions), strict=True):
        frame = scored.frame
        if with_libra:
            frame, chosen = libra.with_libra(frame, correlate(frame, table, column, resamples=1, pool=pool))
            print(f"{column}: {chosen.words}")
        ranking = correlate(
            frame, table, column, resamples=resamples, seed=seed, interval=interval, pool=pool, progress=True
        )
        joined.append(Joined(ranking, table))
    rankings = [one.ranking for one in joined]
    say_repeated(rankings[0].repeated)
    for unmatched in dict.fromkeys(ranking.unmatched for ranking in rankings):
        lacking = [ranking.column for ranking in rankings if ranking.unmatched == unmatched]
        say_unmatched(unmatched, " and ".join(lacking))
    for duplicates in dict.fromkeys(ranking.duplicates for ranking in rankings):
        where = [ranking.column for ranking in rankings if ranking.duplicates == duplicates]
        say_duplicates(duplicates, " and ".join(where))
    return joined


def _only_column(tables: Sequence[str]) -> list[str]:
    """The column of a single table with a single column, else none."""
    from harness.evaluation import open_table

    names = open_table(tables[0]).column_names if len(tables) == 1 else ()
    return list(names) if len(names) == 1 else []


def say_repeated(architectures: Sequence[str]) -> None:
    """Print the architectures that were scored more than once, if there are any."""
    _say("architectures with more than one row of a proxy, with equal scores, one of which is kept", architectures)


def say_unmatched(architectures: Sequence[str], columns: str) -> None:
    """Print the scored architectures that lack a value, if there are any."""
    _say(f"architectures without {columns}, which are left out", architectures)


def say_duplicates(architectures: Sequence[str], columns: str) -> None:
    """Print the architectures that a table holds more than once, if there are any."""
    _say(f"architectures with more than one row of {columns}, with equal values, one of which is kept", architectures)


def _say(heading: str, architectures: Sequence[str]) -> None:
    if architectures:
        first = f", the first {_NAMED}" if len(architectures) > _NAMED else ""
        print(f"{heading}: {len(architectures):,}{first}")
        print("\n".join(f"    {text}" for text in architectures[:_NAMED]))
