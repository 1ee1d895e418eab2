"""The figure of the study of DAAS: cells under augmentations, and the share of a planted operation."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE
from harness.search.gradient.policy_choices import PLANTED

_HEIGHT_INCHES = 3.0
_MARKERS = "osD^vP"
_APART = 0.06


def daas_figure(
    places: pd.DataFrame, policies: Sequence[str], values: npt.NDArray[np.float64], shares: pd.DataFrame
) -> Figure:
    """Accuracy of each cell under each policy, and the share of the planted operation over the epochs of its searches.

    Args:
        places: `cell` and `tabulated_pct`, a row for each cell.
        policies: names of the policies.
        values: accuracies [cells, policies, seeds] in per cent; NaN where a training is not over.
        shares: from `harness.studies.searches.daas.searched.shares_frame`.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = (
        "Left: small marks are trainings, lines their means; parallel lines are cells without augmentations of their "
        "own. Right: a line for each seed; the grey line is the share at first."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        left, right = figure.subplots(1, 2)
        _cells(left, places, policies, values)
        _planted(right, shares)
    return figure


def _cells(panel: Axes, places: pd.DataFrame, policies: Sequence[str], values: npt.NDArray[np.float64]) -> None:
    for number, tabulated in enumerate(places["tabulated_pct"]):
        at = np.arange(len(policies)) + _APART * (number - (len(places) - 1) / 2)
        colour, marker = COLOURS[number % len(COLOURS)], _MARKERS[number % len(_MARKERS)]
        panel.plot(at, values[number].mean(axis=1), color=colour, linewidth=0.9, label=f"{tabulated:.1f} %")
        panel.plot(
            np.repeat(at, values.shape[2]), values[number].ravel(), color=colour, marker=marker, markersize=2.2,
            linestyle="none",
        )  # fmt: skip
    panel.set_xticks(range(len(policies)), [name.replace(" and ", "\nand ") for name in policies])
    panel.set_ylabel("accuracy (%)")
    panel.legend(
        frameon=False, title="cell, by its tabulated accuracy", ncols=3, loc="lower left", bbox_to_anchor=(0, 1),
        columnspacing=1.0, alignment="left", borderaxespad=0.2,
    )  # fmt: skip


def _planted(panel: Axes, shares: pd.DataFrame) -> None:
    own = shares[shares["arm"] == "planted"]
    planted = own[own["operation"] == PLANTED]
    for place, (seed, rows) in enumerate(planted.groupby("seed")):
        panel.plot(rows["epoch"], 100 * rows["share"], color=COLOURS[place % len(COLOURS)], label=f"seed {seed}")
    count = own["operation"].nunique()
    if count:
        panel.axhline(100 / count, color="#555555", linewidth=0.6)
        panel.set_ylim(0, 110 * float(planted["share"].max()))
        panel.legend(frameon=False)
    panel.set_xlabel("epoch")
    panel.set_ylabel("share of the planted operation (%)")
