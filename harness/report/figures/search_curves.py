"""How searches went: loss, entropy, skip connections and, for the record, accuracy of the choice, over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from harness.errors import HarnessError
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

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


class Run(NamedTuple):
    """One search: what the legend calls it, and its log. Runs of one label, such as seeds, look alike."""

    label: str
    log: pd.DataFrame


def search_curves(runs: Sequence[Run], *, record_label: str = "Accuracy") -> Figure:
    """Validation loss, entropy and skip connections over the epochs, and what was never shown to the search.

    A search that collapses shows as skip connections that pile up while its validation loss still falls.

    Args:
        runs: logs with the columns `epoch`, `validation_loss`, `entropy_nats`, `skip_connections`; where some have a
            column that ends in `_for_the_record`, a fourth panel draws it.
        record_label: what that panel shows.

    Returns:
        A figure of 6.9 inches; epochs along the x-axis, or the share of each search that is over where their numbers of
        epochs differ. pyplot does not know of it.

    Raises:
        HarnessError: no runs, a log without rows, or one that lacks a column.
    """
    _check(runs)
    record = next((name for run in runs for name in run.log.columns if name.endswith(FOR_THE_RECORD)), None)
    panels = dict(_PANELS) if record is None else {**_PANELS, record: record_label}
    labels = list(dict.fromkeys(run.label for run in runs))
    shares = len({int(run.log["epoch"].max()) for run in runs}) > 1
    across = 3 if record is None else 2
    rows = -(-len(panels) // across)
    with matplotlib.rc_context(dict(STYLE)):
        figure = Figure(figsize=(PAGE_WIDTH_INCHES, rows * _ROW_INCHES + _LEGEND_INCHES), layout="constrained")
        grid = figure.subplots(rows, across, squeeze=False).ravel()
        for axes, (column, title) in zip(grid, panels.items(), strict=True):
            for run in runs:
                if column in run.log.columns:
                    _draw(axes, run, column, labels.index(run.label), shares=shares)
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


def _draw(axes: Axes, run: Run, column: str, place: int, *, shares: bool) -> None:
    epochs = run.log["epoch"].to_numpy(dtype=float)
    along = 100 * epochs / epochs.max() if shares else epochs
    axes.plot(
        along,
        run.log[column].to_numpy(dtype=float),
        color=COLOURS[place % len(COLOURS)],
        linestyle=_DASHES[place // len(COLOURS) % len(_DASHES)],
        marker="o",
        markersize=2.0,
        drawstyle="steps-post" if column == "skip_connections" else "default",
        label=run.label,
    )


def _lines(axes: Axes) -> dict[str, Line2D]:
    """A line for each label, the first of those that look alike."""
    return {str(line.get_label()): line for line in reversed(axes.get_lines())}


def _check(runs: Sequence[Run]) -> None:
    if not runs:
        raise HarnessError("there is no search to draw")
    for run in runs:
        lacking = [name for name in ("epoch", *_PANELS) if name not in run.log.columns]
        if lacking:
            raise HarnessError(f"the log of {run.label} lacks: {', '.join(lacking)}")
        if run.log.empty:
            raise HarnessError(f"the log of {run.label} has no rows: its search has not finished an epoch")
