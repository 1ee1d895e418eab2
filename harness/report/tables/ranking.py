"""The ranking: every coefficient of a proxy with its interval, and what its highest scores find."""

from __future__ import annotations

from typing import Any

import pandas as pd

from harness.report.cells import best_printed, interval, number, value_decimals
from harness.report.frames import COEFFICIENTS, checked_ranking, is_baseline
from harness.report.tables.sheet import Cell, Heading, Sheet, sheet_latex, sheet_markdown, sheet_text

NAMES = {
    "spearman": "Spearman",
    "kendall_tau_b": "Kendall τ-b",
    "weighted_tau": "weighted τ",
    "pearson": "Pearson",
}
"""The coefficients as they read in text."""
_LATEX = {
    "spearman": r"Spearman $\rho$",
    "kendall_tau_b": r"Kendall $\tau_b$",
    "weighted_tau": r"Weighted $\tau$",
    "pearson": "Pearson $r$",
}
_FAILED = "failed"


def ranking_text(
    ranking_frame: pd.DataFrame, title: str, width: int | None = None, *, measured: str = "accuracy"
) -> str:
    """The ranking for a terminal: a coefficient reads `0.60 [0.53, 0.66]`, the baselines stand below a line.

    Args:
        ranking_frame: see `harness.report.frames.checked_ranking`; its order is kept.
        title: printed above the table.
        width: characters a line; by default the terminal's, or 100 where there is none. Where it is too small,
            intervals and then columns give way, the least important first, and a last line names them. The names and
            Spearman's coefficients stay.
        measured: what the column that was ranked by holds, in a word, for the headings.

    Raises:
        ScoresError: what `checked_ranking` refuses.
    """
    return sheet_text(ranking_sheet(ranking_frame, title, measured=measured), width)


def ranking_markdown(ranking_frame: pd.DataFrame, title: str, *, measured: str = "accuracy") -> str:
    """The ranking as a Markdown table; arguments and errors as of `ranking_text`."""
    return sheet_markdown(ranking_sheet(ranking_frame, title, measured=measured).without(_FAILED))


def ranking_latex(
    ranking_frame: pd.DataFrame, caption: str | None = None, label: str | None = None, *, higher_is_better: bool = True
) -> str:
    r"""The ranking as a booktabs table; the best value of each coefficient is bold, baselines included.

    Needs `\usepackage{booktabs}`. "First" is the accuracy, or other value, of the highest-scored architecture, "Perc."
    its percentile, "Top 10" the best value among the ten highest-scored; the column of failures is there only if there
    are some.

    Args:
        ranking_frame: see `harness.report.frames.checked_ranking`; its order is kept, baselines below a rule.
        caption: LaTeX, not escaped. With a caption or a label the result is a `table` float, else a bare `tabular`.
        label: such as `tab:ranking`.
        higher_is_better: of the values that were ranked by; if not, the lowest coefficients are the best.

    Raises:
        ScoresError: what `checked_ranking` refuses.
    """
    sheet = ranking_sheet(ranking_frame, "", caption=caption or "", higher_is_better=higher_is_better)
    failed = (checked_ranking(ranking_frame)["failed"] > 0).any()
    return sheet_latex(sheet if failed else sheet.without(_FAILED), label)


def ranking_sheet(
    ranking_frame: pd.DataFrame,
    title: str,
    *,
    measured: str = "accuracy",
    caption: str | None = None,
    higher_is_better: bool = True,
) -> Sheet:
    """The ranking with all its columns; see `ranking_text` and `ranking_latex`."""
    ranking = checked_ranking(ranking_frame)
    decimals = value_decimals(ranking)
    first, percentile, best = f"{measured}\nof first", "percentile\nof first", "best of\nfirst 10"
    columns: list[list[Any]] = [list(map(str, ranking["proxy"]))]
    columns += [_coefficients(ranking, name, higher_is_better) for name in NAMES]
    columns += [[number(value, decimals) for value in ranking["best_accuracy"]]]
    columns += [[number(value, 1) for value in ranking["best_percentile"]]]
    columns += [[number(value, decimals) for value in ranking["top10_best"]]]
    columns += [[f"{value:,}" for value in ranking["n"]], [_failed(value) for value in ranking["failed"]]]
    return Sheet.of(
        title,
        (
            Heading("proxy", "left", "Proxy", code=True),
            *(Heading(NAMES[name], "point", _LATEX[name]) for name in COEFFICIENTS),
            Heading(first, latex="First"),
            Heading(percentile, latex="Perc."),
            Heading(best, latex="Top 10"),
            Heading("n", latex="$n$"),
            Heading(_FAILED, latex=r"Failed (\%)"),
        ),
        zip(*columns, strict=True),
        ruled_above=baselines_start(ranking),
        gives_way=(
            NAMES["pearson"], NAMES["weighted_tau"], NAMES["pearson"], "n", percentile, NAMES["weighted_tau"],
            NAMES["kendall_tau_b"], _FAILED, first, NAMES["kendall_tau_b"], best,
        ),
        caption=caption,
    )  # fmt: skip


def baselines_start(frame: pd.DataFrame) -> tuple[int, ...]:
    """The first row of the baselines at the end of a frame with a column `proxy`, if other proxies stand above it."""
    baseline = is_baseline(frame).tolist()
    return tuple(row for row in range(1, len(baseline)) if baseline[row] and not baseline[row - 1])


def _coefficients(ranking: pd.DataFrame, name: str, higher_is_better: bool) -> list[Cell]:
    best = best_printed(ranking[name], highest=higher_is_better)
    return [
        Cell(number(value, 2), "" if value != value else interval(low, high), best=number(value, 2) == best)
        for value, low, high in ranking[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False)
    ]


def _failed(share: float) -> Cell:
    percent = number(100 * share, 1)
    return Cell(percent) if share != share else Cell(f"{percent} %", latex=percent)
