"""Our rank correlations next to published ones, and of scores with each other: text, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from harness.errors import ScoresError
from harness.evaluation.columns import dataset_title
from harness.report.cells import EN_DASH, MINUS, beside, best_printed, estimated, interval, number
from harness.report.frames import baselines_last
from harness.report.tables.sheet import PROXY, Cell, Heading, Sheet, escaped, sheet_latex, sheet_markdown
from harness.report.tables.text import sheet_text

_COEFFICIENTS = {"spearman": "Spearman", "kendall_tau_b": "Kendall τ-b"}
_TAU_B = r"$\tau_b$"
_KEY = "; published (ours less it), * where it lies outside our interval"
_SOURCE = "source"
_AGREEING = {"pearson": 3, "spearman": 2}  # and their decimals
_COUNT = Heading("n", "left")


def comparison_text(comparison: pd.DataFrame, title: str) -> str:
    """The comparison as plain tables for a terminal, Spearman's first, without the sources.

    Args:
        comparison: from `harness.studies.published.beside`, of one condition.
        title: printed above.

    Raises:
        ScoresError: a comparison without rows.
    """
    return "\n\n".join([title, *(sheet_text(sheet.without(_SOURCE)) for sheet in published_sheets(comparison))])


def comparison_markdown(comparison: pd.DataFrame) -> str:
    """The comparison as Markdown tables, Spearman's of all proxies and Kendall's where one is published.

    A published figure has two decimals, or three as soon as one of its source's has.

    Raises:
        ScoresError: a comparison without rows.
    """
    blocks = []
    for sheet in published_sheets(comparison):
        name, _, key = sheet.title.partition(";")
        blocks += [f"{name}, 95 % interval{f';{key}' if key else ''}.", sheet_markdown(replace(sheet, title=""))]
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
    return "\n".join(sheet_latex(sheet) for sheet in published_sheets(comparison, caption, count=Heading("n")))


def published_sheets(comparison: pd.DataFrame, caption: str = "", *, count: Heading = _COUNT) -> list[Sheet]:
    """A sheet for each coefficient that has rows; see `comparison_latex`."""
    if comparison.empty:
        raise ScoresError("the comparison holds no rows: there is nothing to show")
    return [
        _published_sheet(comparison[comparison["coefficient"] == coefficient], name, caption, count)
        for coefficient, name in _COEFFICIENTS.items()
        if (comparison["coefficient"] == coefficient).any()
    ]


def _published_sheet(chosen: pd.DataFrame, name: str, caption: str, count: Heading) -> Sheet:
    """A row a proxy and source: for each column ours and any published coefficient."""
    columns = list(dict.fromkeys(chosen["column"]))
    compared = [column for column in columns if chosen.loc[chosen["column"] == column, "published"].notna().any()]
    headings = [PROXY, count]
    for column in columns:
        headings.append(Heading(dataset_title(column), "left"))
        headings += [Heading("published", "left")] if column in compared else []
    decimals = {source: _decimals(rows["published"]) for source, rows in chosen.groupby("source")}
    best = {column: best_printed(rows["ours"]) for column, rows in chosen.groupby("column")}
    rows, sources = [], []
    for (proxy, source), group in _in_order(chosen).groupby(["proxy", "source"], sort=False):
        by_column = {row["column"]: row for _, row in group.iterrows()}
        cells = [Cell(str(proxy)), Cell(f"{group['n'].max():,}")]
        for column in columns:
            found = by_column.get(column)
            pair = [Cell(EN_DASH)] * 2 if found is None else _pair(found, decimals[found["source"]], best[column])
            cells += pair if column in compared else pair[:1]
        rows.append(tuple(cells))
        sources.append(str(source))
    if compared:
        headings.append(Heading(_SOURCE, "left"))
        numbers = {source: place for place, source in enumerate(filter(None, dict.fromkeys(sources)), start=1)}
        cited = [Cell(source, latex=f"[{numbers[source]}]") if source else Cell(EN_DASH) for source in sources]
        rows = [(*row, cell) for row, cell in zip(rows, cited, strict=True)]
        numbered = "; ".join(f"[{place}] {escaped(source)}" for source, place in numbers.items())
        caption += rf" In brackets ours less the published, $^*$ outside our interval. {numbered}." if numbers else ""
    return Sheet.of(
        name + (_KEY if compared else ""),
        headings,
        rows,
        caption=f"{name.replace('τ-b', _TAU_B)}. {caption}",
    )


def _in_order(chosen: pd.DataFrame) -> pd.DataFrame:
    """The rows with the baselines last; rows of a proxy that lack a source are filed under the source of the others."""
    sources = chosen[chosen["source"] != ""].drop_duplicates("proxy").set_index("proxy")["source"]
    filed = chosen.assign(
        source=chosen["source"].where(chosen["source"] != "", chosen["proxy"].map(sources).fillna(""))
    )
    return baselines_last(filed)


def _decimals(published: pd.Series) -> int:
    """Two, or three where one of the numbers has a third: trailing zeros are lost in a float, not in its paper."""
    return 2 if np.allclose(published.dropna(), published.dropna().round(2), rtol=0, atol=1e-9) else 3


def _pair(row: pd.Series, decimals: int, best: str | None) -> list[Cell]:
    """Ours with its interval, and the published one with how much ours is above it."""
    ours = number(row["ours"], 2, minus=MINUS)
    ends = "" if ours == EN_DASH else interval(row["low"], row["high"], minus=MINUS)
    published = number(row["published"], decimals, minus=MINUS)
    return [
        Cell(ours, ends, best=number(row["ours"], 2) == best),
        Cell(published, rest=beside(row["difference"], row["inside"], minus=MINUS)),
    ]


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
    texts = ["scores under", "and under", "n", "Pearson", "without the top 5 %", "Spearman"]
    texts += ["published, Pearson", "source"] if claimed else []
    headings = [PROXY, *(Heading(text, "right" if text == "n" else "left") for text in texts)]
    rows = []
    for row in agreement.to_dict("records"):
        pairs = [estimated(row, name, decimals=decimals, minus=MINUS) for name, decimals in _AGREEING.items()]
        pairs.insert(1, number(float(row["pearson_of_the_rest"]), 3, minus=MINUS))
        cells = [str(row["proxy"]), words[str(row["first"])], words[str(row["second"])], f"{row['n']:,}", *pairs]
        if claimed:
            cells += [f"{row['published']}: {row['verdict']}", row["source"]] if row["published"] else [EN_DASH] * 2
        rows.append(tuple(cells))
    return sheet_markdown(Sheet.of("", headings, rows))
