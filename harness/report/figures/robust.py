"""The figure of the study of E2RNAS: found cells beside the exact fronts, the stall of a bound, and proxies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE
from harness.stats.pareto import pareto_front

_HEIGHT_INCHES = 5.6
_CLEAN, _PGD = "cifar10half_test_200ep_clean_pct", "cifar10half_test_200ep_pgd_linf_eps1_pct"
_LEAST_CLEAN = 70
_MARKERS = "osD^v"
_FORMS = {"max": "max(n, L)", "max_dropped": "left out while met", "abs": "|n − L| (on it)"}
_MILLION = 1e6

Values = Mapping[str, npt.NDArray[np.float64]]


def robust_figure(
    arms: pd.DataFrame,
    grid: pd.DataFrame,
    stall: pd.DataFrame,
    proxies: pd.DataFrame,
    values: Values,
    words: Mapping[str, str],
) -> Figure:
    """Found cells beside two exact fronts; the course of MGDA under a bound; proxies beyond clean accuracy.

    Args:
        arms: from `harness.studies.searches.robust.tabled.arms_frame`.
        grid: from `harness.studies.searches.robust.tabled.grid_frame`.
        stall: from `harness.studies.searches.robust.tabled.stall_frame`.
        proxies: from `harness.studies.searches.robust.correlations.proxies_frame`.
        values: accuracies `clean` and `pgd` in per cent and `size` in parameters of all cells.
        words: name of each arm.

    Returns:
        A figure of 6.9 inches, of which pyplot does not know.
    """
    small = (
        "Top: cells that searches find on the table supernet, beside the exact front; crosses: DARTS with eleven fixed "
        "weights; grey: all cells. Bottom left: expected clean error under MGDA of clean loss and bounded size, by "
        "seed; a dot: the first step that meets the bound. Bottom right: Spearman’s ρ of each proxy with "
        "PGD accuracy (1/255) as it is, and beyond the clean accuracy with its 95 % interval."
    )
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEIGHT_INCHES, small)
        panels = figure.subplots(2, 2).ravel()
        _found(panels[0], arms, grid[grid["pair"] == "clean-pgd"], values, ("pgd", _PGD, 1.0), words)
        _found(panels[1], arms, grid[grid["pair"] == "clean-size"], values, ("size", "parameters", _MILLION), words)
        panels[0].set_xlabel("PGD accuracy at 1/255 (%)")
        panels[1].set_xlabel("parameters (10⁶)")
        _stalled(panels[2], stall)
        _beyond(panels[3], proxies)
    return figure


def _found(
    panel: Axes,
    arms: pd.DataFrame,
    grid: pd.DataFrame,
    values: Values,
    axis: tuple[str, str, float],
    words: Mapping[str, str],
) -> None:
    name, column, over = axis
    clean, other = values["clean"], values[name] / over
    shown = clean >= _LEAST_CLEAN
    panel.scatter(other[shown], clean[shown], s=1, color="0.85", linewidths=0, rasterized=True)
    front = pareto_front(other if name == "size" else -other, clean)
    panel.step(
        other[front], clean[front], where="post" if name == "size" else "pre", color="0.45", linewidth=0.9,
        label="exact front",
    )  # fmt: skip
    panel.scatter(
        grid[column] / over,
        grid[_CLEAN].clip(lower=_LEAST_CLEAN),
        color="0.2",
        marker="x",
        s=14,
        linewidths=0.7,
        zorder=3,
    )
    partner = "pgd" if name == "pgd" else "size"
    wanted = ["darts", f"clean-{partner}-raw", f"clean-{partner}-l2", "three-raw", "three-l2"]
    for place, arm in enumerate(wanted):
        part = arms[arms["arm"] == arm].drop_duplicates("architecture")
        look: dict[str, Any] = {"marker": _MARKERS[place], "color": COLOURS[place], "edgecolors": "white"}
        shown_clean = part[_CLEAN].clip(lower=_LEAST_CLEAN)
        label = words[arm].removeprefix("MGDA: ")
        panel.scatter(part[column] / over, shown_clean, s=20, linewidths=0.4, zorder=4, label=label, **look)
    panel.set_ylim(_LEAST_CLEAN - 0.5, 92.5)
    panel.set_ylabel("clean accuracy (%)")
    panel.legend(frameon=False, loc="lower left" if name == "pgd" else "lower right", fontsize=6)


def _stalled(panel: Axes, stall: pd.DataFrame) -> None:
    for place, (form, words) in enumerate(_FORMS.items()):
        for number, (_, part) in enumerate(stall[stall["form"] == form].groupby("seed", sort=False)):
            panel.plot(
                part["step"], part["clean_error_pct"], color=COLOURS[place], linewidth=(0.9, 1.6, 0.8)[place],
                linestyle=("-", "-", "--")[place], label=words if number == 0 else None,
            )  # fmt: skip
            met = part[part["expected_parameters"] <= part["bound"]]
            if len(met):
                panel.plot(met["step"].iloc[0], met["clean_error_pct"].iloc[0], ".", color=COLOURS[place], markersize=4)
    panel.set_xlabel("step of α")
    panel.set_ylabel("expected clean error (%)")
    panel.legend(frameon=False, fontsize=6)


def _beyond(panel: Axes, proxies: pd.DataFrame) -> None:
    part = proxies[proxies["column"] == _PGD].dropna(subset=["beyond_clean"]).sort_values("beyond_clean")
    places: Any = np.arange(len(part))
    ends = [part["beyond_clean"] - part["beyond_low"], part["beyond_high"] - part["beyond_clean"]]
    panel.errorbar(
        part["beyond_clean"], places, xerr=ends, fmt="o", color=COLOURS[0], markersize=2.4, linewidth=0.7,
        label="beyond clean accuracy",
    )  # fmt: skip
    panel.plot(part["spearman"], places, "x", color=COLOURS[1], markersize=3, markeredgewidth=0.7, label="as it is")
    panel.axvline(0, color="0.6", linewidth=0.6)
    panel.set_yticks(places, [str(name) for name in part["proxy"]], fontsize=4.2)
    panel.set_xlabel("ρ with PGD accuracy at 1/255")
    panel.legend(frameon=False, fontsize=6, loc="lower right")
