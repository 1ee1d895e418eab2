"""How good the choice of searches is against the compute that they had, a panel for each method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from harness.errors import HarnessError
from harness.report.figures.runs_line import Look
from harness.report.figures.style import PAGE_WIDTH_INCHES, SMALL_POINTS, STYLE

_ACROSS = 4
_PANEL_INCHES, _REST_INCHES = 1.5, 0.75
_BAND_ALPHA = 0.2
_PUBLISHED = (0, (1.5, 1.5))


def accuracy_by_compute(
    frame: pd.DataFrame, column: str, *, label: str, published: Mapping[str, Sequence[float]] | None = None
) -> Figure:
    """Tabulated accuracy of the chosen architecture over the steps of a search, from its first epoch to its last.

    Args:
        frame: `method`, `preset`, `steps`, and `…_mean`, `…_low`, `…_high` of the column, a row for each epoch, as the
            study of a table of searches writes it into `compute.csv`.
        column: name of the column of the table.
        label: what it is, for the axis.
        published: published means by method, drawn as dotted lines.

    Returns:
        A figure of 6.9 inches with a panel for each method: a line for each preset, the mean over the runs, with a band
        from the lowest run to the highest. Steps are logarithmic. pyplot does not know of it.

    Raises:
        HarnessError: no rows, or a column that is not there.
    """
    wanted = ["method", "preset", "steps", *(f"{column}_{end}" for end in ("mean", "low", "high"))]
    if lacking := [name for name in wanted if name not in frame.columns]:
        raise HarnessError(f"the frame of the compute of searches lacks: {', '.join(lacking)}")
    if frame.empty:
        raise HarnessError("there is no search to draw")
    methods, presets = (list(frame[name].unique()) for name in ("method", "preset"))
    across = min(_ACROSS, len(methods))
    down = -(-len(methods) // across)
    with matplotlib.rc_context(dict(STYLE)):
        size = (PAGE_WIDTH_INCHES, down * _PANEL_INCHES + _REST_INCHES)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
        panels = grid.ravel()
        for axes, method in zip(panels, methods, strict=False):
            _draw(axes, frame[frame["method"] == method], column, presets)
            for mean in (published or {}).get(str(method), ()):
                axes.axhline(mean, color="#555555", linestyle=_PUBLISHED, linewidth=0.8)
            axes.set_title(str(method), parse_math=False)
        for axes in panels[len(methods) :]:
            axes.remove()
        for place in range(across):  # the lowest panel of each column
            below = [grid[row, place] for row in range(down) if row * across + place < len(methods)]
            below[-1].set_xlabel("Steps")
            below[-1].tick_params(labelbottom=True)
        figure.supylabel(f"{label}, for the record", fontsize=STYLE["axes.labelsize"], parse_math=False)
        looks = [Look.of(place) for place in range(len(presets))]
        handles = [Line2D([], [], color=look.colour, linestyle=look.dashes) for look in looks]
        names = [f"preset {preset}" for preset in presets]
        if published:
            handles.append(Line2D([], [], color="#555555", linestyle=_PUBLISHED, linewidth=0.8))
            names.append("published")
        figure.legend(
            handles, names, loc="outside lower center", ncols=len(names), frameon=False, title_fontsize=SMALL_POINTS,
            title="Lines are means over the runs after each epoch; bands go from the lowest run to the highest.",
        )  # fmt: skip
    return figure


def _draw(axes: Axes, found: pd.DataFrame, column: str, presets: Sequence[object]) -> None:
    for place, preset in enumerate(presets):
        part, look = found[found["preset"] == preset], Look.of(place)
        steps = part["steps"].to_numpy(dtype=float)
        mean, low, high = (part[f"{column}_{end}"].to_numpy(dtype=float) for end in ("mean", "low", "high"))
        axes.fill_between(steps, low, high, color=look.colour, alpha=_BAND_ALPHA, linewidth=0)
        marker = "o" if np.isfinite(mean).sum() == 1 else ""
        axes.plot(steps, mean, color=look.colour, linestyle=look.dashes, marker=marker, markersize=2.0)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, axis="y")
