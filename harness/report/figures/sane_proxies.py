"""The figure of the study of SANE's genotypes: coefficients of proxies, supernets and sizes, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.figures.page import empty_page
from harness.report.figures.style import COLOURS, PAGE_WIDTH_INCHES, STYLE

_ROW_INCHES, _BELOW_INCHES = 0.155, 0.7
_PROXY, _SUPERNET, _LAST = COLOURS[0], COLOURS[1], "#333333"


def coefficients_figure(frame: pd.DataFrame, last: Sequence[str], kinds: Sequence[str]) -> Figure:
    """Spearman's coefficient with each column of accuracy: a panel for each column, the proxies in one order.

    Args:
        frame: `table`, `column`, `proxy` and `spearman` with its interval.
        last: names of the rows that stand below the others.
        kinds: the beginnings of the names of supernets' scores.

    Returns:
        A figure of 6.9 inches, a row of panels for each table, of which pyplot does not know.
    """
    small = (
        "Spearman's coefficient with 95 % intervals over resampled genotypes. Blue: proxies; orange: scores of a "
        "trained supernet, whose seed ends the name; black: what needs no network, validation accuracy of the same "
        "training, and another training of the networks that were trained twice."
    )
    tables = list(dict.fromkeys(frame["table"]))
    most = max(part["column"].nunique() for _, part in frame.groupby("table"))
    rows = max(part["proxy"].nunique() for _, part in frame.groupby("table"))
    with matplotlib.rc_context(dict(STYLE)):
        height = len(tables) * (_ROW_INCHES * rows + _BELOW_INCHES)
        figure = empty_page(PAGE_WIDTH_INCHES, height, small)
        panels = figure.subplots(len(tables), most, squeeze=False)
        for pair, table in zip(panels, tables, strict=True):
            own = frame[frame["table"] == table]
            columns = list(dict.fromkeys(own["column"]))
            order = _order(own[own["column"] == columns[0]], last)
            for panel, column in zip(pair, columns, strict=False):
                _points(panel, own[own["column"] == column].set_index("proxy"), order, last, kinds)
                panel.set_title(str(column))
            for panel in pair[1:]:
                panel.set_yticks([])
    return figure


def _order(frame: pd.DataFrame, last: Sequence[str]) -> list[str]:
    above = frame[~frame["proxy"].isin(last)].sort_values("spearman", ascending=False, kind="stable")
    return [*above["proxy"], *(name for name in last if name in set(frame["proxy"]))]


def _points(panel: Axes, frame: pd.DataFrame, order: Sequence[str], last: Sequence[str], kinds: Sequence[str]) -> None:
    rows = frame[["spearman", "spearman_low", "spearman_high"]].dropna().astype(float)
    found = dict(zip(map(str, rows.index), rows.to_numpy().tolist(), strict=True))
    for place, name in enumerate(order):
        if name not in found:
            continue
        value, low, high = found[name]
        colour = _LAST if name in last else _SUPERNET if name.startswith(tuple(kinds)) else _PROXY
        panel.plot([low, high], [place] * 2, color=colour, linewidth=1)
        panel.plot([value], [place], "o", color=colour, markersize=3)
    panel.axvline(0, color="#999999", linewidth=0.6)
    panel.set_yticks(range(len(order)), order, fontsize=6.5)
    panel.set_ylim(len(order) - 0.5, -0.5)
    panel.set_xlim(-1, 1)
    panel.set_xlabel("Spearman's ρ")
