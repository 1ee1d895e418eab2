"""Tables of the study whole-space: proxies on three data sets, by size class, and on the pools of papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from harness.evaluation.columns import dataset_title
from harness.evaluation.pools import POOLS
from harness.evaluation.ranking import Ranking
from harness.evaluation.size_classes import SizeClasses
from harness.report.cells import EN_DASH, number
from harness.report.frames import baselines_start
from harness.report.tables.sheet import COUNT, PROXY, Cell, Heading, Sheet, estimated

_MEASURES = {"kendall_tau_b": "Kendall τ-b", "spearman": "Spearman", "ndcg_1000": "NDCG at 1000"}


def datasets_sheet(rankings: Mapping[str, Ranking]) -> Sheet:
    """A row a proxy, the best on the first data set first: Spearman's and Kendall's coefficients on each."""
    frames = [ranking.frame.set_index("proxy") for ranking in rankings.values()]
    order = frames[0]["spearman"].sort_values(ascending=False, kind="stable").index
    rows: list[list[Cell | str]] = [
        [
            str(proxy), f"{int(frames[0].loc[proxy, 'n']):,}",
            *(estimated(frame.loc[proxy], name) for name in ("spearman", "kendall_tau_b") for frame in frames),
        ]
        for proxy in order
    ]  # fmt: skip
    titles = [dataset_title(column) for column in rankings]
    headings = [Heading(f"{symbol}, {title}", "point") for symbol in ("ρ", "τ-b") for title in titles]
    return Sheet.of("", (PROXY, COUNT, *headings), rows)


def size_classes_sheet(found: SizeClasses) -> Sheet:
    """A row a proxy and a column a class of parameters: Spearman's coefficient inside it."""
    frame = found.frame
    classes = frame.drop_duplicates("class")
    headings = [
        Heading(f"{row['low'] / 1e6:.2f} to {row['high'] / 1e6:.2f} M\n(n {row['n']:,})", "point")
        for row in classes.to_dict("records")
    ]
    rows: list[list[Cell | str]] = []
    for proxy, own in frame.groupby("proxy", sort=False):
        rows.append([str(proxy), *(estimated(row, "spearman") for row in own.to_dict("records"))])
    return Sheet.of(
        f"Spearman by parameters, {found.ranking.column}",
        (PROXY, *headings),
        rows,
        ruled_above=baselines_start(frame.drop_duplicates("proxy")),
        notes=("Classes between quantiles of the parameters, cells with equally many in one; n: the cells of a class "
               "with a score by the first proxy.",),
    )  # fmt: skip


def counts_sheet(counts: pd.DataFrame) -> Sheet:
    """A row a pool and count: coefficients and NDCG on each data set, on all cells of the pool."""
    columns = list(dict.fromkeys(counts["column"]))
    rows: list[list[str]] = []
    for (pool, proxy), own in counts.groupby(["pool", "proxy"], sort=False):
        by_column = own.set_index("column")
        values = [number(float(by_column.loc[column, name]), 3) for column in columns for name in _MEASURES]
        rows.append([POOLS[str(pool)].words, str(proxy), *values])
    headings = [f"{measure}, {dataset_title(column)}" for column in columns for measure in _MEASURES.values()]
    note = "layers: convolutions of the cell. NDCG at 1000: gain 2^accuracy − 1, accuracy in percent."
    return Sheet.of("", (Heading("pool", "left"), Heading("count", "left", code=True), *headings), rows, notes=(note,))


def pools_sheet(pools: pd.DataFrame, column: str, coefficient: str) -> Sheet:
    """A row a proxy: one coefficient on each pool."""
    chosen = pools[pools["column"] == column]
    names = list(dict.fromkeys(chosen["pool"]))
    sizes = chosen.drop_duplicates("pool").set_index("pool")
    first = chosen[chosen["pool"] == names[0]].sort_values(coefficient, ascending=False, kind="stable")
    by = {(row["pool"], row["proxy"]): row for row in chosen.to_dict("records")}
    rows: list[list[Cell | str]] = [
        [str(proxy), *(estimated(by[name, proxy], coefficient) if (name, proxy) in by else EN_DASH for name in names)]
        for proxy in first["proxy"]
    ]
    headings = [
        Heading(f"{name}\n({sizes.loc[name, 'scored']:,} of {sizes.loc[name, 'cells']:,})", "point") for name in names
    ]
    return Sheet.of(f"{_MEASURES[coefficient]} by pool, {column}", (PROXY, *headings), rows)


def published_by_pool_sheet(rows: pd.DataFrame, pools: Sequence[str]) -> Sheet:
    """A row a published coefficient: its value and pool, and ours on each pool, with a star where it lies outside.

    Args:
        rows: from `harness.studies.whole_space.beside.beside_published_pools`.
        pools: names of the pools.
    """
    made: list[list[Cell | str]] = []
    for row in rows.to_dict("records"):
        cells: list[Cell | str] = [
            str(row["proxy"]),
            dataset_title(str(row["column"])),
            _MEASURES[str(row["coefficient"])],
        ]
        cells += [number(float(row["published"]), 3), str(row["pool"]) or "not known"]
        for pool in pools:
            exact = not row[f"{pool}_low"] < row[f"{pool}_high"]
            cell = Cell(number(float(row[pool]), 3)) if exact else estimated(row, pool)
            cells.append(replace(cell, rest="*" if row[f"{pool}_inside"] is False else ""))
        made.append([*cells, str(row["source"])])
    headings: list[Heading | str] = [PROXY, Heading("data set", "left"), Heading("measure", "left"), "published"]
    headings += [
        Heading("its pool", "left"),
        *(Heading(f"ours, {pool}", "point") for pool in pools),
        Heading("source", "left"),
    ]
    note = (
        "* the published value lies outside our 95 % interval on that pool; of counts, which are exact on all its "
        "cells, further than 0.005 away."
    )
    return Sheet.of("", headings, made, notes=(note,))
