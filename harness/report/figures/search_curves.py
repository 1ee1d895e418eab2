"""How searches went: loss, entropy, skip connections and, for the record, accuracy of the choice, over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from harness.errors import HarnessError
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

if TYPE_CHECKING:
    from harness.search import SearchResult

FOR_THE_RECORD = "_for_the_record"
"""End of the name of a column that the search did not see."""

_PANELS = {
    "validation_loss": "Validation loss (nats)",
    "entropy_nats": "Entropy of the operation weights (nats)",
    "skip_connections": "Skip connections in the choice",
}
_ROW_INCHES = 2.0
_LEGEND_INCHES = 0.3
_DASHES = ("-", "--", ":", "-.")


class _Curve(NamedTuple):
    label: str
    log: pd.DataFrame


def search_curves(
    searches: Sequence[tuple[str, SearchResult | pd.DataFrame]], *, record_label: str = "Accuracy"
) -> Figure:
    """Validation loss, entropy and skip connections over the epochs, and what was never shown to the search.

    A search that collapses shows as skip connections that pile up while its validation loss still falls.

    Args:
        searches: what the legend calls each, and its result or the log of it; those of one label, such as seeds, look
            alike. A log has the columns `epoch`, `validation_loss`, `entropy_nats`, `skip_connections`; where some have
            a column that ends in `_for_the_record`, a fourth panel draws it.
        record_label: what that panel shows.

    Returns:
        A figure of 6.9 inches; epochs along the x-axis, or the share of each search that is over where their numbers of
        epochs differ. pyplot does not know of it.

    Raises:
        HarnessError: no searches, a log without rows, or one that lacks a column.
    """
    curves = [_Curve(label, found if isinstance(found, pd.DataFrame) else found.log) for label, found in searches]
    _check(curves)
    record = next((name for curve in curves for name in curve.log.columns if name.endswith(FOR_THE_RECORD)), None)
    panels = dict(_PANELS) if record is None else {**_PANELS, record: record_label}
    labels = list(dict.fromkeys(curve.label for curve in curves))
    shares = len({int(curve.log["epoch"].max()) for curve in curves}) > 1
    across = 3 if record is None else 2
    rows = -(-len(panels) // across)
    with matplotlib.rc_context(dict(STYLE)):
        figure = Figure(figsize=(PAGE_WIDTH_INCHES, rows * _ROW_INCHES + _LEGEND_INCHES), layout="constrained")
        grid = figure.subplots(rows, across, squeeze=False).ravel()
        for axes, (column, title) in zip(grid, panels.items(), strict=True):
            for curve in curves:
                if column in curve.log.columns:
                    _draw(axes, curve, column, labels.index(curve.label), shares=shares)
            axes.set_title(title)
            axes.set_ylabel("for the record" if column == record else "")
            axes.grid(visible=True, axis="y")
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        for axes in grid[-across:]:
            axes.set_xlabel("Share of the search (%)" if shares else "Epoch")
        counts = next(axes for axes, column in zip(grid, panels, strict=True) if column == "skip_connections")
        counts.yaxis.set_major_locator(MaxNLocator(integer=True))
        counts.set_ylim(bottom=-0.25)
        lines = _lines(grid[0])
        figure.legend(
            [lines[label] for label in labels], labels, loc="outside lower center", ncols=min(len(labels), 5),
            frameon=False,
        )  # fmt: skip
    return figure


def _draw(axes: Axes, curve: _Curve, column: str, place: int, *, shares: bool) -> None:
    epochs = curve.log["epoch"].to_numpy(dtype=float)
    along = 100 * epochs / epochs.max() if shares else epochs
    axes.plot(
        along,
        curve.log[column].to_numpy(dtype=float),
        color=COLOURS[place % len(COLOURS)],
        linestyle=_DASHES[place // len(COLOURS) % len(_DASHES)],
        marker="o",
        markersize=2.0,
        drawstyle="steps-post" if column == "skip_connections" else "default",
        label=curve.label,
    )


def _lines(axes: Axes) -> dict[str, Line2D]:
    """A line for each label, the first of those that look alike."""
    return {str(line.get_label()): line for line in reversed(axes.get_lines())}


def _check(curves: Sequence[_Curve]) -> None:
    if not curves:
        raise HarnessError("there is no search to draw")
    for curve in curves:
        lacking = [name for name in ("epoch", *_PANELS) if name not in curve.log.columns]
        if lacking:
            raise HarnessError(f"the log of {curve.label} lacks: {', '.join(lacking)}")
        if curve.log.empty:
            raise HarnessError(f"the log of {curve.label} has no rows: its search has not finished an epoch")
