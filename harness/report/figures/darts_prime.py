"""Figures of the study darts-prime."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_ROW_INCHES, _EDGE_INCHES = 0.24, 0.9
_SCHEDULE_INCHES = 2.4
_MARK = 14


def arms_figure(runs: pd.DataFrame, words: Mapping[str, str], column: str, label: str, null: float) -> Figure:
    """An arm a row, a mark a seed: distance to discretisation, accuracy lost in the projection, tabulated accuracy.

    Args:
        runs: from `harness.studies.searches.prime.frames.runs_frame`, of one space.
        words: name of each arm in print.
        column: tabulated accuracy.
        label: what it is.
        null: mean of that accuracy over random cells, drawn as a line.

    Returns:
        A figure 6.9 inches wide; pyplot does not know of it.
    """
    arms = list(dict.fromkeys(runs["arm"]))
    panels = (
        ("distance", "distance to discretisation"),
        ("gap", "accuracy lost in the\nprojection (points)"),
        (column, label.replace(" test", "\ntest")),
    )
    small_print = f"A mark a seed, a bar the mean. Dashed: mean of a random cell ({null:.2f} %)."
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _ROW_INCHES * len(arms) + _EDGE_INCHES, small_print)
        for place, (panel, (name, title)) in enumerate(
            zip(figure.subplots(1, len(panels), sharey=True), panels, strict=True)
        ):
            for row, arm in enumerate(arms):
                values = runs.loc[runs["arm"] == arm, name].to_numpy(dtype=float)
                panel.scatter(values, np.full(len(values), row), s=_MARK, color=COLOURS[0], alpha=0.7, linewidths=0)
                panel.plot([values.mean()] * 2, [row - 0.3, row + 0.3], color=COLOURS[1])
            panel.set_xlabel(title)
            panel.set_yticks(range(len(arms)), [words[arm] for arm in arms])
            panel.tick_params(axis="y", length=0, labelleft=place == 0)
            panel.grid(axis="y")
        panel.axvline(null, color=COLOURS[2], linestyle="--")
        panel.set_ylim(len(arms) - 0.5, -0.5)
    return figure


def schedule_figure(steps: pd.DataFrame) -> Figure:
    """The dynamic schedule of one search: Fisher information and threshold by step, and the steps of α.

    Args:
        steps: from `harness.studies.searches.prime.frames.schedule_frame`, of one search.

    Returns:
        A figure 6.9 inches wide; pyplot does not know of it.
    """
    moved = steps[steps["alpha_moved"] == 1]
    count = f"{len(moved):,} of {len(steps):,} steps"
    small_print = f"One search; α moves in {count}: where the information was below the threshold."
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _SCHEDULE_INCHES, small_print)
        axes = figure.subplots()
        axes.plot(steps["step"], steps["fisher"], color=COLOURS[0], label="Fisher information (moving average)")
        axes.plot(steps["step"], steps["threshold"], color=COLOURS[1], label="threshold")
        axes.scatter(
            moved["step"], moved["threshold"], s=_MARK / 2, color=COLOURS[2], linewidths=0, label="step of α", zorder=3
        )
        axes.set_yscale("log")
        axes.set_xlabel("step of the weights")
        axes.legend(frameon=False)
    return figure
