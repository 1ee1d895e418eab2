"""The demo: a sample of NAS-Bench-201 scored at initialisation, ranked against tabulated accuracies, and drawn.

It shows the results of one run of the harness, and one fact that every user should know first: the mode of batch norm
decides the sign of the rank correlation of proxies that measure the size of gradients.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.evaluation import open_table
from harness.evaluation.columns import SPACE, TESTS
from harness.evaluation.ranking import Ranking, correlate
from harness.report.figures.scatter import scatter
from harness.report.files import save_pictures, write_csv, write_text
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.sheet import sheet_latex
from harness.report.tables.text import sheet_text
from harness.scoring.files import COLUMNS
from harness.scoring.runner import run
from harness.setting import BN_MODES, Setting
from harness.spaces import open_space
from harness.spaces.space import completed, described
from harness.studies.record import record
from harness.writing import make_folder

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table

PROXIES = ("grad_norm", "nasi_trace", "ntk_trace", "m_trace", "ntk_condition", "params", "flops")
COLUMN = TESTS["cifar10"]
EVAL_PROXIES = ("grad_norm", "nasi_trace", "m_trace", "params", "flops")
PROBES = 2
TITLES = {bn: f"Batch norm in {bn} mode: rank correlation with {COLUMN}" for bn in BN_MODES}


def run_demo(out: Path, *, sample: int, workers: int, seed: int, table: str, say: Callable[[str], None]) -> None:
    """Score a sample, rank it and draw it, and write all results into the folder `out`.

    Args:
        out: folder for the store, scores, tables and figures; made if it does not exist. An interrupted demo goes on
            from the store in it.
        sample: number of NAS-Bench-201 cells.
        workers: number of processes.
        seed: seed of the sample, the weights, the batch and the probes.
        table: name of a table, or path of a file.
        say: function that prints a line.
    """
    opened = open_table(table)
    space = open_space(SPACE)
    cells = space.sample(sample, seed)
    make_folder(out, "--out")
    say(f"{textwrap.fill(opened.describe(), 100)}\n")
    frames: dict[str, pd.DataFrame] = {}
    proxies = {"train": PROXIES, "eval": EVAL_PROXIES}
    for step, bn in enumerate(BN_MODES, start=1):
        setting = _setting(bn, seed)
        networks = f"{sample} random cells with batch norm in {bn} mode ({described(space, setting)})"
        say(f"Step {step} of 3: scoring {networks}")
        frames[bn] = run(
            space, cells, proxies[bn], setting=setting, store=out / "scores.sqlite", workers=workers, progress=True
        )
        write_csv(frames[bn][list(COLUMNS)], out / f"scores_bn_{bn}.csv")
    say("Step 3 of 3: ranking, with 95 % bootstrap intervals over the cells\n")
    rankings = {bn: correlate(frame, opened, COLUMN) for bn, frame in frames.items()}
    for bn, ranking in rankings.items():
        say(sheet_text(ranking_sheet(ranking, TITLES[bn])))
        say(ranking.uneven + "\n" if ranking.uneven else "")
    say(sign_text(rankings))
    _write(out, rankings, opened, sample, seed)
    say(f"\nIn {out}: scores, ranking tables (CSV, LaTeX) and figures (scatter.png, scatter.svg); demo.json says how.")


def sign_text(rankings: dict[str, Ranking]) -> str:
    """A sentence on the effect of batch norm's mode on `nasi_trace`."""
    row = {bn: ranking.frame.set_index("proxy").loc["nasi_trace"] for bn, ranking in rankings.items()}
    figures = ", ".join(
        f"{values['spearman']:+.2f} [{values['spearman_low']:+.2f}, {values['spearman_high']:+.2f}] in {bn} mode"
        for bn, values in row.items()
    )
    return f"Batch norm's mode decides: Spearman of nasi_trace is {figures}."


def _write(out: Path, rankings: dict[str, Ranking], table: Table, sample: int, seed: int) -> None:
    for bn, ranking in rankings.items():
        write_csv(ranking.frame, out / f"ranking_bn_{bn}.csv")
        caption = f"{sample} random NAS-Bench-201 cells, batch norm in {bn} mode, with 95\\,\\% bootstrap intervals."
        sheet = ranking_sheet(ranking, TITLES[bn], caption)
        write_text(sheet_latex(sheet), out / f"ranking_bn_{bn}.tex")
        write_text(sheet_text(sheet, 100) + "\n", out / f"ranking_bn_{bn}.txt")
    save_pictures(scatter(rankings["train"], source=table.facts.title), out / "scatter")
    settings = {bn: _setting(bn, seed) for bn in BN_MODES}
    write_text(record(settings, table, sample=sample, column=COLUMN, titles=TITLES), out / "demo.json")


def _setting(bn: str, seed: int) -> Setting:
    return completed(open_space(SPACE), Setting(bn=bn, seed=seed, probes=PROBES))
