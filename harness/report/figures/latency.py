"""The figure of the study of LA-DARTS: errors by training cells, found cells beside the front, and transfer."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_HEIGHT_INCHES = 5.2
_MARKERS = "osD"
_PUBLISHED = 10
_ACCURACY = "cifar10_test_200ep_pct"
_LEAST_PCT = 85


def latency_figure(means: pd.DataFrame, sweep: pd.DataFrame, front: pd.DataFrame, transfer: pd.DataFrame) -> Figure:
    """Errors by training cells; for two devices the found cells and the exact front; transfer between devices.

    Args:
        means: from `harness.studies.searches.latency.errors.means_frame`.
        sweep: from `harness.studies.searches.latency.searched.sweep_frame`.
        front: from `harness.studies.searches.latency.fronts.front_frame`.
        transfer: from `harness.studies.searches.latency.errors.transfer_frame`.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = (
        "Top left: mean relative error on cells that no model was trained on, median over the columns with all numbers "
        "of cells, and their middle half; dotted: 10 %, published for 80,000 to 100,000 samples of another space. Top "
        "right, bottom left: cells that DARTS finds on the table supernet, with a weight (the darker, the larger) or a "
        "target (dotted), and the exact front of the table. Bottom right: Spearman’s ρ of each pair of devices, of the "
        "predictor of the first and of the first’s own latencies."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        panels = figure.subplots(2, 2).ravel()
        _errors(panels[0], means)
        for panel, device in zip(panels[1:3], dict.fromkeys(sweep["device"]), strict=False):
            _found(panel, sweep[sweep["device"] == device], front[front["device"] == device], str(device))
        _transfer(panels[3], transfer)
    return figure


def _errors(panel: Axes, means: pd.DataFrame) -> None:
    most = means.groupby("column")["training_cells"].transform("max")
    means = means[most == most.max()]
    for place, model in enumerate(dict.fromkeys(means["model"])):
        grouped = means[means["model"] == model].groupby("training_cells")["mean_relative_error"]
        low, middle, high = (100 * grouped.quantile(share) for share in (0.25, 0.5, 0.75))
        panel.plot(
            middle.index,
            middle,
            color=COLOURS[place],
            marker=_MARKERS[place],
            markersize=2.6,
            linewidth=0.8,
            label=model,
        )
        panel.fill_between(low.index, low, high, color=COLOURS[place], alpha=0.12, linewidth=0)
    panel.axhline(_PUBLISHED, color="0.4", linestyle=":", linewidth=0.8)
    panel.set_xscale("log")
    panel.set_yscale("log")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.9g}"))
        axis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    panel.set_xlabel("training cells")
    panel.set_ylabel("mean relative error (%)")
    panel.legend(frameon=False)


def _found(panel: Axes, found: pd.DataFrame, front: pd.DataFrame, device: str) -> None:
    panel.step(front["true_ms"], front[_ACCURACY], where="post", color="0.55", linewidth=0.9, label="exact front")
    weights, targets = found[found["kind"] == "weight"], found[found["kind"] == "target"]
    ranks = weights["relative"].rank(method="dense").to_numpy()
    shades = 0.25 + 0.75 * ranks / max(float(ranks.max()), 1.0)
    shown = weights[_ACCURACY].clip(lower=_LEAST_PCT)
    panel.scatter(
        weights["true_ms"], shown, c=shades, cmap="Blues", vmin=0, vmax=1, s=16, edgecolors="0.2", linewidths=0.3,
        zorder=3, label="a weight",
    )  # fmt: skip
    panel.scatter(
        targets["true_ms"], targets[_ACCURACY].clip(lower=_LEAST_PCT), color=COLOURS[1], marker="x", s=14,
        linewidths=0.8, zorder=4, label="a target",
    )  # fmt: skip
    for value in dict.fromkeys(targets["value"]):
        panel.axvline(value, color=COLOURS[1], linewidth=0.4, linestyle=":")
    panel.set_ylim(_LEAST_PCT - 0.4, 95)
    panel.set_xlabel(device.replace("_latency_ms", "").replace("_", " ") + ", latency (ms)")
    panel.set_ylabel("CIFAR-10 test accuracy (%)")
    panel.legend(frameon=False, loc="lower right")


def _transfer(panel: Axes, transfer: pd.DataFrame) -> None:
    other = transfer[transfer["predictor_of"] != transfer["device"]]
    ends = np.array([min(other["spearman"].min(), other["spearman_of_latencies"].min()) - 0.02, 1.0])
    panel.plot(ends, ends, color="0.55", linewidth=0.7)
    panel.scatter(
        other["spearman_of_latencies"],
        other["spearman"],
        s=3,
        color=COLOURS[0],
        alpha=0.5,
        linewidths=0,
        rasterized=True,
    )
    panel.set_xlabel("ρ of the two devices’ latencies")
    panel.set_ylabel("ρ of the predictor of the first")
