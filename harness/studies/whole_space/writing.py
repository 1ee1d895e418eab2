"""The tables and figures of the study as files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.evaluation.columns import dataset_title
from harness.evaluation.matrix import Matrix
from harness.evaluation.pools import POOLS
from harness.evaluation.published import BesidePublished
from harness.report.figures.beside_published import beside_published
from harness.report.figures.critical_difference import critical_difference
from harness.report.figures.heat_map import heat_map
from harness.report.files import save_pictures, write_csv, write_text
from harness.report.presenters import sheets_of
from harness.report.tables.identities import same_rankings_markdown
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.report.tables.whole_space import (
    counts_sheet,
    datasets_sheet,
    pools_sheet,
    published_by_pool_sheet,
    size_classes_sheet,
)
from harness.stats.names import RANK_COEFFICIENTS, SAME
from harness.studies.whole_space.results import WholeSpace, short

if TYPE_CHECKING:
    import pandas as pd


def write_results(found: WholeSpace, out: Path) -> None:
    """Write every result as CSV, the rankings as LaTeX, all tables as `tables.md`, and the figures."""
    texts = [_datasets(found)]
    for column, evidence in found.evidence.items():
        stem = short(column)
        write_csv(evidence.ranking.frame, out / f"ranking_{stem}.csv")
        write_text(sheet_latex(ranking_sheet(evidence.ranking)), out / f"ranking_{stem}.tex")
        parts = {
            "against_params": evidence.comparison, "beyond_size": evidence.beyond_size, "top": evidence.top,
            "ceiling": evidence.ceiling,
        }  # fmt: skip
        texts.append(f"## {dataset_title(column)}")
        texts += [sheet_markdown(sheet) for sheet in sheets_of(evidence.ranking)]
        for name, result in parts.items():
            if result is None:
                reason = evidence.left_out["comparison" if name == "against_params" else name]
                texts.append(f"Left out, {name.replace('_', ' ')}: {reason}.")
                continue
            write_csv(result.frame, out / f"{name}_{stem}.csv")
            texts += map(sheet_markdown, sheets_of(result))
        write_csv(found.by_size[column].frame, out / f"by_size_{stem}.csv")
        texts.append(sheet_markdown(size_classes_sheet(found.by_size[column])))
        if evidence.comparison is not None:
            save_pictures(critical_difference(evidence.comparison, brief=True), out / f"against_params_{stem}")
    first, by_size = next(iter(found.by_size.items()))
    save_pictures(heat_map(by_size.matrix()), out / f"by_size_{short(first)}")
    write_csv(found.matrix.reset_index(names="proxy"), out / "agreement.csv")
    save_pictures(heat_map(Matrix(found.matrix, "Spearman's ρ between proxies", -1, 1, 1)), out / "agreement")
    texts += ["## One number in other words", same_rankings_markdown(found.same, SAME)]
    texts += _pools(found, out)
    write_text("\n\n".join(texts) + "\n", out / "tables.md")


def _datasets(found: WholeSpace) -> str:
    rankings = {column: evidence.ranking for column, evidence in found.evidence.items()}
    return f"## Three data sets\n\n{sheet_markdown(datasets_sheet(rankings))}"


def _pools(found: WholeSpace, out: Path) -> list[str]:
    published, names = found.published, list(dict.fromkeys(found.pools["pool"]))
    write_csv(found.pools, out / "pools.csv")
    write_csv(found.counts, out / "counts.csv")
    write_csv(published, out / "published.csv")
    save_pictures(beside_published(pools_beside_published(found, published, names)), out / "pools")
    texts = ["## Pools", *found.left_out, sheet_markdown(counts_sheet(found.counts))]
    for column in found.evidence:
        texts += [sheet_markdown(pools_sheet(found.pools, column, name)) for name in RANK_COEFFICIENTS]
    return [*texts, "## Published", sheet_markdown(published_by_pool_sheet(published, names))]


def pools_beside_published(found: WholeSpace, published: pd.DataFrame, names: Sequence[str]) -> BesidePublished:
    """Spearman's coefficients on each pool as conditions, next to those published for that pool."""
    import pandas as pd

    stated = published[published["coefficient"] == "spearman"]
    rows = []
    for row in found.pools[found.pools["pool"].isin(names)].to_dict("records"):
        of_this = stated[(stated["proxy"] == row["proxy"]) & (stated["column"] == row["column"])]
        value = of_this.loc[of_this["pool"] == row["pool"], "published"]
        rows.append(
            {"condition": row["pool"], "proxy": row["proxy"], "column": row["column"], "coefficient": "spearman",
             "n": row["n"], "ours": row["spearman"], "low": row["spearman_low"], "high": row["spearman_high"],
             "published": float(value.iloc[0]) if len(value) else math.nan}
        )  # fmt: skip
    return BesidePublished(pd.DataFrame(rows), {name: _words(found, name) for name in names})


def _words(found: WholeSpace, pool: str) -> str:
    """A pool in words, and how many of its cells are scored where not all are."""
    sizes = found.pools[found.pools["pool"] == pool].iloc[0]
    part = f"{sizes['scored']:,} of " if sizes["scored"] < sizes["cells"] else ""
    return part + POOLS[pool].words
