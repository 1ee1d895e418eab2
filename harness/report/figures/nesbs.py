"""The figure of the study of NESBS: the posterior's way to the best one, diversity, and accuracy."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE
from harness.stats.real_numbers import FloatArray

_HEIGHT_INCHES = 2.8
_OTHERS = {"mc": ("Monte Carlo", "s"), "top": ("most probable cells", "^"), "random": ("random cells", "v")}


def nesbs_figure(posterior: pd.DataFrame, sweep: pd.DataFrame) -> Figure:
    """Divergence of the posteriors over the epochs; diversity of drawn sets over δ; accuracy over diversity.

    Args:
        posterior: from `harness.studies.searches.nesbs.exact.posterior_frame`.
        sweep: from `harness.studies.searches.nesbs.exact.sweep_frame`; its first number of members is drawn.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    members = int(sweep["members"].iloc[0])
    small = (
        "Left: KL divergence of the search's factorised posterior from the true one on the table supernet, a line "
        "for each seed; dashed: the best factorised posterior, by coordinate updates. Middle: mean number of edges on "
        f"which two of {members} members differ, by δ; dotted: −1/{members}, below it a closed form has no distance. "
        "Right: mean tabulated CIFAR-10 test accuracy of the members. With 95 % intervals over sets."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        left, middle, right = figure.subplots(1, 3)
        _divergences(left, posterior)
        _diversities(middle, sweep[sweep["members"] == members], members)
        _trade_off(right, sweep[sweep["members"] == members])
    return figure


def _divergences(panel: Axes, frame: pd.DataFrame) -> None:
    exact = frame[frame["how"] == "coordinates"]["divergence_nats"]
    for place, (_, rows) in enumerate(frame[frame["how"] == "search"].groupby("seed")):
        label = "search" if place == 0 else None
        panel.plot(rows["step"], rows["divergence_nats"], color=COLOURS[0], linewidth=0.8, label=label)
    panel.axhline(exact.iloc[-1], color="0.3", linestyle="--", linewidth=0.8, label="best factorised")
    panel.set_ylim(bottom=0)
    panel.set_xlabel("epoch")
    panel.set_ylabel("KL from the true posterior (nats)")
    panel.legend(frameon=False)


def _diversities(panel: Axes, frame: pd.DataFrame, members: int) -> None:
    for place, (std, rows) in enumerate(_by_std(frame)):
        panel.errorbar(
            rows["diversity"], rows["hamming"], yerr=_margins(rows, "hamming"), color=COLOURS[place], marker="o",
            markersize=2.6, linewidth=0.8, elinewidth=0.6, label=f"SVGD, σ = {std:g}",
        )  # fmt: skip
    for place, (arm, (label, _)) in enumerate(_OTHERS.items(), start=3):
        value = frame[frame["arm"] == arm]["hamming"].iloc[0]
        panel.axhline(value, color=COLOURS[place], linewidth=0.8, linestyle="--", label=label)
    panel.axvline(-1 / members, color="0.4", linewidth=0.7, linestyle=":")
    panel.set_xlabel("δ")
    panel.set_ylabel("edges on which members differ")


def _trade_off(panel: Axes, frame: pd.DataFrame) -> None:
    for place, (std, rows) in enumerate(_by_std(frame)):
        _bars(panel, rows, color=COLOURS[place], marker="o", linewidth=0.8, label=f"SVGD, σ = {std:g}")
    for place, (arm, (label, marker)) in enumerate(_OTHERS.items(), start=3):
        _bars(panel, frame[frame["arm"] == arm], color=COLOURS[place], marker=marker, linewidth=0, label=label)
    panel.set_xlabel("edges on which members differ")
    panel.set_ylabel("mean test accuracy (%)")
    panel.legend(frameon=False, loc="lower left", fontsize=6)


def _by_std(frame: pd.DataFrame) -> list[tuple[float, pd.DataFrame]]:
    svgd = frame[frame["arm"] == "svgd"].sort_values("diversity")
    return [(float(std), svgd[svgd["std"] == std]) for std in sorted(svgd["std"].unique(), reverse=True)]


def _margins(rows: pd.DataFrame, name: str) -> FloatArray:
    """Distances from means to both ends of their intervals, [2, rows]; 0 where there is none."""
    mean = rows[name].to_numpy(dtype=np.float64)
    ends = (
        mean - rows[f"{name}_low"].to_numpy(dtype=np.float64),
        rows[f"{name}_high"].to_numpy(dtype=np.float64) - mean,
    )
    return np.nan_to_num(np.stack(ends))


def _bars(panel: Axes, rows: pd.DataFrame, *, color: str, marker: str, linewidth: float, label: str) -> None:
    panel.errorbar(
        rows["hamming"], rows["accuracy_pct"], xerr=_margins(rows, "hamming"), yerr=_margins(rows, "accuracy_pct"),
        color=color, marker=marker, markersize=3, linewidth=linewidth, elinewidth=0.6, label=label,
    )  # fmt: skip
