"""The ranking table for a paper."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from harness.report.cells import interval, number, value_decimals
from harness.report.frames import checked_ranking, is_baseline
from harness.stats.names import COEFFICIENTS

_SPECIAL = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{character: f"${character}$" for character in "<>"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_DASH = "--"
_MINUS = "$-$"
_HEADINGS = {
    "proxy": "Proxy",
    "spearman": r"Spearman $\rho$",
    "kendall_tau_b": r"Kendall $\tau_b$",
    "weighted_tau": r"Weighted $\tau$",
    "pearson": "Pearson $r$",
    "best_accuracy": "First",
    "best_percentile": "Perc.",
    "top10_best": "Top 10",
    "n": "$n$",
    "failed": r"Failed (\%)",
}


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

    Returns:
        LaTeX with the proxies' names escaped. Values equal to the best as printed are all bold; NaN is an en dash.

    Raises:
        ScoresError: an empty frame, a missing column (named), a proxy twice, or values that are not numbers.
    """
    ranking = checked_ranking(ranking_frame)
    names = [name for name in _HEADINGS if name != "failed" or bool((ranking["failed"] > 0).any())]
    cells = pd.DataFrame({_HEADINGS[name]: _cells(ranking, name, higher_is_better) for name in names})
    source = cells.style.hide(axis="index").to_latex(
        hrules=True,
        column_format="".join("l" if name == "proxy" or name in COEFFICIENTS else "r" for name in names),
        caption=caption,
        label=label,
        position_float="centering" if caption or label else None,
    )
    return _with_rule_above_baselines(source, ranking)


def escaped(text: str) -> str:
    r"""Text in which characters that LaTeX reads as commands, or sets as others (`<` and `>`), stand for themselves.

    >>> escaped("cifar10_test & 5 %")
    'cifar10\\_test \\& 5 \\%'
    >>> escaped("< 0.001")
    '$<$ 0.001'
    """
    return "".join(_SPECIAL.get(character, character) for character in text)


def _cells(ranking: pd.DataFrame, name: str, higher_is_better: bool) -> list[str]:
    """The column `name` of a checked ranking frame as LaTeX."""
    values = ranking[name].tolist()
    if name == "proxy":
        return list(map(escaped, values))
    if name in COEFFICIENTS:
        return list(_coefficient_cells(ranking, name, higher_is_better))
    if name == "failed":
        return [number(100 * value, 1, dash=_DASH) for value in values]
    decimals = {"n": 0, "best_percentile": 1}.get(name, value_decimals(ranking))
    return [number(value, decimals, minus=_MINUS, dash=_DASH) for value in values]


def _coefficient_cells(ranking: pd.DataFrame, name: str, higher_is_better: bool) -> Iterator[str]:
    """A coefficient and its interval in small print, the best as printed in bold."""
    printed = [number(value, 2, minus=_MINUS, dash=_DASH) for value in ranking[name]]
    best = number(ranking[name].max() if higher_is_better else ranking[name].min(), 2, minus=_MINUS, dash=_DASH)
    for text, value, low, high in zip(
        printed, ranking[name], ranking[f"{name}_low"], ranking[f"{name}_high"], strict=True
    ):
        if math.isnan(value):
            yield text
            continue
        ends = interval(low, high, minus=_MINUS, dash=_DASH)
        yield (rf"\textbf{{{text}}}" if text == best else text) + rf" {{\scriptsize {ends}}}"


def _with_rule_above_baselines(source: str, ranking: pd.DataFrame) -> str:
    r"""The table with a `\midrule` between the proxies and the baselines, if it holds both."""
    proxies = int((~is_baseline(ranking)).sum())
    if proxies in (0, len(ranking)):
        return source
    lines = source.split("\n")
    first_row = lines.index(r"\midrule") + 1
    lines.insert(first_row + proxies, r"\midrule")
    return "\n".join(lines)
