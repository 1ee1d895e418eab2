"""The ranking: a table to sort, with a picture of the intervals."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.report.cells import EN_DASH, MINUS, interval, number, percentage, value_decimals
from harness.report.tables.evidence import CEILING_IS_NO_BOUND
from harness.report.webpage.against import Against
from harness.report.webpage.content import Content
from harness.report.webpage.section import Section
from harness.stats.names import BASELINES, COEFFICIENTS

_HEADINGS = {"spearman": "Spearman", "kendall_tau_b": "Kendall τ-b", "weighted_tau": "weighted τ", "pearson": "Pearson"}
_OTHER_HEADINGS = ("percentile of first", "best of first 10", "n", "failed")
_CHART_WIDTH = 124.0
_FAR_BELOW = -0.4  # a label there does not touch that of 0


class Cell(NamedTuple):
    """A cell of a table: its text, the number that it is sorted by (empty: there is none), its interval and verdict."""

    text: str
    value: str
    interval: str = ""
    verdict: str = ""


def ranking_section(content: Content) -> Section:
    """How well each proxy ranks, with intervals, beside the baselines and the ceiling."""
    ranking = content.ranking
    low, high = _chart_limits(content)

    def across(value: float) -> float:
        return round(_CHART_WIDTH * (value - low) / (high - low), 1)

    params = ranking.loc[ranking["proxy"] == "params", "spearman"]
    marks = [("baseline", across(float(params.iloc[0])))] if params.notna().any() else []
    marks += [("ceiling", across(content.ceiling[0]))] if content.ceiling else []
    ticks = [(across(value), f"{value:g}".replace("-", MINUS)) for value in (0.0, 0.5, high)]
    ticks = [(across(low), f"{low:g}".replace("-", MINUS)), *ticks] if low <= _FAR_BELOW else ticks
    rows = [_row(content, row, across) for _, row in ranking.iterrows()]
    against = content.against if isinstance(content.against, Against) else None
    spearman, *others = _HEADINGS.values()
    headings = [spearman, *([f"against {against.name}"] if against else []), *others]
    values: dict[str, Any] = {
        "headings": [*headings, f"{content.measured} of first", *_OTHER_HEADINGS],
        "rows": rows,
        "chart": {"width": _CHART_WIDTH, "zero": across(0.0), "marks": marks, "ticks": ticks, "low": low},
        "remarks": list(content.remarks),
        "ceiling": content.ceiling and (number(content.ceiling[0], 3), content.ceiling[1], CEILING_IS_NO_BOUND),
        "against": against,
        "not_compared": "" if against else content.against or "",
        "has_baseline": params.notna().any(),
    }
    return Section("ranking", "Ranking", values)


def _row(content: Content, row: pd.Series[Any], across: Any) -> dict[str, Any]:
    cells = [_coefficient(row[name], *_ends(row, name)) for name in COEFFICIENTS]
    if isinstance(content.against, Against):
        cells.insert(1, _against_cell(content.against, row["proxy"]))
    decimals = value_decimals(content.ranking)
    plain = {"best_accuracy": decimals, "best_percentile": 1, "top10_best": decimals, "n": 0}
    cells += [Cell(number(row[name], places, minus=MINUS), _sorted_by(row[name])) for name, places in plain.items()]
    cells.append(Cell(percentage(row["failed"]), _sorted_by(row["failed"])))
    ends = (*_ends(row, "spearman"), row["spearman"])
    drawn = None if any(map(math.isnan, ends)) else [across(value) for value in ends]
    return {"proxy": row["proxy"], "baseline": row["proxy"] in BASELINES, "cells": cells, "interval": drawn}


def _coefficient(value: float, low: float, high: float) -> Cell:
    shown = "" if math.isnan(value) else interval(low, high, minus=MINUS)
    return Cell(number(value, 2, minus=MINUS), _sorted_by(value), shown)


def _against_cell(against: Against, proxy: str) -> Cell:
    """The difference, and in words what it says; a dash for the proxy itself, and for what was not compared."""
    found = against.frame[against.frame["proxy"] == proxy]
    if found.empty or proxy == against.name:
        return Cell(EN_DASH, "" if found.empty else "0.0")
    row = found.iloc[0]
    shown = interval(row["difference_low"], row["difference_high"], minus=MINUS)
    return Cell(number(row["difference"], 2, minus=MINUS), _sorted_by(row["difference"]), shown, row["verdict"])


def _ends(row: pd.Series[Any], name: str) -> tuple[float, float]:
    return row[f"{name}_low"], row[f"{name}_high"]


def _sorted_by(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _chart_limits(content: Content) -> tuple[float, float]:
    """Ends of the picture of the intervals: 0 and 1, or wider in steps of 0.2 where something drawn is negative."""
    drawn = [0.0, *content.ranking[["spearman", "spearman_low"]].min(), content.ceiling[0] if content.ceiling else 0.0]
    return math.floor(5 * np.nanmin(drawn)) / 5, 1.0
