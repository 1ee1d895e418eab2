"""Every proxy on a sample of NAS-Bench-201, with CIFAR-10 images and with Gaussian noise, beside the papers' figures.

The published figures are of all 15,625 cells or of samples of their own, with the networks and weights of their code;
ours are of the sample, so its interval says how far they can be told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from benchmarks import Table, open_table
from harness import combine
from harness.batches import read_cifar10
from harness.errors import SettingError
from harness.join import Ranking, correlate
from harness.proxies.registry import resolve
from harness.report.comparison import comparison_figure, comparison_markdown, comparison_text
from harness.report.files import save_figure, write_csv, write_text
from harness.report.latex import ranking_latex
from harness.runner import run
from harness.scores import COLUMNS
from harness.setting import Setting
from harness.spaces import open_space
from harness.studies.folders import make_folder
from harness.studies.published import KENDALL, Published, beside, triple
from harness.studies.record import record
from harness.studies.study import Study, StudyOptions, sample_size

NAME = "zero-cost-nas"
TITLE = "Every proxy on NAS-Bench-201, beside the papers' figures"
DATASETS = ("cifar10_test_200ep_pct", "cifar100_test_200ep_pct", "imagenet16_120_test_200ep_pct")
INPUTS = {"cifar10": "CIFAR-10 images and labels", "gaussian": "Gaussian noise and random labels"}
SAMPLE = 500
QUICK = 60
COMBINED = {"az_nas": combine.AZ_NAS, "te_nas": combine.TE_NAS, "vote": combine.ZERO_COST_VOTE}

_ZERO_COST = "Abdelfattah et al. 2021"
_SUITE_ZERO = "Krishnakumar et al. 2022 (NAS-Bench-Suite-Zero)"
_AZ_NAS_PAPER = "as Lee & Ham 2024 report it"
_TE_NAS_PAPER = "Chen et al. 2021; lower κ is better, so the sign is turned"
PUBLISHED: tuple[Published, ...] = (
    *triple("grad_norm", DATASETS, (0.594, 0.637, 0.578), _ZERO_COST),
    *triple("snip", DATASETS, (0.596, 0.637, 0.578), _ZERO_COST),
    *triple("grasp", DATASETS, (0.514, 0.547, 0.549), _ZERO_COST),
    *triple("fisher", DATASETS, (0.360, 0.385, 0.327), _ZERO_COST),
    *triple("synflow", DATASETS, (0.737, 0.763, 0.751), _ZERO_COST),
    *triple("jacob_cov", DATASETS, (0.731, 0.704, 0.701), _ZERO_COST),
    *triple("plain", DATASETS[:1], (-0.26,), f"{_SUITE_ZERO}, 725 cells"),
    *triple("l2_norm", DATASETS, (0.74, 0.75, 0.74), _SUITE_ZERO),
    *triple("nwot", DATASETS, (0.80, 0.81, 0.80), _SUITE_ZERO),
    *triple("nwot", DATASETS, (0.574, 0.611, 0.549), "Mellor et al. 2021", KENDALL),
    *triple("epe_nas", DATASETS, (0.64, 0.42, 0.10), _SUITE_ZERO),
    *triple("zen", DATASETS, (0.39, 0.36, 0.40), f"{_SUITE_ZERO}, all cells"),
    *triple("params", DATASETS, (0.77, 0.75, 0.72), _SUITE_ZERO),
    *triple("flops", DATASETS, (0.75, 0.72, 0.69), _SUITE_ZERO),
    *triple("te_nas_condition", DATASETS[1:2], (0.42,), _TE_NAS_PAPER, KENDALL),
    *triple("te_nas_regions", DATASETS[1:2], (0.50,), "Chen et al. 2021", KENDALL),
    *triple("gradsign", DATASETS, (0.618, 0.594, 0.575), _AZ_NAS_PAPER, KENDALL),
    *triple("zico", DATASETS, (0.589, 0.590, 0.584), _AZ_NAS_PAPER, KENDALL),
    *triple("swap", DATASETS[:1], (0.90,), "Peng et al. 2024"),
    *triple("meco", DATASETS, (0.89, 0.88, 0.85), "Jiang et al. 2023"),
    *triple("az_nas", DATASETS[:1], (0.913,), "Lee & Ham 2024"),
    *triple("az_nas", DATASETS, (0.741, 0.723, 0.710), "Lee & Ham 2024", KENDALL),
)


def run_zero_cost_nas(options: StudyOptions) -> None:
    """Score the sample under both inputs, rank it by each data set of the table, and leave the outcome in `out`.

    Without CIFAR-10 only noise is scored, which is said. What is in the store is not scored again; only the data sets
    that the table has are ranked by.

    Raises:
        SettingError: before anything is scored: a table without the accuracies, no CIFAR-10 in `data`, or a folder that
            cannot be made or written in.
    """
    sample = sample_size(options, full=SAMPLE, quick=QUICK)
    out, seed, table, data, say = options.out, options.seed, options.table, options.data, options.say
    store = options.store or out / "scores.sqlite"
    opened = open_table(table)
    columns = [name for name in DATASETS if name in {column.name for column in opened.columns}]
    if not columns:
        raise SettingError(f"table {table!r} has none of the columns {', '.join(DATASETS)}")
    inputs = _inputs(data, say)
    make_folder(out, "--out")
    make_folder(store.parent, "--store")
    space = open_space("nasbench201")
    cells = space.sample(sample, seed)
    parts: list[pd.DataFrame] = []
    for name in inputs:
        setting = _setting(name, seed)
        proxies = [entry.name for entry in resolve("all")]
        say(f"scoring {sample} cells by {len(proxies)} proxies on {INPUTS[name]} ({setting.describe()})")
        frame = run(
            space, cells, proxies, setting=setting, data=data, store=store, workers=options.workers, progress=True
        )
        write_csv(frame[list(COLUMNS)], out / f"scores_{name}.csv.gz")
        rankings = rank(frame, opened, columns)
        _write_rankings(out, name, rankings, sample)
        parts.append(beside({key: item.frame for key, item in rankings.items()}, PUBLISHED).assign(inputs=name))
    comparison = pd.concat(parts, ignore_index=True)
    write_csv(comparison, out / "comparison.csv")
    write_text(tables(comparison), out / "tables.md")
    for suffix in ("png", "svg"):
        save_figure(comparison_figure(comparison, INPUTS), out / f"comparison.{suffix}")
    settings = {name: _setting(name, seed) for name in inputs}
    write_text(record(settings, opened, sample=sample, columns=columns), out / "study.json")
    for name in inputs:
        say("\n" + comparison_text(comparison[comparison["inputs"] == name], INPUTS[name]))
    say(f"\nIn {out}: scores, rankings, comparison.csv, tables.md and figures; study.json says how.")


def rank(frame: pd.DataFrame, table: Table, columns: Sequence[str], resamples: int = 1000) -> dict[str, Ranking]:
    """By column: the ranking of all proxies of the frame and of the combinations that it holds the parts of."""
    combined = with_combinations(frame)
    return {column: correlate(combined, table, column, resamples=resamples) for column in columns}


def with_combinations(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with rows of AZ-NAS's, TE-NAS's and zero-cost-nas's combinations, where it has their parts."""
    scores = combine.wide(frame)
    parts = [frame]
    for name, needs in COMBINED.items():
        if set(needs) <= set(scores.columns):
            values = getattr(combine, name)(scores)
            made = pd.DataFrame({"architecture": values.index, "proxy": name, "score": values.to_numpy()})
            parts.append(made.assign(status=made["score"].isna().map({True: "not_applicable", False: "ok"})))
    return pd.concat(parts, ignore_index=True)


def tables(comparison: pd.DataFrame) -> str:
    """The Markdown tables of a comparison, a heading for each kind of inputs."""
    sections = [
        f"## {heading[0].upper()}{heading[1:]}\n\n{comparison_markdown(comparison[comparison['inputs'] == name])}"
        for name, heading in INPUTS.items()
        if (comparison["inputs"] == name).any()
    ]
    return "\n\n".join(sections) + "\n"


def _inputs(data: Path | None, say: Callable[[str], None]) -> list[str]:
    if data is None:
        say(
            "no CIFAR-10 here: only Gaussian noise is scored. For images give --data FOLDER (the binary version), or "
            "fetch it with nasinit pull cifar10"
        )
        return ["gaussian"]
    read_cifar10(data)
    return list(INPUTS)


def _setting(inputs: str, seed: int) -> Setting:
    space = open_space("nasbench201")
    labels = "true" if inputs == "cifar10" else "random"
    return Setting(input=inputs, labels=labels, seed=seed).sized(space.width, space.depth)


def _write_rankings(out: Path, inputs: str, rankings: dict[str, Ranking], sample: int) -> None:
    for column, ranking in rankings.items():
        stem = f"ranking_{inputs}_{column.partition('_test')[0]}"
        caption = f"{sample} random NAS-Bench-201 cells, {INPUTS[inputs]}, with 95\\,\\% bootstrap intervals."
        write_csv(ranking.frame, out / f"{stem}.csv")
        write_text(ranking_latex(ranking.frame, caption=caption), out / f"{stem}.tex")


STUDY = Study(run_zero_cost_nas, frozenset({"sample", "quick", "seed", "workers", "data", "store"}))
