"""The engine of rank studies: proxies are scored under conditions and ranked, next to published coefficients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from harness.errors import SettingError
from harness.evaluation import Table
from harness.evaluation.beyond_size import beyond_size
from harness.evaluation.columns import SPACE
from harness.evaluation.comparison import compare
from harness.evaluation.published import BesidePublished
from harness.evaluation.ranking import Ranking, correlate
from harness.evaluation.transfer import transfer
from harness.proxies import combiners
from harness.proxies.registry import resolve
from harness.report.figures.beside_published import beside_published
from harness.report.figures.critical_difference import critical_difference
from harness.report.files import save_pictures, write_csv, write_text
from harness.report.tables.beside_published import conditions_sheet, published_sheets
from harness.report.tables.evidence import beyond_size_sheet, comparison_sheet
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.report.tables.stability import transfer_sheet
from harness.report.tables.text import sheet_text
from harness.scoring.files import COLUMNS
from harness.studies.kinds import SPEARMAN, PublishedCoefficient, RankStudy
from harness.studies.known import check_known, from_table, scored_or_known
from harness.studies.options import StudyOptions
from harness.studies.rank.agreement import agreement_of
from harness.studies.rank.tabulated import table_of_study, tabulated
from harness.studies.record import record
from harness.studies.samples import possible, sample_size, say_shard, scored_sample, scores_given
from harness.writing import make_folder

COMBINED = {name: combiners.COMBINERS[name].columns for name in ("az_nas", "te_nas", "vote")}


def run_rank_study(study: RankStudy, options: StudyOptions) -> None:
    """Score the sample under each condition, rank it by each data set of the table, and write the results into `out`.

    Without CIFAR-10, conditions with images are left out, and a message says so. Scores in the store, and known scores
    (`harness.studies.known`), are not computed again. A study of one condition takes given `scores` of that condition
    instead of computing them. With a shard its scores are all that is made. In a space other than NAS-Bench-201 the
    sample is one of the table's architectures, which may be few.

    Raises:
        SettingError: before anything is scored: no table of the study's space, or one without the accuracies, no
            CIFAR-10 in `data`, known scores that are asked for and fit no condition, or a folder that cannot be made or
            written in.
        ScoresError: scores without any of the study's proxies.
    """
    sample = sample_size(options, usual=study.sample, quick=study.quick, space=study.space)
    opened = table_of_study(study, options.table)
    columns = [name for name in study.columns if name in opened.column_names]
    if not columns:
        raise SettingError(f"table {options.table!r} has none of the columns {', '.join(study.columns)}")
    proxies = [entry.name for entry in resolve(list(study.proxies))]
    own = {name: condition.setting(options.seed) for name, condition in study.conditions.items()}
    given = scores_given(options, proxies, next(iter(own.values())), study.space)
    conditions = study.conditions if given is not None else possible(study.conditions, options)
    check_known([own[name] for name in conditions], proxies, options)
    make_folder(options.out, "--out")
    if given is not None:
        frames = dict.fromkeys(conditions, given.frame)
    elif study.space != SPACE:
        drawn = tabulated(opened, columns, study.space, sample, options.seed)
        frames = {name: scored_sample(one, proxies, drawn, options) for name, one in conditions.items()}
    else:
        frames = {name: scored_or_known(one, proxies, sample, options) for name, one in conditions.items()}
    if options.shard is not None:
        say_shard(options)
        return
    rankings = {
        name: rank(frame, opened, columns, study.combined, progress=options.progress) for name, frame in frames.items()
    }
    _write(study, options, opened, frames, rankings)
    facts = {"sample": max(frame["architecture"].nunique() for frame in frames.values()), "columns": columns}
    settings = {name: own[name] for name in conditions}
    if tables := {name: from_table(frame) for name, frame in frames.items() if from_table(frame)}:
        facts["known"] = tables
    if given is not None:
        ((name, setting),) = settings.items()
        settings[name], stated = given.recorded(setting)
        facts |= {"scores": given.name, "scores_setting": stated}
    write_text(record(settings, opened, data=options.data, **facts), options.out / "study.json")
    options.say(f"\nIn {options.out}: rankings, comparison.csv, tables.md and figures; study.json says how.")


def rank(
    frame: pd.DataFrame,
    table: Table,
    columns: Sequence[str],
    combined: Iterable[str] = tuple(COMBINED),
    resamples: int = 1000,
    *,
    progress: bool = False,
) -> dict[str, Ranking]:
    """Ranking by each column of all proxies of the frame, and of the rank combinations of these."""
    together = with_combinations(frame, combined)
    return {column: correlate(together, table, column, resamples=resamples, progress=progress) for column in columns}


def ours_and_published(rankings: Mapping[str, pd.DataFrame], published: Sequence[PublishedCoefficient]) -> pd.DataFrame:
    """Our rank correlations, a row for each, next to the published ones.

    Args:
        rankings: frame of the ranking (`harness.evaluation.ranking.Ranking.frame`) by the column of the table.
        published: published coefficients; those of proxies and columns that are not ranked are left out.

    Returns:
        `proxy`, `column`, `coefficient`, `n`, `ours`, `low`, `high` (the 95 % interval), `published` (NaN where none
        is known), `difference` (ours less published), `inside` (whether the published value lies in our interval; None
        if there is no published value), `source`. Spearman's has a row for every proxy and column, Kendall's where it
        is published. A coefficient with several sources has several rows.
    """
    rows = []
    for column, frame in rankings.items():
        for _, ranked in frame.iterrows():
            of_this = [item for item in published if (item.proxy, item.column) == (ranked["proxy"], column)]
            if not any(item.coefficient == SPEARMAN for item in of_this):
                of_this.insert(0, PublishedCoefficient(ranked["proxy"], column, SPEARMAN, math.nan, ""))
            rows += [_row(ranked, item) for item in of_this]
    return pd.DataFrame(rows)


def compared(
    rankings: Mapping[str, Mapping[str, Ranking]],
    published: Sequence[PublishedCoefficient],
    words: Mapping[str, str],
    reference: str = "published",
) -> BesidePublished:
    """Our coefficients by condition and column next to the published ones; see `ours_and_published`.

    Args:
        rankings: rankings by the name of their condition and of the column.
        published: coefficients to stand beside.
        words: printed name of each condition, by its name.
        reference: what legends call these coefficients.
    """
    parts = [
        ours_and_published({column: ranking.frame for column, ranking in by_column.items()}, published).assign(
            condition=name
        )
        for name, by_column in rankings.items()
    ]
    return BesidePublished(pd.concat(parts, ignore_index=True), words, reference)


def with_combinations(frame: pd.DataFrame, names: Iterable[str] = tuple(COMBINED)) -> pd.DataFrame:
    """The frame with further rows for the rank combinations whose parts it has."""
    there = set(frame["proxy"])
    return combiners.with_combinations(frame, [name for name in names if set(COMBINED[name]) <= there])


def tables(found: BesidePublished) -> str:
    """The Markdown tables of our coefficients next to published ones, with a heading for each condition."""
    parts = []
    for name, heading in found.words.items():
        if len(of_this := found.under(name)):
            parts += [f"## {heading[0].upper()}{heading[1:]}", *map(sheet_markdown, published_sheets(of_this))]
    return "\n\n".join(parts) + "\n"


def write_beyond(ranking: Ranking, out: Path, stem: str, *, progress: bool = False) -> str:
    """Write partial rank correlations beyond size, and the comparison with `params`; returns the tables as Markdown.

    The comparison is on the same resamples with Holm's correction; it is also drawn as a critical-difference diagram.
    """
    sized = beyond_size(ranking, progress=progress)
    comparison = compare(ranking, "params", progress=progress)
    write_csv(sized.frame, out / f"beyond_size_{stem}.csv")
    write_csv(comparison.frame, out / f"against_params_{stem}.csv")
    save_pictures(critical_difference(comparison, brief=True), out / f"against_params_{stem}")
    sheets = [beyond_size_sheet(sized), comparison_sheet(comparison)]
    return "\n\n".join([*map(sheet_markdown, sheets), *comparison.words])


def write_transfer(
    frames: Mapping[str, pd.DataFrame],
    words: Mapping[str, str],
    table: Table,
    columns: Sequence[str],
    out: Path,
    *,
    progress: bool = False,
) -> str:
    """Write `transfer.csv`, for every proxy, inputs and column on the common cells; returns the table as Markdown.

    Args:
        frames: scores by the name of their condition.
        words: printed name of each condition, by its name.
        table: the table of the columns.
        columns: names of the accuracies on the data sets.
        out: folder for the file.
        progress: whether to draw progress bars.
    """
    found = transfer({words[name]: frame for name, frame in frames.items()}, table, columns, progress=progress)
    write_csv(found.frame, out / "transfer.csv")
    return f"## Transfer\n\n{sheet_markdown(transfer_sheet(found))}"


def _row(ranked: pd.Series, item: PublishedCoefficient) -> dict[str, object]:
    ours, low, high = (ranked[item.coefficient + end] for end in ("", "_low", "_high"))
    known = not math.isnan(item.value) and not math.isnan(ours)
    return {
        "proxy": item.proxy,
        "column": item.column,
        "coefficient": item.coefficient,
        "n": int(ranked["n"]),
        "ours": ours,
        "low": low,
        "high": high,
        "published": item.value,
        "difference": ours - item.value,
        "inside": bool(low <= item.value <= high) if known else None,
        "source": item.source,
    }


def _short(column: str) -> str:
    """Name of the data set in a column's name."""
    return column.partition("_test")[0]


def _write(
    study: RankStudy,
    options: StudyOptions,
    table: Table,
    frames: Mapping[str, pd.DataFrame],
    rankings: Mapping[str, Mapping[str, Ranking]],
) -> None:
    """Write and print all results of the scores and rankings of each condition."""
    out, say = options.out, options.say
    for name, frame in frames.items():
        if options.scores is None:
            write_csv(frame[list(COLUMNS)], out / f"scores_{name}.csv.gz")
        for column, ranking in rankings[name].items():
            stem = f"ranking_{name}_{_short(column)}"
            write_csv(ranking.frame, out / f"{stem}.csv")
            sheet = ranking_sheet(ranking, caption=_caption(study, name, frame))
            write_text(sheet_latex(sheet), out / f"{stem}.tex")
    comparison = compared(rankings, study.published, study.words, study.reference)
    write_csv(comparison.frame, out / "comparison.csv")
    save_pictures(beside_published(comparison), out / "comparison")
    texts = [tables(comparison)]
    for name in rankings:
        caption = _caption(study, name, frames[name])
        sheets = published_sheets(comparison.under(name), caption)
        write_text("\n".join(map(sheet_latex, sheets)), out / f"comparison_{name}.tex")
        say("\n" + "\n\n".join([study.words[name], *map(sheet_text, sheets)]))
    agreement = agreement_of(frames, study.claims, study.words) if study.between else None
    if agreement and len(agreement.frame):
        write_csv(agreement.frame, out / "agreement.csv")
        sheet = conditions_sheet(agreement)
        texts.append(f"## Agreement of scores\n\n{sheet_markdown(sheet)}\n")
        say("\n" + sheet_text(sheet))
    if study.transfer:
        columns = list(next(iter(rankings.values())))
        texts.append(write_transfer(frames, study.words, table, columns, out, progress=options.progress) + "\n")
    if study.beyond:
        texts += [
            write_beyond(ranking, out, f"{name}_{_short(column)}", progress=options.progress) + "\n"
            for name, by_column in rankings.items()
            for column, ranking in by_column.items()
        ]
    write_text("\n".join(texts), out / "tables.md")


def _caption(study: RankStudy, condition: str, frame: pd.DataFrame) -> str:
    count = frame["architecture"].nunique()
    return f"{count:,} random {study.cells}, {study.words[condition]}, with 95\\,\\% bootstrap intervals."
