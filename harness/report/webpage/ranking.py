"""The ranking: a table to sort, with a picture of the intervals."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.evaluation.ceiling import Ceiling
from harness.evaluation.comparison import Comparison
from harness.report.cells import EN_DASH, MINUS, interval, number, percentage, plus_minus, value_decimals
from harness.report.tables.evidence import CEILING_IS_NO_BOUND, left_out_of_comparison, tested
from harness.report.tables.ranking import NAMES
from harness.report.webpage.content import Content, Section
from harness.stats.names import BASELINES

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
    """How well each proxy ranks, with intervals, next to the baselines and the ceiling."""
    frame, ceiling = content.frame, _signed_ceiling(content)
    low, high = _chart_limits(frame, ceiling)

    def across(value: float) -> float:
        return round(_CHART_WIDTH * (value - low) / (high - low), 1)

    params = frame.loc[frame["proxy"] == "params", "spearman"]
    marks = [("baseline", across(float(params.iloc[0])))] if params.notna().any() else []
    marks += [("ceiling", across(ceiling))] if content.ceiling else []
    ticks = [(across(value), f"{value:g}".replace("-", MINUS)) for value in (0.0, 0.5, high)]
    ticks = [(across(low), f"{low:g}".replace("-", MINUS)), *ticks] if low <= _FAR_BELOW else ticks
    comparison = content.comparison
    compared = comparison if isinstance(comparison, Comparison) else None
    spearman, *others = NAMES.values()
    headings = [spearman, *([f"against {compared.against}"] if compared else []), *others]
    values: dict[str, Any] = {
        "headings": [*headings, f"{content.ranking.value_name} of first", *_OTHER_HEADINGS],
        "rows": [_row(content, row, across) for _, row in frame.iterrows()],
        "chart": {"width": _CHART_WIDTH, "zero": across(0.0), "marks": marks, "ticks": ticks, "low": low},
        "notes": [
            note for note in (content.ranking.over_seeds, content.ranking.direction, content.ranking.uneven) if note
        ],
        "ceiling": content.ceiling and (number(ceiling, 3), _trainings(content.ceiling), CEILING_IS_NO_BOUND),
        "against": compared and {"words": compared.words, "notes": [*_notes(content, compared), *_of_means(content)]},
        "not_compared": comparison if isinstance(comparison, str) else "",
        "has_baseline": params.notna().any(),
    }
    return Section("ranking", "Ranking", values)


def _signed_ceiling(content: Content) -> float:
    """Spearman of one training with another, negative where lower values are better; 0 where it is not known."""
    return content.ranking.sign * content.ceiling.spearman if content.ceiling else 0.0


def _trainings(ceiling: Ceiling) -> str:
    return f"one training of these architectures against another, the mean over {ceiling.pairs} pairs of trainings"


def _notes(content: Content, comparison: Comparison) -> list[str]:
    """How proxies were compared and what is left out, in sentences."""
    name, against = NAMES[comparison.coefficient], comparison.against
    notes = [f"Against {against}: {name} less that of {against}, by a paired bootstrap. {tested(comparison)}"]
    notes += left_out_of_comparison(comparison)
    if not content.ranking.higher_is_better:
        notes.append(f"Lower values are better: here, {name} is turned round, so that a positive difference is better.")
    return notes


def _row(content: Content, row: pd.Series[Any], across: Any) -> dict[str, Any]:
    cells = [_coefficient(row[name], *_ends(row, name), row.get(f"{name}_std", math.nan)) for name in NAMES]
    if isinstance(content.comparison, Comparison):
        cells.insert(1, _against(content.comparison, row["proxy"]))
    decimals = value_decimals(content.frame)
    plain = {"best_accuracy": decimals, "best_percentile": 1, "top10_best": decimals, "n": 0}
    cells += [Cell(number(row[name], places, minus=MINUS), _sorted_by(row[name])) for name, places in plain.items()]
    cells.append(Cell(percentage(row["failed"]), _sorted_by(row["failed"])))
    ends = (*_ends(row, "spearman"), row["spearman"])
    drawn = None if any(map(math.isnan, ends)) else [across(value) for value in ends]
    return {"proxy": row["proxy"], "baseline": row["proxy"] in BASELINES, "cells": cells, "interval": drawn}


def _coefficient(value: float, low: float, high: float, deviation: float) -> Cell:
    shown = "" if math.isnan(value) else interval(low, high, minus=MINUS)
    return Cell(number(value, 2, minus=MINUS) + plus_minus(deviation, 2), _sorted_by(value), shown)


def _against(comparison: Comparison, proxy: str) -> Cell:
    """The difference, and in words what it says; a dash for the proxy itself, and for what was not compared."""
    found = comparison.frame[comparison.frame["proxy"] == proxy]
    if found.empty or proxy == comparison.against:
        return Cell(EN_DASH, "" if found.empty else "0.0")
    row = found.iloc[0]
    shown = interval(row["difference_low"], row["difference_high"], minus=MINUS)
    return Cell(number(row["difference"], 2, minus=MINUS), _sorted_by(row["difference"]), shown, row["verdict"])


def _ends(row: pd.Series[Any], name: str) -> tuple[float, float]:
    return row[f"{name}_low"], row[f"{name}_high"]


def _sorted_by(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _chart_limits(frame: pd.DataFrame, ceiling: float) -> tuple[float, float]:
    """Ends of the picture of the intervals: 0 and 1, or wider in steps of 0.2 where something drawn is negative."""
    drawn = [0.0, *frame[["spearman", "spearman_low"]].min(), ceiling]
    return math.floor(5 * np.nanmin(drawn)) / 5, 1.0


def _of_means(content: Content) -> list[str]:
    return [content.ranking.of_mean_scores] if content.ranking.of_mean_scores else []
