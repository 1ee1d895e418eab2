"""Our rank correlations next to published ones, and scores of one condition next to those of another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from harness.errors import ScoresError
from harness.evaluation.columns import dataset_title
from harness.evaluation.published import ConditionsAgreement
from harness.report.cells import EN_DASH, best_printed, difference_in_brackets, number
from harness.report.frames import baselines_last, baselines_start
from harness.report.tables.sheet import COUNT, PROXY, Cell, Heading, Sheet, estimated, latex_of

_COEFFICIENTS = {"spearman": "Spearman", "kendall_tau_b": "Kendall τ-b"}
_TAU_B = r"$\tau_b$"
_PUBLISHED = Heading("published", "left")
_SOURCE = Heading("source", "left")
_AGREEING = {"pearson": 3, "spearman": 2}  # and their decimals


def published_sheets(frame: pd.DataFrame, caption: str = "") -> list[Sheet]:
    """A sheet of Spearman's coefficients of all proxies, and one of Kendall's where one is published.

    A published figure has two decimals, or three as soon as one of its source's has. In LaTeX our best of each data set
    is bold, and the caption names the sources; text leaves them out where a terminal is narrow.

    Args:
        frame: from `harness.studies.rank.rank_study.ours_and_published`, of one condition.
        caption: of the LaTeX tables, not escaped; the name of the coefficient stands before it.

    Raises:
        ScoresError: a frame without rows.
    """
    if frame.empty:
        raise ScoresError("the comparison holds no rows: there is nothing to show")
    return [
        _published_sheet(frame[frame["coefficient"] == coefficient], name, caption)
        for coefficient, name in _COEFFICIENTS.items()
        if (frame["coefficient"] == coefficient).any()
    ]


def _published_sheet(chosen: pd.DataFrame, name: str, caption: str) -> Sheet:
    """A row a proxy and source: for each column ours and any published coefficient."""
    columns = list(dict.fromkeys(chosen["column"]))
    compared = [column for column in columns if chosen.loc[chosen["column"] == column, "published"].notna().any()]
    headings = [PROXY, COUNT]
    for column in columns:
        headings += [Heading(dataset_title(column), "point"), *([_PUBLISHED] if column in compared else [])]
    decimals = {source: _decimals(rows["published"]) for source, rows in chosen.groupby("source")}
    best = {column: best_printed(rows["ours"]) for column, rows in chosen.groupby("column")}
    ordered = _in_order(chosen)
    sources = [str(source) for source in dict.fromkeys(ordered["source"]) if str(source)]
    numbers = {source: place for place, source in enumerate(sources, start=1)}
    rows = []
    for (proxy, source), group in ordered.groupby(["proxy", "source"], sort=False):
        by_column = {row["column"]: row for row in group.to_dict("records")}
        cells = [Cell(str(proxy)), Cell(f"{group['n'].max():,}")]
        for column in columns:
            row = by_column.get(column, dict.fromkeys(chosen.columns, np.nan))
            ours = estimated({"ours": row["ours"], "ours_low": row["low"], "ours_high": row["high"]}, "ours")
            cells.append(replace(ours, best=ours.text == best[column]))
            if column in compared:
                published = number(row["published"], decimals.get(row["source"], 2))
                cells.append(Cell(published, rest=difference_in_brackets(row["difference"], row["inside"])))
        if compared:
            cells.append(Cell(str(source), latex=f"[{numbers[str(source)]}]") if str(source) else Cell(EN_DASH))
        rows.append(cells)
    key = "; published (ours less it), * where it lies outside our interval" if compared else ""
    numbered = "; ".join(f"[{place}] {latex_of(source)}" for source, place in numbers.items())
    if compared and numbered:
        caption += rf" In brackets ours less the published, $^*$ outside our interval. {numbered}."
    return Sheet.of(
        f"{name}, 95 % interval{key}",
        [*headings, *([_SOURCE] if compared else [])],
        rows,
        ruled_above=baselines_start(pd.DataFrame({"proxy": [row[0].text for row in rows]})),
        gives_way=(_SOURCE.text,),
        caption=f"{name.replace('τ-b', _TAU_B)}. {caption}",
    )


def _in_order(chosen: pd.DataFrame) -> pd.DataFrame:
    """The rows with the baselines last; rows of a proxy that lack a source are filed under the source of the others."""
    sources = chosen[chosen["source"] != ""].drop_duplicates("proxy").set_index("proxy")["source"]
    filed = chosen["source"].where(chosen["source"] != "", chosen["proxy"].map(sources).fillna(""))
    return baselines_last(chosen.assign(source=filed))


def _decimals(published: pd.Series) -> int:
    """Two, or three where one of the numbers has a third: trailing zeros are lost in a float, not in its paper."""
    return 2 if np.allclose(published.dropna(), published.dropna().round(2), rtol=0, atol=1e-9) else 3


def conditions_sheet(found: ConditionsAgreement) -> Sheet:
    """How a proxy's scores agree between conditions, and what papers say of it.

    Args:
        found: from `harness.studies.rank.agreement.agreement_of`.

    Raises:
        ScoresError: an agreement without rows.
    """
    agreement, words = found.frame, found.words
    if agreement.empty:
        raise ScoresError("no proxy has scores under two conditions: there is no agreement to show")
    claimed = (agreement["published"] != "").any()
    rows = []
    for row in agreement.to_dict("records"):
        pearson, spearman = (estimated(row, name, decimals) for name, decimals in _AGREEING.items())
        conditions = [Cell(words[str(row[name])]) for name in ("first", "second")]
        rest = Cell(number(float(row["pearson_of_the_rest"]), 3))
        cells = [Cell(str(row["proxy"])), *conditions, Cell(f"{row['n']:,}"), pearson, rest, spearman]
        if claimed:
            said = [f"{row['published']}: {row['verdict']}", row["source"]] if row["published"] else [EN_DASH] * 2
            cells += map(Cell, said)
        rows.append(cells)
    headings = [
        PROXY,
        Heading("scores under", "left"),
        Heading("and under", "left"),
        COUNT,
        Heading("Pearson", "point"),
    ]
    headings += [Heading("without the top 5 %", "point"), Heading("Spearman", "point")]
    headings += [Heading("published, Pearson", "left"), _SOURCE] if claimed else []
    return Sheet.of("", headings, rows)
