"""The figure of timed networks of the DARTS space: errors of predictors, and the noise floor."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_HEIGHT_INCHES = 2.7
_MARKERS = "osDv^P"
_PUBLISHED = 10
_TICKS = (1, 2, 5, 10, 15, 20, 30, 50, 100)


def genotype_figure(means: pd.DataFrame, noise: pd.DataFrame, timed: pd.DataFrame) -> Figure:
    """Errors by training genotypes with the noise floor; both medians of the genotypes that were timed twice.

    Args:
        means: from `harness.studies.searches.latency.genotypes.genotype_means_frame`.
        noise: from `harness.studies.searches.latency.genotypes.genotype_noise_frame`.
        timed: from `harness.studies.searches.latency.genotypes.timed_genotypes`, by the clock of the thread.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = (
        "Left: mean relative error on genotypes that no model was trained on, mean over splits; dashed: mean relative "
        "difference of the two medians of one genotype that was timed twice; dotted: 10 %, published for 80,000 to "
        "100,000 samples on a GPU. Right: these two medians."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        panels = figure.subplots(1, 2)
        _errors(panels[0], means, 100 * float(noise.set_index("clock")["mean_difference"]["thread"]))
        _twice(panels[1], timed.dropna(subset="again_ms"))
    return figure


def _errors(panel: Axes, means: pd.DataFrame, floor: float) -> None:
    for place, model in enumerate(dict.fromkeys(means["model"])):
        part = means[means["model"] == model]
        panel.plot(
            part["training_genotypes"], 100 * part["mean_relative_error"], color=COLOURS[place], linewidth=0.8,
            marker=_MARKERS[place], markersize=2.6, label=model,
        )  # fmt: skip
    panel.axhline(floor, color="0.2", linestyle="--", linewidth=0.8)
    panel.axhline(_PUBLISHED, color="0.4", linestyle=":", linewidth=0.8)
    panel.set_xscale("log")
    panel.set_xticks(sorted(set(means["training_genotypes"])))
    panel.set_yscale("log")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.9g}"))
        axis.set_minor_formatter(NullFormatter())
    panel.set_yticks([tick for tick in _TICKS if floor / 2 <= tick <= 100 * means["mean_relative_error"].max()])
    panel.set_xlabel("training genotypes")
    panel.set_ylabel("mean relative error (%)")
    panel.legend(frameon=False, ncols=2)


def _twice(panel: Axes, timed: pd.DataFrame) -> None:
    first, again = timed["latency_cpu_thread_ms"], timed["again_ms"]
    ends = np.array([min(first.min(), again.min()), max(first.max(), again.max())])
    panel.plot(ends, ends, color="0.55", linewidth=0.7)
    panel.scatter(first, again, s=6, color=COLOURS[0], alpha=0.7, linewidths=0)
    panel.set_xlabel("processor time of a pass (ms)")
    panel.set_ylabel("timed again (ms)")
