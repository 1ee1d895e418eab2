"""Studies of rank correlation: proxies scored under named conditions, ranked by tabulated accuracies, beside papers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import Table, open_table
from harness import combine
from harness.batches import read_cifar10
from harness.comparison import compare
from harness.errors import ScoresError, SettingError
from harness.evidence import beyond_size
from harness.join import Ranking, correlate
from harness.proxies.registry import resolve
from harness.report.comparison import agreement_markdown, comparison_figure, comparison_markdown, comparison_text
from harness.report.critical_difference import critical_difference
from harness.report.evidence import beyond_size_sheet, comparison_sheet
from harness.report.files import save_figure, write_csv, write_text
from harness.report.latex import ranking_latex
from harness.report.sheets import sheet_markdown
from harness.runner import run
from harness.scores import COLUMNS, read_scores
from harness.setting import Setting
from harness.spaces import open_space
from harness.stats import bootstrap_intervals, coefficients
from harness.studies.folders import make_folder
from harness.studies.published import Published, beside
from harness.studies.record import record
from harness.studies.study import Study, StudyOptions, sample_size

SPACE = "nasbench201"
DATASETS = ("cifar10_test_200ep_pct", "cifar100_test_200ep_pct", "imagenet16_120_test_200ep_pct")
COMBINED = {"az_nas": combine.AZ_NAS, "te_nas": combine.TE_NAS, "vote": combine.ZERO_COST_VOTE}
TAKES = frozenset({"table", "sample", "quick", "seed", "workers", "data", "store"})
_AGREEING = ("pearson", "spearman")


@dataclass(frozen=True)
class Condition:
    """What scores are made under.

    Attributes:
        words: what it is called in tables and figures.
        changes: of `Setting`'s defaults.
    """

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    def setting(self, seed: int) -> Setting:
        """The setting of the benchmark networks under this condition."""
        space = open_space(SPACE)
        setting = Setting(**{"seed": seed, **self.changes})
        return setting.sized(setting.width or space.width, setting.depth or space.depth)

    @property
    def reads_images(self) -> bool:
        """Whether it needs CIFAR-10."""
        return self.changes.get("input") == "cifar10"


IMAGES = Condition("CIFAR-10 images and labels", {"input": "cifar10", "labels": "true"})
NOISE = Condition("Gaussian noise and random labels", {"input": "gaussian", "labels": "random"})


@dataclass(frozen=True)
class RankStudy:
    """A study of rank correlation as data.

    Attributes:
        conditions: by a short name, which is part of file names.
        proxies: names, or `all`.
        published: of any proxies and columns.
        combined: combinations by rank that are shown too, of `COMBINED`.
        sample: cells.
        quick: cells of the quick form.
        columns: accuracies that are ranked by, as far as the table has them.
        between: whether to tell how the scores of two conditions agree.
        beyond: whether to tell what a proxy knows beyond size, and which are told apart from `params`.
    """

    conditions: Mapping[str, Condition]
    proxies: tuple[str, ...] = ("all",)
    published: tuple[Published, ...] = ()
    combined: tuple[str, ...] = ()
    sample: int = 500
    quick: int = 60
    columns: tuple[str, ...] = DATASETS
    between: bool = False
    beyond: bool = False

    def study(self) -> Study:
        """What the command line runs."""
        return Study(partial(run_rank_study, self), TAKES | {"scores"} if len(self.conditions) == 1 else TAKES)

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
    sample = sample_size(options, full=study.sample, quick=study.quick)
    out, say = options.out, options.say
    opened = open_table(options.table)
    columns = [name for name in study.columns if name in opened.column_names]
    if not columns:
        raise SettingError(f"table {options.table!r} has none of the columns {', '.join(study.columns)}")
    proxies = [entry.name for entry in resolve(list(study.proxies))]
    if options.scores is not None and (options.quick or options.sample is not None):
        raise SettingError("--scores are taken as they are: give them or a sample (--sample, --quick), not both")
    given = None if options.scores is None else _given(options.scores, proxies)
    conditions = study.conditions if given is not None else _possible(study.conditions, options)
    make_folder(out, "--out")
    frames: dict[str, pd.DataFrame] = {}
    parts: list[pd.DataFrame] = []
    texts: list[str] = []
    for name, condition in conditions.items():
        frame = _scored(condition, proxies, sample, options) if given is None else given
        frames[name] = frame[list(COLUMNS)]
        if given is None:
            write_csv(frames[name], out / f"scores_{name}.csv.gz")
        rankings = rank(frame, opened, columns, study.combined)
        _write_rankings(out, name, condition.words, rankings, frame["architecture"].nunique())
        compared = beside({key: item.frame for key, item in rankings.items()}, study.published)
        parts.append(compared.assign(condition=name))
        if study.beyond:
            texts += [write_beyond(ranking, out, f"{name}_{_short(column)}") for column, ranking in rankings.items()]
    comparison = pd.concat(parts, ignore_index=True)
    agreement = agreement_of(frames) if study.between else pd.DataFrame()
    _write(study, options, comparison, agreement, texts)
    settings = {name: condition.setting(options.seed) for name, condition in conditions.items()}
    cells = max(frame["architecture"].nunique() for frame in frames.values())
    facts = {"sample": cells, "columns": columns, "scores": None if given is None else Path(options.scores or "").name}
    write_text(record(settings, opened, **facts), out / "study.json")
    for name, condition in conditions.items():
        say("\n" + comparison_text(comparison[comparison["condition"] == name], condition.words))
    for text in [agreement_markdown(agreement, study.words)] if len(agreement) else []:
        say("\n" + text)
    say(f"\nIn {out}: scores, rankings, comparison.csv, tables.md and figures; study.json says how.")


def _scored(condition: Condition, proxies: Sequence[str], sample: int, options: StudyOptions) -> pd.DataFrame:
    """The sample's scores under a condition."""
    store, setting = options.store or options.out / "scores.sqlite", condition.setting(options.seed)
    make_folder(store.parent, "--store")
    options.say(f"scoring {sample} cells by {len(proxies)} proxies on {condition.words} ({setting.describe()})")
    space = open_space(SPACE)
    return run(
        space, space.sample(sample, options.seed), proxies, setting=setting, data=options.data, store=store,
        workers=options.workers, progress=True,
    )  # fmt: skip


def _given(path: Path, proxies: Sequence[str]) -> pd.DataFrame:
    """Scores made before, of these proxies alone."""
    found = read_scores(path, None)
    frame = found.frame[found.frame["proxy"].isin(proxies)]
    if frame.empty:
        raise ScoresError(f"--scores {path} has none of the study's proxies: {', '.join(proxies)}")
    return frame.reindex(columns=[*dict.fromkeys([*frame.columns, *COLUMNS])])


def write_beyond(ranking: Ranking, out: Path, stem: str) -> str:
    """Write what a ranking's proxies know beyond size, and which are told apart from `params`; the tables as Markdown.

    The partial rank correlations, the comparison on the same resamples with Holm's correction, and its picture.
    """
    sized = beyond_size(ranking)
    compared = compare(ranking, "params")
    write_csv(sized, out / f"beyond_size_{stem}.csv")
    write_csv(compared.frame, out / f"against_params_{stem}.csv")
    figure = critical_difference(
        compared.frame, compared.groups, coefficient=compared.coefficient, coefficient_label="Spearman's ρ",
        against=compared.against, small_print=f"{compared.n:,} architectures, {len(compared.pairs):,} pairs, Holm",
    )  # fmt: skip
    for suffix in ("png", "svg"):
        save_figure(figure, out / f"against_params_{stem}.{suffix}")
    sheet = comparison_sheet(
        compared.frame, ranking.column, against=compared.against, coefficient=compared.coefficient, n=compared.n,
        pairs=len(compared.pairs), left_out=compared.left_out,
    )  # fmt: skip
    sheets = [beyond_size_sheet(sized, ranking.column), sheet]
    return "\n\n".join([*map(sheet_markdown, sheets), *compared.words])


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


def agreement_of(frames: Mapping[str, pd.DataFrame], resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """How a proxy's scores under two conditions agree over the cells that have both.

    Args:
        frames: of scores, by condition.
        resamples: of the bootstrap over cells.
        seed: of the resampling.

    Returns:
        `proxy`, `first`, `second`, `n`, and `pearson` and `spearman` with their 95 % intervals, `…_low` and `…_high`.
        Proxies with fewer than three common cells, or constant scores, are left out.
    """
    wide = {name: combine.wide(frame) for name, frame in frames.items()}
    rows = []
    for first, second in combinations(wide, 2):
        for proxy in wide[first].columns.intersection(wide[second].columns, sort=False):
            pair = pd.concat([wide[first][proxy], wide[second][proxy]], axis=1).dropna().to_numpy()
            if len(pair) < 3 or any(np.ptp(column) == 0 for column in pair.T):
                continue
            estimate = coefficients(pair[:, 0], pair[:, 1])
            ends = bootstrap_intervals(
                pair[:, 0], pair[:, 1], resamples=resamples, generator=np.random.default_rng(seed)
            )
            row: dict[str, Any] = {"proxy": proxy, "first": first, "second": second, "n": len(pair)}
            for name in _AGREEING:
                low, high = getattr(ends, name)[:2]
                row |= {name: getattr(estimate, name), f"{name}_low": low, f"{name}_high": high}
            rows.append(row)
    return pd.DataFrame(rows)


def tables(comparison: pd.DataFrame, words: Mapping[str, str]) -> str:
    """The Markdown tables of a comparison, a heading for each condition."""
    sections = [
        f"## {heading[0].upper()}{heading[1:]}\n\n{comparison_markdown(comparison[comparison['condition'] == name])}"
        for name, heading in words.items()
        if (comparison["condition"] == name).any()
    ]
    return "\n\n".join(sections) + "\n"


def _possible(conditions: Mapping[str, Condition], options: StudyOptions) -> dict[str, Condition]:
    """The conditions that need no images, or all where CIFAR-10 is there."""
    if options.data is not None:
        read_cifar10(options.data)
        return dict(conditions)
    left = {name: condition for name, condition in conditions.items() if not condition.reads_images}
    if len(left) < len(conditions):
        without = ", ".join(condition.words for name, condition in conditions.items() if name not in left)
        options.say(
            f"no CIFAR-10 here, so left out: {without}. For images give --data FOLDER (the binary version), or "
            "fetch it with nasinit pull cifar10"
        )
    if not left:
        raise SettingError("nothing of this study can be done without CIFAR-10")
    return left


def _write_rankings(out: Path, name: str, words: str, rankings: Mapping[str, Ranking], sample: int) -> None:
    for column, ranking in rankings.items():
        stem = f"ranking_{name}_{_short(column)}"
        caption = f"{sample} random NAS-Bench-201 cells, {words}, with 95\\,\\% bootstrap intervals."
        write_csv(ranking.frame, out / f"{stem}.csv")
        write_text(ranking_latex(ranking.frame, caption=caption), out / f"{stem}.tex")


def _short(column: str) -> str:
    """The data set of a column's name."""
    return column.partition("_test")[0]


def _write(
    study: RankStudy, options: StudyOptions, comparison: pd.DataFrame, agreement: pd.DataFrame, texts: Sequence[str]
) -> None:
    text = tables(comparison, study.words)
    write_csv(comparison, options.out / "comparison.csv")
    if len(agreement):
        write_csv(agreement, options.out / "agreement.csv")
        text += f"\n## Agreement of scores\n\n{agreement_markdown(agreement, study.words)}\n"
    write_text("\n".join([text, *(f"{more}\n" for more in texts)]), options.out / "tables.md")
    for suffix in ("png", "svg"):
        save_figure(comparison_figure(comparison, study.words), options.out / f"comparison.{suffix}")
