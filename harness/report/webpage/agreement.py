"""Proxies against each other: a heat map that is a table."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from harness.report.cells import MINUS, number
from harness.report.webpage.colours import coefficient_colours
from harness.report.webpage.content import Content
from harness.report.webpage.numbers import agreement
from harness.report.webpage.section import Section


class HeatCell(NamedTuple):
    """A coefficient: its text, and the colours behind and of it, None where it is undefined."""

    text: str
    colours: tuple[str, str] | None


def heat_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of coefficients for the template of a heat map."""
    return [
        {"name": str(name), "cells": [HeatCell(_short(value), coefficient_colours(value)) for value in row]}
        for name, row in zip(frame.index, frame.to_numpy(dtype=float).tolist(), strict=True)
    ]


def agreement_section(content: Content) -> Section | None:
    """Spearman's coefficient of every proxy with every other; nothing where there is one proxy only."""
    frame = agreement(content)
    if len(frame) < 3:
        return None
    values = {"rows": heat_rows(frame), "columns": list(map(str, frame.columns)), "content": content}
    return Section("agreement", "Proxies against each other", values)


def _short(value: float) -> str:
    """Two decimals without the leading zero, to fit a small cell."""
    text = number(value, 2, minus=MINUS)
    return text.replace("0.", ".", 1) if text not in ("0.00", "1.00") else text[:1]
