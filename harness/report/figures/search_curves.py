"""How searches went: loss, entropy, skip connections and, for the record, accuracy of the choice, over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from harness.errors import HarnessError
from harness.evaluation.columns import FOR_THE_RECORD
from harness.report.figures.lines import wrapped
from harness.report.figures.runs_line import Look, draw_runs
from harness.report.figures.style import PAGE_WIDTH_INCHES, SMALL_POINTS, STYLE

if TYPE_CHECKING:
    from harness.search import SearchResult

_LOSS, _COUNTS = "validation_loss", "skip_connections"
_PANELS = {
    _LOSS: "Validation loss",
    "entropy_nats": "Entropy of the operation weights (nats)",
    _COUNTS: "Skip connections in the choice",
}
_MOST_TOGETHER = 3
"""Most names whose lines share a panel; more have a row of panels each."""
_PANEL_INCHES, _ROW_INCHES, _LINE_INCHES = 1.8, 0.8, 0.16
_HANDLE_INCHES, _MARGIN_INCHES = 0.5, 0.6
_POINTS, _BOLD_WIDER = 8.0, 1.12
_CHARACTER_INCHES = 0.53 * _POINTS / 72
_BAND = "Lines of several runs are their mean; bands go from the smallest to the largest of them."


class _Curves(NamedTuple):
    """What is drawn: the logs of each name, the titles of the panels by column, and the x-axis."""

    logs: Mapping[str, list[pd.DataFrame]]
    panels: Mapping[str, str]
    record: str | None
    shares: bool

    @property
    def x_label(self) -> str:
        return "Share of the search (%)" if self.shares else "Epoch"

    @property
    def most_skips(self) -> int:
        return max(int(log[_COUNTS].max()) for logs in self.logs.values() for log in logs)

    @property
    def note(self) -> str:
        return _BAND if any(len(logs) > 1 for logs in self.logs.values()) else ""


def search_curves(
    searches: Sequence[tuple[str, SearchResult | pd.DataFrame]], *, record_label: str = "Accuracy"
) -> Figure:
    """Validation loss, entropy and skip connections over the epochs, and what was never shown to the search.

    A search that collapses shows as skip connections that pile up while its validation loss still falls. Up to three
    names share their panels; of more, each has a row of panels of its own, on the same axes.

    Args:
        searches: name of each search, and its result or the log of it; those of one name, such as seeds, become their
            mean and a band from the smallest to the largest where they have the same epochs. A log has the columns
            `epoch`, `validation_loss` (NaN of a method that trains nothing, which has no line then), `entropy_nats`,
            `skip_connections`; where some have a column that ends in `_for_the_record`, another panel draws it.
        record_label: what that panel shows.

    Returns:
        A figure of 6.9 inches; epochs along the x-axis, or the share of each search that is over where their numbers of
        epochs differ. pyplot does not know of it.

    Raises:
        HarnessError: no searches, a log without rows, or one that lacks a column.
    """
    found = [(label, log if isinstance(log, pd.DataFrame) else log.log) for label, log in searches]
    _check(found)
    logs: dict[str, list[pd.DataFrame]] = {}
    for label, log in found:
        logs.setdefault(label, []).append(log)
    recorded = (name for _, log in found for name in log.columns[log.notna().any()] if name.endswith(FOR_THE_RECORD))
    record = next(recorded, None)
    panels = dict(_PANELS) if record is None else {**_PANELS, record: record_label}
    if not any(log[_LOSS].notna().any() for _, log in found):
        del panels[_LOSS]
    curves = _Curves(logs, panels, record, len({int(log["epoch"].max()) for _, log in found}) > 1)
    with matplotlib.rc_context(dict(STYLE)):
        return _together(curves) if len(logs) <= _MOST_TOGETHER else _row_by_row(curves)


def _together(curves: _Curves) -> Figure:
    """One panel for each column, with the lines of all names, and a legend below."""
    across = 2 if len(curves.panels) in (2, 4) else 3
    rows = -(-len(curves.panels) // across)
    labels = {label: wrapped(label, PAGE_WIDTH_INCHES - _MARGIN_INCHES, _POINTS) for label in curves.logs}
    longest = max(len(line) for label in labels.values() for line in label.split("\n"))
    beside = int(PAGE_WIDTH_INCHES / (longest * _CHARACTER_INCHES + _HANDLE_INCHES))
    columns = max(1, min(len(labels), beside))
    lines = sum(label.count("\n") + 1 for label in labels.values()) if columns == 1 else -(-len(labels) // columns)
    titles = _titles(curves.panels, across)
    above = max(title.count("\n") + 1 for title in titles.values()) * _LINE_INCHES
    height = rows * (_PANEL_INCHES + above) + (lines + 1 + bool(curves.note)) * _LINE_INCHES
    figure = Figure(figsize=(PAGE_WIDTH_INCHES, height), layout="constrained")
    grid = figure.subplots(rows, across, squeeze=False).ravel()
    for axes, column in zip(grid, curves.panels, strict=True):
        for place, logs in enumerate(curves.logs.values()):
            draw_runs(axes, logs, column, Look.of(place), shares=curves.shares, steps=column == _COUNTS)
        axes.set_title(titles[column], parse_math=False)
        axes.set_ylabel("for the record" if column == curves.record else "")
        _set_axes(axes, column, curves)
    for axes in grid[-across:]:
        axes.set_xlabel(curves.x_label)
    looks = [Look.of(place) for place in range(len(labels))]
    handles = [Line2D([], [], color=look.colour, linestyle=look.dashes, marker="o", markersize=2.0) for look in looks]
    legend = figure.legend(
        handles, list(labels.values()), loc="outside lower center", ncols=columns, frameon=False,
        title=curves.note or None, title_fontsize=SMALL_POINTS,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _row_by_row(curves: _Curves) -> Figure:
    """A row of panels for each name, below the name; columns share their axes, so that rows can be compared."""
    across = len(curves.panels)
    record = {} if curves.record is None else {curves.record: f"{curves.panels[curves.record]}, for the record"}
    titles = _titles({**curves.panels, **record}, across)
    labels = {
        label: wrapped(_with_runs(label, logs), PAGE_WIDTH_INCHES - _MARGIN_INCHES, _POINTS * _BOLD_WIDER)
        for label, logs in curves.logs.items()
    }
    lines = [label.count("\n") + 1 for label in labels.values()]
    above = max(title.count("\n") + 1 for title in titles.values()) + 3 + bool(curves.note)
    height = len(labels) * _ROW_INCHES + (sum(lines) + above) * _LINE_INCHES
    figure = Figure(figsize=(PAGE_WIDTH_INCHES, height), layout="constrained")
    grid = figure.subplots(len(labels), across, squeeze=False, sharex=True, sharey="col")
    for row, (label, logs) in enumerate(curves.logs.items()):
        for axes, column in zip(grid[row], curves.panels, strict=True):
            drawn = draw_runs(axes, logs, column, Look.of(0), shares=curves.shares, steps=column == _COUNTS)
            if not drawn:
                _say_nothing_to_draw(axes, "trains no weights" if column == _LOSS else "not known")
            heading = f"{titles[column]}\n\n" if row == 0 else ""
            axes.set_title(heading + "\n".join([" "] * lines[row]), parse_math=False)  # room for the name
            _set_axes(axes, column, curves)
        _write_name(grid[row, 0], labels[label])
    for axes in grid[-1]:
        axes.set_xlabel(curves.x_label)
    if curves.note:
        figure.supxlabel(curves.note, fontsize=SMALL_POINTS)
    return figure


def _with_runs(label: str, logs: Sequence[pd.DataFrame]) -> str:
    return label if len(logs) == 1 else f"{label} ({len(logs)} runs)"


def _write_name(axes: Axes, label: str) -> None:
    """The name of a row above its first panel; it may reach over the others, so the layout does not see it."""
    text = axes.annotate(
        label, (0, 1), xytext=(0, matplotlib.rcParams["axes.titlepad"]), xycoords="axes fraction",
        textcoords="offset points", verticalalignment="bottom", annotation_clip=False, parse_math=False,
        fontstyle="italic",
    )  # fmt: skip
    text.set_in_layout(False)


def _say_nothing_to_draw(axes: Axes, why: str) -> None:
    axes.text(0.5, 0.5, why, transform=axes.transAxes, color="#666666", fontsize=SMALL_POINTS, ha="center", va="center")


def _set_axes(axes: Axes, column: str, curves: _Curves) -> None:
    axes.grid(visible=True, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    if all(len(log) == 1 for logs in curves.logs.values() for log in logs):  # or the axis is split into hundredths
        axes.set_xlim(0, 2)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=column == _COUNTS))
    if column == _COUNTS:
        axes.set_ylim(-0.25, max(1, curves.most_skips) + 0.25)


def _titles(panels: Mapping[str, str], across: int) -> dict[str, str]:
    """The titles, broken into lines that are no wider than a panel."""
    width = (PAGE_WIDTH_INCHES - _MARGIN_INCHES) / across - 0.3
    return {column: wrapped(title, width, _POINTS * _BOLD_WIDER) for column, title in panels.items()}


def _check(searches: Sequence[tuple[str, pd.DataFrame]]) -> None:
    if not searches:
        raise HarnessError("there is no search to draw")
    for label, log in searches:
        lacking = [name for name in ("epoch", *_PANELS) if name not in log.columns]
        if lacking:
            raise HarnessError(f"the log of {label} lacks: {', '.join(lacking)}")
        if log.empty:
            raise HarnessError(f"the log of {label} has no rows: its search has not finished an epoch")
