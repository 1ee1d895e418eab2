"""The ranking: every coefficient of a proxy with its interval, and what its highest scores find."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd

from harness.evaluation.pools import POOLS
from harness.evaluation.ranking import Ranking
from harness.report.cells import best_printed, number, plus_minus, value_decimals
from harness.report.frames import baselines_start
from harness.report.tables.headings import COEFFICIENTS, FAILED, ranking_headings
from harness.report.tables.sheet import Cell, Sheet, escaped, estimated
from harness.text.presented import PROVENANCE

NAMES = COEFFICIENTS


def ranking_sheet(
    ranking: Ranking, title: str | None = None, caption: str | None = None, *, whole: bool = False
) -> Sheet:
    """The ranking, the baselines below a line; the share of failures if there are some; in LaTeX the best is bold.

    Coefficients of several seeds are followed by their standard deviation over the seeds, with a note below the table.
    In text intervals and then columns give way where a terminal is narrow, the least important first; the names and
    Spearman's coefficients stay.

    Args:
        ranking: the ranking to show, from `harness.correlate`.
        title: the line above the table; by default it names the column that was ranked by.
        caption: the caption of the LaTeX table, in LaTeX; by default it names the column that was ranked by and
            says what the headings stand for, as each caption does; an empty one makes a bare `tabular`.
        whole: whether the share of failures is there even if nothing failed.
    """
    frame = ranking.frame
    decimals = value_decimals(frame)
    headings = ranking_headings(ranking.value_name)
    first, percentile, best = (heading.text for heading in headings[-5:-2])
    columns: list[list[Any]] = [list(map(str, frame["proxy"]))]
    columns += [_coefficients(frame, name, ranking.higher_is_better) for name in NAMES]
    columns += [[number(value, decimals) for value in frame["best_accuracy"]]]
    columns += [[number(value, 1) for value in frame["best_percentile"]]]
    columns += [[number(value, decimals) for value in frame["top10_best"]], [f"{value:,}" for value in frame["n"]]]
    columns += [[number(100 * share, 1) for share in frame["failed"]]]
    sheet = Sheet.of(
        f"Rank correlation with {ranking.column}{_of_pool(ranking)}" if title is None else title,
        headings,
        zip(*columns, strict=True),
        ruled_above=baselines_start(frame),
        gives_way=(
            NAMES["pearson"], NAMES["weighted_tau"], NAMES["pearson"], "n", percentile, NAMES["weighted_tau"],
            NAMES["kendall_tau_b"], FAILED, first, NAMES["kendall_tau_b"], best,
        ),
        notes=tuple(filter(None, [ranking.over_seeds])),
        caption=_caption(ranking) if caption is None else caption,
    )  # fmt: skip
    return sheet if whole or (frame["failed"] > 0).any() else sheet.without(FAILED)


def _of_pool(ranking: Ranking) -> str:
    return f", {POOLS[ranking.pool].words}" if ranking.pool else ""


def _caption(ranking: Ranking) -> str:
    direction = "" if ranking.higher_is_better else ", of which less is better"
    over = ""
    if ranking.seeds:
        direction += rf", mean $\pm$ standard deviation over {len(ranking.seeds)} seeds"
        over = " over architectures and seeds"
    return (
        f"Rank correlation of training-free proxies with {escaped(ranking.column)}{direction}"
        f"{_of_pool(ranking)}, "
        f"with {_level(ranking)}\\,\\% bootstrap intervals{over}."
    )


def _level(ranking: Ranking) -> str:
    """Confidence level of the intervals in per cent, 95 where the ranking does not carry its own."""
    made = ranking.frame.attrs.get(PROVENANCE) or {}
    return f"{100 * float(made.get('bootstrap', {}).get('confidence', 0.95)):g}"


def _coefficients(frame: pd.DataFrame, name: str, higher_is_better: bool) -> list[Cell]:
    best = best_printed(frame[name], highest=higher_is_better)
    rows = frame.to_dict("records")
    cells = [replace(cell, best=cell.text == best) for cell in (estimated(row, name) for row in rows)]
    return [
        replace(cell, text=cell.text + plus_minus(deviation, 2))
        for cell, deviation in zip(cells, (float(row.get(f"{name}_std", math.nan)) for row in rows), strict=True)
    ]
