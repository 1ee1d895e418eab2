"""Matching: scores and tables are joined by the space's key, whatever form of an architecture each of them writes."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import Table, TableError
from benchmarks.keys import common_space
from harness.errors import ScoresError, SpaceError
from harness.evaluation.checked_scores import checked_scores
from harness.spaces import is_space, list_spaces, open_space
from harness.spaces.space import tabulated_space
from harness.text.shown import LONGEST_ARCHITECTURE, cut, plain, shown

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from harness.spaces.space import Architecture, Space

LOG = logging.getLogger(__name__)
_REMEMBERED = 2**17  # texts: several tables of 15,625 cells, each parsed once


class Matched(NamedTuple):
    """Scores by the keys of their architectures.

    Attributes:
        scores: a row for each proxy and architecture: `architecture` (its key), `proxy`, `score` (NaN if missing).
        architectures: architecture by key, in the order of the scores.
        written: text of the architecture where the scores first have it, by key.
        repeated: architectures, as first written, that had several rows of one proxy, all with the same score; one of
            these rows is kept.
        rows: index of each row of `scores` in the given frame (from 0).
    """

    scores: pd.DataFrame
    architectures: dict[str, Architecture]
    written: dict[str, str]
    repeated: tuple[str, ...]
    rows: npt.NDArray[np.intp]


class ColumnByKey(NamedTuple):
    """One column of a table, by the keys of its architectures.

    Attributes:
        values: number by key, in the column's unit and the table's order; missing numbers (NaN) are left out.
        duplicates: architectures, as the table writes them, that it has in several rows, all with the same number; one
            of these rows is kept.
    """

    values: dict[str, float]
    duplicates: tuple[str, ...]


def space_of(table: Table) -> Space:
    """The space of a table's architectures; where the table does not name it, the first space that reads them.

    Raises:
        TableError: a space without networks here, whose architectures cannot be scored, or keys that no space reads.
    """
    if not table.facts.space:
        return open_space(_recognised(table.keys[0], TableError, _where(table)))
    name = table.facts.space
    if not is_space(name):
        raise TableError(
            f"{_where(table)} holds architectures of the space {name!r}, which has no networks here: it can be opened "
            f"and read, but there are no scores that join it. Spaces with networks: {', '.join(list_spaces())}"
        )
    return open_space(name)


def scored_space(frame: pd.DataFrame, tabulated: Space) -> Space:
    """The space of a frame's networks: what the frame carries, if its architectures are those of the table's space."""
    carried = _carried_space(frame)
    named = carried and tabulated_name(carried) == tabulated.name
    return open_space(carried) if named else tabulated


def recognised_space(frame: pd.DataFrame, before: Sequence[str] = ()) -> str:
    """Name of the space that a frame of scores carries, else of the first that reads its first architecture.

    Where two spaces write architectures in one form, the texts of all decide: with `none` DARTS genotypes are of
    darts-none.

    Args:
        frame: the scores.
        before: names of spaces that are tried before all others, such as those of the tables.

    Raises:
        ScoresError: a frame that holds no scores, or a first architecture that no space reads, with all reasons.
    """
    texts = checked_scores(frame)["architecture"].astype(str).unique().tolist()
    return _carried_space(frame) or _recognised(texts[0], ScoresError, "the scores", [*before, common_space(texts)])


def _carried_space(frame: pd.DataFrame) -> str:
    """Name of the space that a frame of `harness.run` or of a store carries, if it can be opened; else empty."""
    name = frame.attrs.get("space")
    return name if isinstance(name, str) and is_space(name) else ""


_SHOWN = 150
"""Characters of each space's reason in a message that has all of them."""


def _recognised(text: str, kind: type[Exception], where: str, before: Sequence[str] = ()) -> str:
    """Name of the first space that reads a text; `kind` is raised where none does."""
    reasons = []
    for name in dict.fromkeys([*filter(is_space, before), *list_spaces()]):
        try:
            open_space(name).parse(text)
        except SpaceError as error:
            reasons.append(f"{name}: {cut(str(error), _SHOWN)}")
        else:
            return name
    reasons.append("A table of models of your own has a column 'name' in place of 'architecture'")
    raise kind(f"the first architecture of {where} is of no space that is known. {'. '.join(reasons)}")


def check_space(frame: pd.DataFrame, named: str, wanted: str, other: str) -> None:
    """Refuse scores whose first architecture is of another space; if no space reads it, `matched_scores` refuses it.

    Args:
        frame: the scores.
        named: name of the scores in the message.
        wanted: name of the space that the scores must be of.
        other: name in the message of the table or scores that these scores are to be joined with.

    Raises:
        ScoresError: scores of another space, with the names of both; what `checked_scores` refuses.
    """
    text = str(checked_scores(frame)["architecture"].iloc[0])
    carried = _carried_space(frame)
    spaces = [carried] if carried else [name for name in (wanted, *list_spaces()) if _reads(name, text)]
    if spaces and tabulated_name(spaces[0]) != tabulated_name(wanted):
        raise ScoresError(
            f"{named} is about the space {spaces[0]}, {other} about {wanted}: they have nothing in common"
        )


def tabulated_name(name: str) -> str:
    """Name of the space whose tables have a space's architectures; the name itself where no space is called so."""
    return tabulated_space(open_space(name)) if is_space(name) else name


def matched_scores(frame: pd.DataFrame, space: Space) -> Matched:
    """The scores of a frame by the keys of the space.

    Raises:
        ScoresError: what `checked_scores` refuses, or two different scores of one proxy for one architecture.
        SpaceError: a text that is no architecture of the space.
    """
    import numpy as np

    scores = checked_scores(frame)
    scores["architecture"] = scores["architecture"].map(str)
    by_text = {text: _keyed(space, text) for text in dict.fromkeys(scores["architecture"])}
    architectures: dict[str, Architecture] = {}
    written: dict[str, str] = {}
    for text, (key, architecture) in by_text.items():
        architectures.setdefault(key, architecture)
        written.setdefault(key, text.strip())
    scores["architecture"] = [by_text[text][0] for text in scores["architecture"]]
    again = scores.duplicated(["architecture", "proxy"])
    if again.any():
        _refuse_contradictions(scores)
    repeated = tuple(written[key] for key in dict.fromkeys(scores.loc[again, "architecture"]))
    rows = np.flatnonzero(~again)
    LOG.debug(
        "%s rows of scores are of %s architectures of %s; %s rows stand there again and are dropped",
        f"{len(scores):,}", f"{len(architectures):,}", space.name, f"{int(again.sum()):,}",
    )  # fmt: skip
    return Matched(scores[~again].reset_index(drop=True), architectures, written, repeated, rows)


def joined_scores(frames: Mapping[str, pd.DataFrame], space: Space | None, *, least: int = 2) -> pd.DataFrame:
    """The scores of several settings by the keys of the space; rows without a score are left out.

    Args:
        frames: scores by the label of their setting.
        space: space of the architectures; None if there are no frames.
        least: the smallest number of settings that is allowed.

    Returns:
        Columns `architecture` (its key), `proxy`, `score`, `setting` (its label), `seconds` (NaN if not given).

    Raises:
        ScoresError: fewer settings than `least`, and what `matched_scores` refuses.
        SpaceError: a text that is no architecture of the space.
    """
    import pandas as pd

    if len(frames) < least or space is None:
        raise ScoresError(f"at least {least} settings are needed; got {len(frames)}")
    parts = []
    for label, frame in frames.items():
        matched = matched_scores(frame, space)
        seconds = frame["seconds"].to_numpy()[matched.rows] if "seconds" in frame else math.nan
        parts.append(matched.scores.assign(setting=label, seconds=seconds))
    scores = pd.concat(parts, ignore_index=True)
    return scores[scores["score"].notna()]


def column_by_key(table: Table, column: str) -> ColumnByKey:
    """A column of a table by the keys of the space, each architecture once.

    Raises:
        TableError: an unknown column, a space without networks, a text that is no architecture (given with its
            row), or two rows of one architecture with different numbers (both are given).
    """
    space = space_of(table)
    duplicates = dict.fromkeys(table.repeated)
    values: dict[str, float] = {}
    row_of: dict[str, int] = {}
    for row, (text, value) in enumerate(zip(table.keys, table.values(table.keys, column).tolist(), strict=True)):
        key, _ = _keyed_row(table, space, row)
        if key in row_of:
            duplicates[text] = None
        if math.isnan(value):
            row_of.setdefault(key, row)
            continue
        if values.setdefault(key, value) != value:
            first = row_of[key]
            raise TableError(
                f"{_where(table)}: rows {first} and {row} (from 0) are one architecture with different {column}, "
                f"{values[key]:.10g} and {value:.10g}: keep one of them, or their mean. "
                f"They read {shown(table.keys[first], LONGEST_ARCHITECTURE)} and {shown(text, LONGEST_ARCHITECTURE)}"
            )
        row_of[key] = row
    LOG.debug(
        "%s of %s: %s of %s rows have a number; %s architectures are there twice",
        column, table.facts.name, f"{len(values):,}", f"{len(table):,}", f"{len(duplicates):,}",
    )  # fmt: skip
    return ColumnByKey(values, tuple(duplicates))


def table_architectures(table: Table) -> list[Architecture]:
    """The architectures of a table in its order, each once.

    Raises:
        TableError: a space without networks, or a text that is no architecture, given with its row.
    """
    space = space_of(table)
    found: dict[str, Architecture] = {}
    for row in range(len(table)):
        key, architecture = _keyed_row(table, space, row)
        found.setdefault(key, architecture)
    return list(found.values())


def _keyed_row(table: Table, space: Space, row: int) -> tuple[str, Architecture]:
    """Key and architecture of a row; TableError, with the row, if its text is no architecture of the space."""
    try:
        return _keyed(space, table.keys[row])
    except SpaceError as error:
        raise TableError(f"{_where(table)}, row {row} (from 0): {error}") from error


def _reads(space: str, text: str) -> bool:
    try:
        open_space(space).parse(text)
    except SpaceError:
        return False
    return True


@lru_cache(maxsize=_REMEMBERED)
def _keyed(space: Space, text: str) -> tuple[str, Architecture]:
    """Key and architecture of a text in a space."""
    architecture = space.parse(text)
    return space.key(architecture), architecture


def _refuse_contradictions(scores: pd.DataFrame) -> None:
    different = scores[scores.groupby(["architecture", "proxy"])["score"].transform("nunique", dropna=False) > 1]
    if different.empty:
        return
    count = len(different.drop_duplicates(["architecture", "proxy"]))
    row = different.iloc[0]
    same = (different["architecture"] == row["architecture"]) & (different["proxy"] == row["proxy"])
    values = " and ".join(f"{value:.10g}" for value in different.loc[same, "score"].unique())
    raise ScoresError(
        f"{count:,} scores stand twice and differ, the first is {plain(row['proxy'])} for "
        f"{plain(row['architecture'], LONGEST_ARCHITECTURE)} ({values}): give the scores of one setting"
    )


def _where(table: Table) -> str:
    return f"table {table.facts.name} ({table.facts.path or 'no file'})"
