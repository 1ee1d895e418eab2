"""Our rank correlations beside published ones, and of scores with each other: text, Markdown and LaTeX."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from harness.errors import ScoresError
from harness.evaluation.columns import dataset_title
from harness.report.cells import EN_DASH, MINUS, beside, estimate, number
from harness.report.frames import is_baseline
from harness.report.tables.latex import escaped
from harness.report.tables.plain import plain_table

_COEFFICIENTS = {"spearman": "Spearman", "kendall_tau_b": "Kendall τ-b"}
_TAU_B = r"$\tau_b$"
_KEY = "; published (ours less it), * where it lies outside our interval"
_NUMBER = re.compile(rf"{MINUS}?\d+\.\d+")


def comparison_text(comparison: pd.DataFrame, title: str) -> str:
    """The comparison as plain tables for a terminal, Spearman's first.

    Args:
        comparison: from `harness.studies.published.beside`, of one condition.
        title: printed above, literally.

    Raises:
        ScoresError: a comparison without rows.
    """
    blocks = [title]
    for name, headings, rows in _tables(comparison):
        shown = len(headings) - (headings[-1] == "source")  # which is too long for a terminal
        table = plain_table(headings[:shown], [row[:shown] for row in rows], left=headings, ruled_above=[])
        blocks += ["", f"{name}{_KEY if shown < len(headings) else ''}", "", *table]
    return "\n".join(blocks)


def comparison_markdown(comparison: pd.DataFrame) -> str:
    """The comparison as Markdown tables, Spearman's of all proxies and Kendall's where one is published.

    A published figure has two decimals, or three as soon as one of its source's has.

    Raises:
        ScoresError: a comparison without rows.
    """
    blocks = []
    for name, headings, rows in _tables(comparison):
        lines = [headings, ["---"] * len(headings), *[[f"`{row[0]}`", *row[1:]] for row in rows]]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        key = _KEY if headings[-1] == "source" else ""
        blocks.append(f"{name}, 95 % interval{key}.\n\n{table}")
    return "\n\n".join(blocks)


def comparison_latex(comparison: pd.DataFrame, caption: str) -> str:
    r"""The same as booktabs tables in floats, which need `\usepackage{booktabs}`.

    Our best of each data set is bold; the caption names the sources.

    Args:
        comparison: from `harness.studies.published.beside`, of one condition.
        caption: LaTeX, not escaped; the name of the coefficient stands before it.

    Raises:
        ScoresError: a comparison without rows.
    """
    return "\n".join(
        _float(headings, rows, f"{name.replace('τ-b', _TAU_B)}. {caption}")
        for name, headings, rows in _tables(comparison)
    )


def _float(headings: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """One booktabs table, sources as numbers that the caption resolves."""
    sources = [*dict.fromkeys(row[-1] for row in rows if row[-1] != EN_DASH)] if "source" in headings else []
    numbered = [f"[{place}] {escaped(source)}" for place, source in enumerate(sources, start=1)]
    if numbered:
        caption += rf" In brackets ours less the published, $^*$ outside our interval. {'; '.join(numbered)}."
    ours = [place for place, heading in enumerate(headings) if heading not in ("proxy", "n", "published", "source")]
    best = {place: max((_first(row[place]) for row in rows), default=-math.inf) for place in ours}
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{caption}}}"]
    lines += [rf"\begin{{tabular}}{{lr{'l' * (len(headings) - 2)}}}", r"\toprule"]
    lines += [" & ".join(escaped(text) for text in headings) + r" \\", r"\midrule"]
    for row in rows:
        cells = [_latex(text, bold=_first(text) == best.get(place) != -math.inf) for place, text in enumerate(row)]
        if row[-1] in sources:
            cells[-1] = f"[{sources.index(row[-1]) + 1}]"
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]) + "\n"


def _first(cell: str) -> float:
    """The number that a cell begins with, as printed; −∞ where there is none."""
    found = _NUMBER.match(cell)
    return float(found[0].replace(MINUS, "-")) if found else -math.inf


def _latex(cell: str, *, bold: bool) -> str:
    """A cell of text as LaTeX: its number bold or not, an interval in small print."""
    value, space, rest = escaped(cell).partition(" [")
    value = rf"\textbf{{{value}}}" if bold else value
    text = f"{value} {{\\scriptsize [{rest}}}" if space else value
    return text.replace(MINUS, "$-$").replace(EN_DASH, "--").replace("*", "$^*$")


def _tables(comparison: pd.DataFrame) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """By coefficient that has rows: its name, headings, cells."""
    if comparison.empty:
        raise ScoresError("the comparison holds no rows: there is nothing to show")
    for coefficient, name in _COEFFICIENTS.items():
        headings, rows = _rows(comparison, coefficient)
        if rows:
            yield name, headings, rows


def _rows(comparison: pd.DataFrame, coefficient: str) -> tuple[list[str], list[list[str]]]:
    """Headings and cells: the proxy, its n, for each column ours and any published one, and the source of those."""
    chosen = comparison[comparison["coefficient"] == coefficient]
    columns = list(dict.fromkeys(chosen["column"]))
    compared = [column for column in columns if chosen.loc[chosen["column"] == column, "published"].notna().any()]
    headings = ["proxy", "n"]
    for column in columns:
        headings += [dataset_title(column), "published"] if column in compared else [dataset_title(column)]
    headings += ["source"] if compared else []
    decimals = {source: _decimals(rows["published"]) for source, rows in chosen.groupby("source")}
    rows = []
    for (proxy, _), group in _in_order(chosen).groupby(["proxy", "source"], sort=False):
        by_column = {row["column"]: row for _, row in group.iterrows()}
        cells = [str(proxy), f"{group['n'].max():,}"]
        for column in columns:
            found = by_column.get(column)
            pair = [EN_DASH, EN_DASH] if found is None else _pair(found, decimals[found["source"]])
            cells += pair if column in compared else pair[:1]
        rows.append([*cells, next(iter(group["source"])) or EN_DASH] if compared else cells)
    return headings, rows


def _in_order(chosen: pd.DataFrame) -> pd.DataFrame:
    """The rows with the baselines last; rows of a proxy that lack a source are filed under the source of the others."""
    sources = chosen[chosen["source"] != ""].drop_duplicates("proxy").set_index("proxy")["source"]
    filed = chosen.assign(
        source=chosen["source"].where(chosen["source"] != "", chosen["proxy"].map(sources).fillna(""))
    )
    return pd.concat([filed[~is_baseline(filed)], filed[is_baseline(filed)]])


def _decimals(published: pd.Series) -> int:
    """Two, or three where one of the numbers has a third: trailing zeros are lost in a float, not in its paper."""
    return 2 if np.allclose(published.dropna(), published.dropna().round(2), rtol=0, atol=1e-9) else 3


def _pair(row: pd.Series, decimals: int) -> list[str]:
    """Ours with its interval, and the published one with how much ours is above it."""
    ours = estimate(row["ours"], row["low"], row["high"], minus=MINUS)
    published = number(row["published"], decimals, minus=MINUS)
    return [ours, published + beside(row["difference"], row["inside"], minus=MINUS)]


def agreement_markdown(agreement: pd.DataFrame, words: Mapping[str, str]) -> str:
    """How scores agree between conditions, as a Markdown table.

    Args:
        agreement: from `harness.studies.rank.agreement.agreement_of`.
        words: name of a condition to what it is called.

    Raises:
        ScoresError: an agreement without rows.
    """
    if agreement.empty:
        raise ScoresError("no proxy has scores under two conditions: there is no agreement to show")
    claimed = (agreement["published"] != "").any()
    headings = ["proxy", "scores under", "and under", "n", "Pearson", "without the top 5 %", "Spearman"]
    headings += ["published, Pearson", "source"] if claimed else []
    rules = ["---:" if heading == "n" else "---" for heading in headings]
    rows = []
    for row in agreement.to_dict("records"):
        pairs = [
            estimate(
                float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]), decimals=decimals, minus=MINUS
            )
            for name, decimals in (("pearson", 3), ("spearman", 2))
        ]
        pairs.insert(1, number(float(row["pearson_of_the_rest"]), 3, minus=MINUS))
        cells = [f"`{row['proxy']}`", words[str(row["first"])], words[str(row["second"])], f"{row['n']:,}", *pairs]
        if claimed:
            cells += [f"{row['published']}: {row['verdict']}", row["source"]] if row["published"] else [EN_DASH] * 2
        rows.append(cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in [headings, rules, *rows])
