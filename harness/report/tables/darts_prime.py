"""Tables of the study darts-prime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from harness.evaluation.columns import dataset_title
from harness.report.cells import EN_DASH, interval, number, plus_minus, spread_in
from harness.report.tables.sheet import Cell, Heading, Sheet

_SUPERNET: Mapping[str, tuple[str, int]] = {
    "distance": ("distance to discretisation", 2),
    "entropy_nats": ("entropy (nats)", 2),
    "accuracy_before": ("accuracy before projection (%)", 1),
    "accuracy_after": ("after (%)", 1),
    "gap": ("loss (points)", 1),
    "alpha_steps": ("steps of α", 0),
    "skips": ("skips", 1),
    "params_m": ("parameters (M)", 2),
    "cpu_seconds": ("CPU s", 0),
}


def supernets_sheet(arms: pd.DataFrame, words: Mapping[str, str], title: str) -> Sheet:
    """The arms of a space: their weights, supernets and costs, mean ± standard deviation over the seeds.

    Args:
        arms: from `harness.studies.searches.prime.frames.arms_frame`.
        words: name of each arm in print.
        title: title of the table.
    """
    rows: list[list[Cell | str]] = []
    for row in arms.to_dict("records"):
        measured = (spread_in(row, name, places) for name, (_, places) in _SUPERNET.items())
        rows.append([words[str(row["arm"])], f"{row['seeds']:.0f}", *measured])
    return Sheet.of(title, [Heading("arm", "left"), "seeds", *(heading for heading, _ in _SUPERNET.values())], rows)


def searches_sheet(
    arms: pd.DataFrame, null: pd.DataFrame, columns: Sequence[str], words: Mapping[str, str], *, on_table: bool = False
) -> Sheet:
    """Tabulated accuracies of the found cells: mean, interval of the mean, standard deviation; and a random cell.

    Args:
        arms: from `harness.studies.searches.prime.frames.arms_frame`, of one space.
        null: from `harness.studies.searches.prime.frames.null_frame`.
        columns: columns of accuracies.
        words: name of each arm in print.
        on_table: whether the arms are those of the table supernet.
    """
    rows: list[list[Cell | str]] = [
        [words[str(row["arm"])], *(_estimate(row, name) for name in columns)] for row in arms.to_dict("records")
    ]
    rows += [[str(row["arm"]), *(spread_in(row, name, 2) for name in columns)] for row in null.to_dict("records")]
    headings = [Heading("arm", "left"), *(Heading(dataset_title(name)) for name in columns)]
    notes = ("In brackets the 95 % interval of the mean over the seeds (Student's t); ± standard deviation.",)
    title = f"Test accuracy of the cells found {'on the table supernet' if on_table else 'by supernets on images'} (%)"
    return Sheet.of(title, headings, rows, ruled_above=(len(arms),), notes=notes)


def _estimate(row: Mapping[Any, Any], name: str) -> Cell:
    if pd.isna(row[f"{name}_mean"]):
        return Cell(EN_DASH)
    ends = "" if pd.isna(row[f"{name}_low"]) else interval(row[f"{name}_low"], row[f"{name}_high"])
    return Cell(number(row[f"{name}_mean"], 2), ends, plus_minus(row[f"{name}_std"], 2))
