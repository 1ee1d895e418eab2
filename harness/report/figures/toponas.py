"""Figures of the study toponas-cost: rows of dots beside published values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.evaluation.columns import TESTS
from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_ROW_INCHES, _HEAD_INCHES = 0.3, 0.75
_PUBLISHED = "published"
_IMAGENET16 = TESTS["imagenet16_120"]


class Dots(NamedTuple):
    """One series of a panel: at most one value a row, with its interval.

    Attributes:
        name: name in the legend.
        values: by the row's label the value and both ends of its interval.
    """

    name: str
    values: Mapping[str, tuple[float, float, float]]


def cost_figure(frame: pd.DataFrame, published: Mapping[str, float]) -> Figure:
    """Ratios of seconds and of saved bytes to the supernet path by path, a panel each; diamonds are published.

    Args:
        frame: from `harness.studies.searches.toponas.cost.cost_frame`.
        published: by method the published ratio of costs.
    """
    part = frame[frame["cpu_seconds_to_path_by_path"].notna()]
    labels = {f"{row['method']}, N = {row['depth']}": str(row["method"]) for row in part.to_dict("records")}
    known = {label: published[method] for label, method in labels.items() if method in published}
    panels = []
    for quantity, title in (("cpu_seconds", "CPU seconds of a step"), ("saved_bytes", "saved bytes of a pass")):
        name = f"{quantity}_to_path_by_path"
        series = [
            Dots(
                arm,
                {
                    f"{row['method']}, N = {row['depth']}": (row[name], row[f"{name}_low"], row[f"{name}_high"])
                    for row in part[part["arm"] == arm].to_dict("records")
                },
            )
            for arm in ("plain", "simplified", "own kernels")
        ]
        panels.append((title, series))
    small = (
        "One is a supernet that shares nothing. Lines: smallest and largest ratio of the rounds. Published: cost with "
        "TopoNAS over cost without, read from the project page's scatter to ±0.005; its definition was not seen."
    )
    return _rows_of_dots(panels, list(labels), known, 1.0, "ratio to path by path", small)


def changes_figure(frame: pd.DataFrame) -> Figure:
    """Changes of ImageNet16-120 accuracy with intervals, a row a search; diamonds are published.

    Args:
        frame: from `harness.studies.searches.toponas.changes.changes_frame`.
    """
    part = frame[(frame["column"] == _IMAGENET16) & (frame["base"] == "plain")]
    rows = part.to_dict("records")
    labels = list(dict.fromkeys(str(row["method"]) for row in rows))
    known = {str(row["method"]): float(row["published"]) for row in rows if row["published"] == row["published"]}
    series = [
        Dots(
            arm,
            {
                str(row["method"]): (row["change"], row["change_low"], row["change_high"])
                for row in rows
                if row["arm"] == arm
            },
        )
        for arm in dict.fromkeys(str(row["arm"]) for row in rows)
    ]
    small = (
        f"Differences of the same seed to the plain supernet, mean over at most {part['runs'].max()} seeds with "
        "Student's 95 % interval. Published: read from the project page's scatter to ±0.1 point."
    )
    return _rows_of_dots([("ImageNet16-120 test accuracy", series)], labels, known, 0.0, "change in points", small)


def _rows_of_dots(
    panels: Sequence[tuple[str, Sequence[Dots]]],
    labels: Sequence[str],
    published: Mapping[str, float],
    reference: float,
    x_label: str,
    small_print: str,
) -> Figure:
    with matplotlib.rc_context(dict(STYLE)):
        figure = empty_page(PAGE_WIDTH_INCHES, _HEAD_INCHES + _ROW_INCHES * len(labels), small_print)
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for panel, (title, series) in zip(axes, panels, strict=True):
            panel.axvline(reference, color="#999999", linewidth=0.6)
            for place, dots in enumerate(series):
                _draw(panel, dots, labels, 0.22 * (place - (len(series) - 1) / 2), COLOURS[place])
            rows = [row for row, label in enumerate(labels) if label in published]
            panel.plot(
                [published[labels[row]] for row in rows], rows, "D", color="black", markersize=3.6,
                markerfacecolor="none", markeredgewidth=0.7, label=_PUBLISHED, zorder=3,
            )  # fmt: skip
            panel.set_title(title, parse_math=False)
            panel.set_xlabel(x_label)
            panel.grid(axis="x")
        axes[0].set_yticks(range(len(labels)), labels, parse_math=False)
        axes[0].set_ylim(len(labels) - 0.5, -0.5)
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper right", ncols=len(names), frameon=False)
    return figure


def _draw(panel: Axes, dots: Dots, labels: Sequence[str], shift: float, colour: str) -> None:
    places = [row for row, label in enumerate(labels) if label in dots.values]
    values = [dots.values[labels[row]] for row in places]
    heights = [row + shift for row in places]
    panel.hlines(heights, [low for _, low, _ in values], [high for _, _, high in values], color=colour, linewidth=1.0)
    panel.plot([value for value, _, _ in values], heights, "o", color=colour, markersize=3, label=dots.name)
