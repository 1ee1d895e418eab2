"""All results of the study as one record; nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.evaluation import TableError
from harness.scoring.provenance import PROVENANCE
from harness.studies.kinds import DATASETS

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table
    from harness.evaluation.evidence import Evidence
    from harness.evaluation.size_classes import SizeClasses

CLASSES = 5
LEAST = 50
"""Scored cells of a pool that the page shows."""
AGAINST = "params"


@dataclass(frozen=True)
class WholeSpace:
    """All results of the study.

    Attributes:
        known: the known scores.
        evidence: ranking, comparison with `params`, beyond size, highest scores and ceiling, by column.
        by_size: coefficients by size class, by column.
        matrix: Spearman's coefficients between proxies, similar ones next to each other.
        same: groups of proxies that are one number in other words.
        pools: coefficients on each pool (`coefficients_by_pool`).
        counts: those of counts, on all cells of each pool (`counts_by_pool`).
        left_out: sentences on pools that are not there.
    """

    known: pd.DataFrame
    evidence: Mapping[str, Evidence]
    by_size: Mapping[str, SizeClasses]
    matrix: pd.DataFrame
    same: list[list[str]]
    pools: pd.DataFrame
    counts: pd.DataFrame
    left_out: tuple[str, ...]

    @cached_property
    def published(self) -> pd.DataFrame:
        """The published coefficients next to ours on each pool (`beside_published_pools`)."""
        from harness.studies.whole_space.beside import beside_published_pools

        return beside_published_pools(self.pools, self.counts)

    @property
    def cells(self) -> Mapping[str, Any]:
        """What is scored: `cells`, `of_cells` and more, as the provenance of the known scores says."""
        table: Mapping[str, Any] = self.known.attrs[PROVENANCE]["table"]
        return table


def whole_space(known: pd.DataFrame, table: Table, *, resamples: int = 1000) -> WholeSpace:
    """All results of known scores on a table; nothing is written.

    Args:
        known: from `harness.known_scores`.
        table: the table of the test accuracies.
        resamples: bootstrap resamples of the cells.
    """
    from harness.evaluation.by_pool import coefficients_by_pool, counts_by_pool
    from harness.evaluation.evidence import EvidenceOptions, gather_evidence
    from harness.evaluation.size_classes import size_classes
    from harness.studies.proxy_identities import rank_matrix, same_rankings
    from harness.studies.rank.rank_study import rank, with_combinations

    wanted = EvidenceOptions(
        against=AGAINST, beyond_size=True, top=True, ceiling=True, resamples=resamples, if_possible=True
    )
    rankings = rank(known, table, DATASETS, resamples=resamples)
    evidence = {column: gather_evidence(ranking, table, wanted) for column, ranking in rankings.items()}
    matrix = rank_matrix(known)
    pools, left_out = _pools_there(known)
    return WholeSpace(
        known,
        evidence,
        {column: size_classes(ranking, CLASSES) for column, ranking in rankings.items()},
        matrix,
        same_rankings(matrix),
        coefficients_by_pool(known, table, DATASETS, pools, with_combinations, least=LEAST),
        counts_by_pool(table, DATASETS, pools),
        left_out,
    )


def _pools_there(known: pd.DataFrame) -> tuple[list[str], tuple[str, ...]]:
    """Names of the pools that are known here, and a sentence on each of the others."""
    from harness.evaluation.pools import POOLS, pool_keys

    there, left_out = [], []
    for name in POOLS:
        try:
            pool_keys(name)
        except TableError as error:
            left_out.append(f"The pool {name} is left out: {error}.")
            continue
        there.append(name)
        scored = known.loc[known["architecture"].isin(pool_keys(name)), "architecture"].nunique()
        if scored < LEAST:
            words = f"{scored:,} of {POOLS[name].words} are scored so far, too few to tell"
            left_out.append(f"Proxies are not shown on the pool {name}: {words}.")
    return there, tuple(left_out)


def short(column: str) -> str:
    """Name of the data set in a column's name, for file names.

    >>> short("cifar100_test_200ep_pct")
    'cifar100'
    """
    return column.partition("_test")[0]
