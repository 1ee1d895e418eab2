"""Tables of the study toponas-cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.evaluation.columns import SPACE, dataset_title
from harness.report.cells import EN_DASH, estimate, number, percentage, spread_in
from harness.report.tables.sheet import Heading, Sheet, groups

_MEGA = 1e6
READ = (
    "Published numbers are read from the vector coordinates of the project page's scatter: accuracies to ±0.1 point, "
    "costs to ±0.005. How the published cost is defined was not seen."
)
"""A note below every table with published numbers."""


def cost_sheet(frame: pd.DataFrame, published: Mapping[str, float]) -> Sheet:
    """Seconds and saved bytes of a step, and their ratios to the supernets without and with exact sharing.

    Args:
        frame: from `harness.studies.searches.toponas.cost.cost_frame`.
        published: by method the published ratio of costs, which is of NAS-Bench-201.
    """
    begins, ruled = groups(zip(*(frame[name] for name in ("space", "depth", "method")), strict=True))
    rows = []
    for first, row in zip(begins, frame.to_dict("records"), strict=True):
        compared = row["arm"] == "simplified" and row["space"] == SPACE
        ratio = published.get(str(row["method"]), math.nan) if compared else math.nan
        rows.append(
            [
                _size(row) if first else "", str(row["method"]) if first else "", str(row["arm"]),
                number(float(row["cpu_seconds"]), 3), _ratio(row, "cpu_seconds_to_path_by_path"),
                _ratio(row, "cpu_seconds_to_plain"), number(float(row["saved_bytes"]) / _MEGA, 1),
                number(float(row["saved_bytes_to_path_by_path"]), 3), number(float(row["saved_bytes_to_plain"]), 3),
                number(ratio, 3),
            ]
        )  # fmt: skip
    headings: list[Heading | str] = [Heading(text, "left") for text in ("supernet", "search", "arm")]
    headings += [
        "CPU s", "to path by path", "to plain", "saved MB", "to path\nby path", "to\nplain", "published",
    ]  # fmt: skip
    notes = (
        "A step is one pass for α and one for the weights, on one thread, the arms in turns; its seconds are those of "
        "the processor: medians, and ratios as medians of the rounds' own, their smallest and largest in brackets. "
        "Saved bytes are what the pass for α keeps for its backward pass, besides weights, α and images. Path by path: "
        "nothing is shared. Plain: our supernet, which shares ReLUs and pools and runs like convolutions of a node as "
        "one. Simplified: one batch norm an edge, unit kernels.",
        READ,
    )
    return Sheet.of(
        "Cost of a step",
        headings,
        rows,
        ruled_above=ruled,
        notes=notes,
        gives_way=("to\nplain", "to path\nby path"),
    )


def arms_sheet(frame: pd.DataFrame) -> Sheet:
    """Accuracies of the cells that the searches of each arm chose, and of all cells.

    Args:
        frame: from `harness.studies.searches.toponas.changes.arms_frame`.
    """
    names = [str(name).removesuffix("_mean") for name in frame.columns if str(name).endswith("_mean")]
    rows = []
    for row in frame.to_dict("records"):
        runs = float(row["runs"])
        rows.append(
            [
                str(row["method"]), str(row["arm"]), EN_DASH if math.isnan(runs) else f"{runs:.0f}",
                *(spread_in(row, name, 1) for name in names), number(float(row["skip_connections"]), 1),
            ]
        )  # fmt: skip
    headings: list[Heading | str] = [Heading("search", "left"), Heading("arm", "left"), "seeds"]
    headings += [*map(dataset_title, names), "skips"]
    notes = ("Mean ± standard deviation over seeds; random cells: of all cells of the space. Skips: edges that skip.",)
    return Sheet.of("Chosen cells", headings, rows, ruled_above=(len(rows) - 1,), notes=notes)


def changes_sheet(frame: pd.DataFrame) -> Sheet:
    """Changes of the accuracies between two arms, beside the published ones.

    Args:
        frame: from `harness.studies.searches.toponas.changes.changes_frame`.
    """
    rows = [
        [
            str(row["method"]), f"{row['arm']} against {row['base']}", dataset_title(str(row["column"])),
            f"{row['runs']}",
            estimate(*(float(row[name]) for name in ("change", "change_low", "change_high")), decimals=1)
            if row["runs"] > 1
            else number(float(row["change"]), 1),
            str(row["by_seed"]), percentage(float(row["random_share"])), number(float(row["published"]), 1),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [Heading(text, "left") for text in ("search", "arms", "accuracy")]
    headings += ["seeds", "change", "by seed", "random", "published"]
    notes = (
        "Points of accuracy; changes are differences of the same seed, with Student's 95 % interval of their mean. "
        "Random: how often as many differences of two random cells have a mean as far from 0.",
        READ,
    )
    return Sheet.of("Changes", headings, rows, notes=notes, gives_way=("by seed",))


def _size(row: Mapping[Any, Any]) -> str:
    cells = "N" if row["space"] == SPACE else "cells"
    return f"{row['space']}, C = {row['width']}, {cells} = {row['depth']}, {row['image_size']} px"


def _ratio(row: Mapping[Any, Any], name: str) -> str:
    return estimate(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]))
