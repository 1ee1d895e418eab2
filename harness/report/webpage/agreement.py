"""Coefficients as heat maps that are tables: proxies against each other, in other settings, by other columns."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from harness.evaluation.agreement import agreement, agreement_over_settings
from harness.report.cells import MINUS, number
from harness.report.tables.matrix import coefficients_by_column
from harness.report.webpage.colours import coefficient_colours
from harness.report.webpage.content import Content, Section


class HeatCell(NamedTuple):
    """A coefficient: its text, and the colours behind and of it, None where it is undefined."""

    text: str
    colours: tuple[str, str] | None


def agreement_section(content: Content) -> Section | None:
    """Spearman's coefficient of every proxy with every other; nothing where there is one proxy only."""
    order = [content.ranking.column, *content.proxies]
    if len(order) < 3:
        return None
    frame = agreement(content.ranking).loc[order, order]
    return Section("agreement", "Proxies against each other", {**_heat(frame), "column": content.ranking.column})


def stability_section(content: Content) -> Section | None:
    """How alike a proxy ranks in other settings; nothing where there are none."""
    frame = agreement_over_settings(content.ranking, content.settings)
    if frame.empty:
        return None
    frame = frame.loc[[proxy for proxy in content.proxies if proxy in frame.index]]
    return Section("stability", "The same proxy in other settings", _heat(frame))


def columns_section(content: Content) -> Section | None:
    """How well each proxy ranks by other columns; nothing where there are none."""
    if not content.others:
        return None
    rankings = [content.ranking, *content.others]
    frame = coefficients_by_column(rankings)
    frame = frame.loc[[*content.proxies, *(name for name in frame.index if name not in content.proxies)]]
    lower = [ranking.column for ranking in rankings if not ranking.higher_is_better]
    return Section("columns", "The same proxy by other columns", {**_heat(frame), "lower": lower})


def _heat(frame: pd.DataFrame) -> dict[str, Any]:
    """Coefficients for the template of a heat map."""
    rows = [
        {"name": str(name), "cells": [HeatCell(_short(value), coefficient_colours(value)) for value in row]}
        for name, row in zip(frame.index, frame.to_numpy(dtype=float).tolist(), strict=True)
    ]
    return {"rows": rows, "columns": list(map(str, frame.columns))}


def _short(value: float) -> str:
    """Two decimals without the leading zero, to fit a small cell."""
    text = number(value, 2, minus=MINUS)
    return text.replace("0.", ".", 1) if text not in ("0.00", "1.00") else text[:1]
