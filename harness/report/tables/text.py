"""The ranking table for a terminal."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from harness.report.cells import estimate, number, value_decimals
from harness.report.frames import checked_ranking, is_baseline
from harness.report.tables.plain import plain_table, prose, terminal_width
from harness.stats.names import COEFFICIENTS

_HEADINGS = {
    "proxy": "proxy",
    "spearman": "Spearman",
    "kendall_tau_b": "Kendall τ-b",
    "weighted_tau": "weighted τ",
    "pearson": "Pearson",
    "best_accuracy": "{measured}\nof first",
    "best_percentile": "percentile\nof first",
    "top10_best": "best of\nfirst 10",
    "n": "n",
    "failed": "failed",
}
# What gives way where the terminal is narrow, the least important first. A coefficient named for the first time loses
# its interval, for the second time its column.
_GIVEN_UP = (
    "pearson",
    "weighted_tau",
    "pearson",
    "n",
    "best_percentile",
    "weighted_tau",
    "kendall_tau_b",
    "failed",
    "best_accuracy",
    "kendall_tau_b",
    "top10_best",
)


def ranking_text(
    ranking_frame: pd.DataFrame, title: str, width: int | None = None, *, measured: str = "accuracy"
) -> str:
    """The ranking as a plain table: a coefficient reads `0.60 [0.53, 0.66]`, the baselines stand below a line.

    Args:
        ranking_frame: see `harness.report.frames.checked_ranking`; its order is kept.
        title: printed above the table, literally.
        width: characters a line; by default the terminal's, or 100 where there is none.
        measured: what the column that was ranked by holds, in a word, for the headings.

    Returns:
        Lines without colour codes, the last one without a line break. Where `width` is too small, intervals and then
        columns give way, the least important first, and a last line names the columns left out; no cell is ever
        wrapped. The names and Spearman's coefficients stay, even where they are wider than `width`. NaN is an en dash.

    Raises:
        ScoresError: an empty frame, a missing column (named), a proxy twice, or values that are not numbers.
    """
    ranking = checked_ranking(ranking_frame)
    width = terminal_width(width)
    headings = {name: heading.format(measured=measured) for name, heading in _HEADINGS.items()}
    table, left_out = _fitting_table(ranking, headings, width)
    lines = [*prose(title, width), "", *table]
    if left_out:
        names = ", ".join(headings[name].replace("\n", " ") for name in left_out)
        lines += ["", *prose(f"Left out at this width: {names}.", width)]
    return "\n".join(lines)


def _fitting_table(ranking: pd.DataFrame, headings: dict[str, str], width: int) -> tuple[list[str], list[str]]:
    """The fullest table that fits, as lines, and the columns that it leaves out."""
    bare: list[str] = []
    left_out: list[str] = []
    lines = _table_lines(ranking, headings, bare, left_out)
    for name in _GIVEN_UP:
        if max(map(len, lines)) <= width:
            break
        (bare if name in COEFFICIENTS and name not in bare else left_out).append(name)
        lines = _table_lines(ranking, headings, bare, left_out)
    return lines, left_out


def _table_lines(
    ranking: pd.DataFrame, headings: dict[str, str], bare: Collection[str], left_out: Collection[str]
) -> list[str]:
    """The table without the columns `left_out`, the coefficients in `bare` without their intervals."""
    names = [name for name in headings if name not in left_out]
    baseline = is_baseline(ranking).tolist()
    return plain_table(
        [headings[name] for name in names],
        list(zip(*(_cells(ranking, name, name in bare) for name in names), strict=True)),
        left=[headings[name] for name in ("proxy", *COEFFICIENTS)],
        ruled_above=[row for row in range(1, len(ranking)) if baseline[row] and not baseline[row - 1]],
    )


def _cells(ranking: pd.DataFrame, name: str, is_bare: bool) -> list[str]:
    """The column `name` of a checked ranking frame as text."""
    values = ranking[name].tolist()
    if name == "proxy":
        return values
    if name == "failed":
        return [number(100 * value, 1) + ("" if value != value else " %") for value in values]
    if name in COEFFICIENTS and not is_bare:
        ends = zip(ranking[f"{name}_low"], ranking[f"{name}_high"], strict=True)
        return _aligned([estimate(value, low, high) for value, (low, high) in zip(values, ends, strict=True)])
    decimals = {"n": 0, "best_percentile": 1, "best_accuracy": value_decimals(ranking)}
    decimals |= {"top10_best": value_decimals(ranking), **dict.fromkeys(COEFFICIENTS, 2)}
    cells = [number(value, decimals[name]) for value in values]
    return _aligned(cells) if name in COEFFICIENTS else cells


def _aligned(cells: list[str]) -> list[str]:
    """Coefficients with room for a sign if one of them has it, so that their points stand below each other."""
    if not any(cell.startswith("-") for cell in cells):
        return cells
    return [cell if cell.startswith("-") else f" {cell}" for cell in cells]
