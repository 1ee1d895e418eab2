"""Studies of rank correlation: proxies scored under named conditions, ranked by tabulated accuracies, beside papers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from harness.errors import SettingError
from harness.evaluation import Table, open_table
from harness.evaluation.columns import TESTS
from harness.evaluation.ranking import Ranking, correlate
from harness.proxies import combined as combine
from harness.proxies.registry import resolve
from harness.report.figures.beside_published import beside_published
from harness.report.files import save_pictures, write_csv, write_text
from harness.report.tables.beside_published import conditions_sheet, published_sheets
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.report.tables.text import sheet_text
from harness.scoring.files import COLUMNS
from harness.studies.conditions import Condition, possible
from harness.studies.folders import make_folder
from harness.studies.published import Published, beside
from harness.studies.rank.agreement import Claim, agreement_of
from harness.studies.rank.beyond import write_beyond
from harness.studies.rank.transferred import write_transfer
from harness.studies.record import record
from harness.studies.samples import sample_size, scored_sample, scores_given
from harness.studies.study import StudyOptions

DATASETS = tuple(TESTS.values())
COMBINED = {"az_nas": combine.AZ_NAS, "te_nas": combine.TE_NAS, "vote": combine.ZERO_COST_VOTE}


@dataclass(frozen=True)
class RankStudy:
    """A study of rank correlation as data.

    Attributes:
        conditions: by a short name, which is part of file names.
        proxies: names, or `all`.
        published: of any proxies and columns.
        combined: combinations by rank that are shown too, of `COMBINED`.
        sample: cells, where neither a number, nor `--quick`, nor `--full` is given.
        quick: cells of the quick form.
        columns: accuracies that are ranked by, as far as the table has them.
        between: whether to tell how the scores of two conditions agree.
        claims: of papers on that agreement.
        beyond: whether to tell what a proxy knows beyond size, and which are told apart from `params`.
        transfer: whether to tell in one table how scores under each condition rank each data set's accuracies.
    """

    conditions: Mapping[str, Condition]
    proxies: tuple[str, ...] = ("all",)
    published: tuple[Published, ...] = ()
    combined: tuple[str, ...] = ()
    sample: int = 500
    quick: int = 60
    columns: tuple[str, ...] = DATASETS
    between: bool = False
    claims: tuple[Claim, ...] = ()
    beyond: bool = False
    transfer: bool = False

    def study(self) -> Callable[[StudyOptions], None]:
        """What is called with the options."""
        return partial(run_rank_study, self)

    @property
    def words(self) -> dict[str, str]:
        """Name of a condition to what it is called."""
        return {name: condition.words for name, condition in self.conditions.items()}


def run_rank_study(study: RankStudy, options: StudyOptions) -> None:
    """Score the sample under each condition, rank it by each data set of the table, and leave the outcome in `out`.

    Conditions with images are left out without CIFAR-10, which is said. What is in the store is not scored again. A
    study of one condition takes `scores` of that condition, made before, in place of scoring.

    Raises:
        SettingError: before anything is scored: a table without the accuracies, no CIFAR-10 in `data`, or a folder that
            cannot be made or written in.
        ScoresError: scores without any of the study's proxies.
    """
    sample = sample_size(options, usual=study.sample, quick=study.quick)
    opened = open_table(options.table)
    columns = [name for name in study.columns if name in opened.column_names]
    if not columns:
        raise SettingError(f"table {options.table!r} has none of the columns {', '.join(study.columns)}")
    proxies = [entry.name for entry in resolve(list(study.proxies))]
    own = {name: condition.setting(options.seed) for name, condition in study.conditions.items()}
    given = scores_given(options, proxies, next(iter(own.values())))
    conditions = study.conditions if given is not None else possible(study.conditions, options)
    make_folder(options.out, "--out")
    frames = {
        name: scored_sample(condition, proxies, sample, options) if given is None else given.frame
        for name, condition in conditions.items()
    }
    rankings = {name: rank(frame, opened, columns, study.combined) for name, frame in frames.items()}
    _write(study, options, opened, frames, rankings)
    facts = {"sample": max(frame["architecture"].nunique() for frame in frames.values()), "columns": columns}
    settings = {name: own[name] for name in conditions}
    if given is not None:
        ((name, setting),) = settings.items()
        settings[name], stated = given.recorded(setting)
        facts |= {"scores": given.name, "scores_setting": stated}
    write_text(record(settings, opened, **facts), options.out / "study.json")
    options.say(f"\nIn {options.out}: rankings, comparison.csv, tables.md and figures; study.json says how.")


def rank(
    frame: pd.DataFrame,
    table: Table,
    columns: Sequence[str],
    combined: Iterable[str] = tuple(COMBINED),
    resamples: int = 1000,
) -> dict[str, Ranking]:
    """By column: the ranking of all proxies of the frame and of the combinations that it holds the parts of."""
    together = with_combinations(frame, combined)
    return {column: correlate(together, table, column, resamples=resamples) for column in columns}


def compared(rankings: Mapping[str, Mapping[str, Ranking]], published: Sequence[Published]) -> pd.DataFrame:
    """Our coefficients by condition and column beside the published ones; see `harness.studies.published.beside`."""
    parts = [
        beside({column: ranking.frame for column, ranking in by_column.items()}, published).assign(condition=name)
        for name, by_column in rankings.items()
    ]
    return pd.concat(parts, ignore_index=True)


def with_combinations(frame: pd.DataFrame, names: Iterable[str] = tuple(COMBINED)) -> pd.DataFrame:
    """The frame with rows of those combinations by rank that it has the parts of."""
    scores = combine.wide(frame)
    parts = [frame]
    for name in names:
        if set(COMBINED[name]) <= set(scores.columns):
            values = getattr(combine, name)(scores)
            made = pd.DataFrame({"architecture": values.index, "proxy": name, "score": values.to_numpy()})
            parts.append(made.assign(status=made["score"].isna().map({True: "not_applicable", False: "ok"})))
    return pd.concat(parts, ignore_index=True)


def tables(comparison: pd.DataFrame, words: Mapping[str, str]) -> str:
    """The Markdown tables of a comparison, a heading for each condition."""
    parts = []
    for name, heading in words.items():
        if len(of_this := comparison[comparison["condition"] == name]):
            parts += [f"## {heading[0].upper()}{heading[1:]}", *map(sheet_markdown, published_sheets(of_this))]
    return "\n\n".join(parts) + "\n"


def _short(column: str) -> str:
    """The data set of a column's name."""
    return column.partition("_test")[0]


def _write(
    study: RankStudy,
    options: StudyOptions,
    table: Table,
    frames: Mapping[str, pd.DataFrame],
    rankings: Mapping[str, Mapping[str, Ranking]],
) -> None:
    """Write and say what follows from the scores and rankings of each condition."""
    out, say = options.out, options.say
    for name, frame in frames.items():
        if options.scores is None:
            write_csv(frame[list(COLUMNS)], out / f"scores_{name}.csv.gz")
        for column, ranking in rankings[name].items():
            stem = f"ranking_{name}_{_short(column)}"
            write_csv(ranking.frame, out / f"{stem}.csv")
            sheet = ranking_sheet(ranking, caption=_caption(study.words[name], frame))
            write_text(sheet_latex(sheet), out / f"{stem}.tex")
    comparison = compared(rankings, study.published)
    write_csv(comparison, out / "comparison.csv")
    save_pictures(beside_published(comparison, study.words), out / "comparison")
    texts = [tables(comparison, study.words)]
    for name in rankings:
        caption = _caption(study.words[name], frames[name])
        sheets = published_sheets(comparison[comparison["condition"] == name], caption)
        write_text("\n".join(map(sheet_latex, sheets)), out / f"comparison_{name}.tex")
        say("\n" + "\n\n".join([study.words[name], *map(sheet_text, sheets)]))
    agreement = agreement_of(frames, study.claims) if study.between else pd.DataFrame()
    if len(agreement):
        write_csv(agreement, out / "agreement.csv")
        sheet = conditions_sheet(agreement, study.words)
        texts.append(f"## Agreement of scores\n\n{sheet_markdown(sheet)}\n")
        say("\n" + sheet_text(sheet))
    if study.transfer:
        columns = list(next(iter(rankings.values())))
        texts.append(write_transfer(frames, study.words, table, columns, out) + "\n")
    if study.beyond:
        texts += [
            write_beyond(ranking, out, f"{name}_{_short(column)}") + "\n"
            for name, by_column in rankings.items()
            for column, ranking in by_column.items()
        ]
    write_text("\n".join(texts), out / "tables.md")


def _caption(words: str, frame: pd.DataFrame) -> str:
    count = frame["architecture"].nunique()
    return f"{count:,} random NAS-Bench-201 cells, {words}, with 95\\,\\% bootstrap intervals."
