"""The noise ceiling: how well one training of the architectures ranks another, and each proxy as a share of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import Table, list_tables, open_table
from harness.errors import ScoresError
from harness.evaluation.matching import column_by_key
from harness.evaluation.ranking import Ranking, check_ranking
from harness.text.presented import Presented

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

_SEED = "_seed"


@dataclass(frozen=True)
class Ceiling(Presented):
    """The noise ceiling of a ranking: how well trainings agree with each other, and each proxy as a share of that.

    Attributes:
        frame: a row for each proxy: `proxy`, `n`, `spearman`, `kendall_tau_b` and `pearson` of the ranking, with the
            sign flipped where lower values are better; `spearman_share` and `kendall_share`, the first two as a share
            of the coefficient of one training against another; `spearman_corrected` and `pearson_corrected`, corrected
            for attenuation by the noise in the accuracies (Spearman 1904).
        spearman: Spearman's coefficient of one training against another, the mean over pairs of trainings.
        kendall_tau_b: Kendall's tau-b of one training against another, the mean over pairs of trainings.
        pearson: Pearson's coefficient of one training against another, the mean over pairs of trainings.
        reliability: reliability of the ranking's column, by which Spearman's coefficients are corrected: that of one
            training, or, by Spearman-Brown's formula, that of the mean of several.
        trainings: table and column of each training.
        pairs: number of pairs of trainings.
        n: architectures that a pair of trainings has in common, for the pair with the fewest.
        ranking: the ranking that this is the ceiling of.
    """

    frame: pd.DataFrame
    spearman: float
    kendall_tau_b: float
    pearson: float
    reliability: float
    trainings: tuple[str, ...]
    pairs: int
    n: int
    ranking: Ranking


def ceiling(ranking: Ranking, tables: Table | Sequence[Table]) -> Ceiling:
    """The noise ceiling of a ranking: one training against another, and each proxy as a share of that.

    Args:
        ranking: from `harness.correlate`.
        tables: tables with the column, first the one of the ranking; or that one alone: where it has no columns of
            single trainings, the other available tables with the column are taken in addition. The trainings of a
            table are its columns of single seeds, such as `cifar10_test_200ep_pct_seed777`, or the column itself where
            it has none. At least two trainings are needed in all.

    Raises:
        ScoresError: no ranking, fewer than two trainings, or none with three scored architectures in common.
        TableError: a table without the column.
    """
    import numpy as np

    from harness.stats import attenuation_corrected, spearman_brown, training_agreement

    check_ranking(ranking)
    if isinstance(tables, Table):
        tables = tables_with_trainings(ranking, tables)
    keys = list(dict.fromkeys(ranking.points["architecture"]))
    named: dict[str, npt.NDArray[np.float64]] = {}
    for table in tables:
        for column in _trainings(table, ranking.column):
            values = column_by_key(table, column).values
            named[f"{table.facts.name}: {column}"] = np.array([values.get(key, math.nan) for key in keys])
    if len(named) < 2:
        raise ScoresError(
            f"the ceiling needs two trainings of the same architectures; of {ranking.column} there is "
            f"{len(named)} ({', '.join(named)}). A table with a column for each seed, as {ranking.column}_seed777, "
            "or a second table with that column would do"
        )
    found = training_agreement(np.stack(list(named.values())))
    own = np.stack([named[f"{tables[0].facts.name}: {column}"] for column in _trainings(tables[0], ranking.column)])
    length = _trainings_in_mean(own)
    rank_reliability, reliability = (spearman_brown(one, length) for one in (found.spearman, found.pearson))
    coefficients = ["spearman", "kendall_tau_b", "pearson"]
    frame = ranking.frame[["proxy", "n", *coefficients]].copy()
    frame[coefficients] *= ranking.sign
    frame["spearman_share"] = frame["spearman"] / found.spearman
    frame["kendall_share"] = frame["kendall_tau_b"] / found.kendall_tau_b
    for name, divisor in (("spearman", rank_reliability), ("pearson", reliability)):
        usable = 0 < divisor <= 1
        frame[f"{name}_corrected"] = attenuation_corrected(frame[name], divisor) if usable else math.nan
    return Ceiling(
        ranking.described(frame), found.spearman, found.kendall_tau_b, found.pearson, rank_reliability, tuple(named),
        found.pairs, found.n, ranking,
    )  # fmt: skip


def tables_with_trainings(ranking: Ranking, table: Table) -> list[Table]:
    """The ranking's table and, if that has no columns of single seeds, all other available tables with its column."""
    if len(_trainings(table, ranking.column)) > 1:
        return [table]
    found = {(table.facts.path, table.facts.name): table}
    for listing in list_tables():
        if listing.available and listing.facts.space == table.facts.space and not listing.opens:
            if ranking.column in [column.name for column in listing.columns]:
                other = open_table(listing.name)
                found.setdefault((other.facts.path, other.facts.name), other)
    return list(found.values())


def _trainings(table: Table, column: str) -> list[str]:
    seeds = [name for name in table.column_names if name.startswith(f"{column}{_SEED}")]
    return seeds or [table.column(column).name]


def _trainings_in_mean(own: npt.NDArray[np.float64]) -> float:
    """Harmonic mean of the architectures' numbers of trainings (own is [trainings, n]): noise goes as 1 / number."""
    import numpy as np

    counts = np.count_nonzero(~np.isnan(own), axis=0)
    return float(1 / np.mean(1 / counts[counts > 0])) if (counts > 0).any() else 1.0
