"""Statistics of a ranking: arrays in, named results out; no files are read or written and no figures are drawn.

- Rank correlation: `coefficients`, with `bootstrap_intervals` over architectures and `seed_intervals` over seeds of the
  weights, or errors without resampling by `rank_influences` and
  `rank_estimates`; `interval_rows` for many proxies at once;
  `paired_differences` between proxies, `indistinguishable_groups`.
- Beyond size: `partial_correlations`, `kendall_within`.
- Noise ceiling: `training_agreement`, `attenuation_corrected`.
- The best architectures: `best_by_score` of the k with the highest scores, `precision_at`, `ndcg_at`,
  `ndcg_of_powers_at`, `kendall_at`, `best_rank_at`, `worst_rank_at`, `top_correlation`, `best_of_random` of a random
  sample, `percentile_of`, `pareto_front`, its `hypervolume`, `undominated` points of more objectives, `picked_within`
  a budget.
- Other settings: `rank_stability`, `change_of_ranking`.

Each name below is loaded on first use (`harness.loading.lazy`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.loading.lazy import loaded_on_use

if TYPE_CHECKING:
    from harness.stats.bootstrap import Intervals, bootstrap_intervals, interval_rows, seed_intervals
    from harness.stats.ceiling import Agreement, attenuation_corrected, spearman_brown, training_agreement
    from harness.stats.change import ChangeOfRanking, Estimate, change_of_ranking
    from harness.stats.influence import Estimated, RankInfluences, estimated_by, rank_estimates, rank_influences
    from harness.stats.intervals import Interval
    from harness.stats.names import BASELINES, COEFFICIENTS
    from harness.stats.paired import PairedDifferences, holm, indistinguishable_groups, paired_differences
    from harness.stats.pareto import hypervolume, mean_within, pareto_front, picked_within, undominated
    from harness.stats.partial import Partial, partial_correlations
    from harness.stats.rank_correlation import Coefficients, coefficients
    from harness.stats.resampling.resampled import Resampled, resampled_coefficients
    from harness.stats.stability import Stability, rank_stability
    from harness.stats.top import (
        MeanAndDeviation,
        TopCorrelation,
        best_by_score,
        best_of_random,
        ndcg_at,
        ndcg_of_powers_at,
        percentile_of,
        precision_at,
        top_correlation,
    )
    from harness.stats.top_ranks import best_rank_at, kendall_at, worst_rank_at
    from harness.stats.within import Within, kendall_within

__all__ = [
    "BASELINES",
    "COEFFICIENTS",
    "Agreement",
    "ChangeOfRanking",
    "Coefficients",
    "Estimate",
    "Estimated",
    "Interval",
    "Intervals",
    "MeanAndDeviation",
    "PairedDifferences",
    "Partial",
    "RankInfluences",
    "Resampled",
    "Stability",
    "TopCorrelation",
    "Within",
    "attenuation_corrected",
    "best_by_score",
    "best_of_random",
    "best_rank_at",
    "bootstrap_intervals",
    "change_of_ranking",
    "coefficients",
    "estimated_by",
    "holm",
    "hypervolume",
    "indistinguishable_groups",
    "interval_rows",
    "kendall_at",
    "kendall_within",
    "mean_within",
    "ndcg_at",
    "ndcg_of_powers_at",
    "paired_differences",
    "pareto_front",
    "partial_correlations",
    "percentile_of",
    "picked_within",
    "precision_at",
    "rank_estimates",
    "rank_influences",
    "rank_stability",
    "resampled_coefficients",
    "seed_intervals",
    "spearman_brown",
    "top_correlation",
    "training_agreement",
    "undominated",
    "worst_rank_at",
]

_HOMES = {
    "BASELINES": "harness.stats.names",
    "COEFFICIENTS": "harness.stats.names",
    "Agreement": "harness.stats.ceiling",
    "ChangeOfRanking": "harness.stats.change",
    "Coefficients": "harness.stats.rank_correlation",
    "Estimate": "harness.stats.change",
    "Estimated": "harness.stats.influence",
    "Interval": "harness.stats.intervals",
    "Intervals": "harness.stats.bootstrap",
    "MeanAndDeviation": "harness.stats.top",
    "PairedDifferences": "harness.stats.paired",
    "RankInfluences": "harness.stats.influence",
    "Partial": "harness.stats.partial",
    "Resampled": "harness.stats.resampling.resampled",
    "Stability": "harness.stats.stability",
    "TopCorrelation": "harness.stats.top",
    "Within": "harness.stats.within",
    "attenuation_corrected": "harness.stats.ceiling",
    "best_by_score": "harness.stats.top",
    "best_of_random": "harness.stats.top",
    "best_rank_at": "harness.stats.top_ranks",
    "bootstrap_intervals": "harness.stats.bootstrap",
    "change_of_ranking": "harness.stats.change",
    "coefficients": "harness.stats.rank_correlation",
    "estimated_by": "harness.stats.influence",
    "holm": "harness.stats.paired",
    "hypervolume": "harness.stats.pareto",
    "indistinguishable_groups": "harness.stats.paired",
    "interval_rows": "harness.stats.bootstrap",
    "kendall_at": "harness.stats.top_ranks",
    "kendall_within": "harness.stats.within",
    "mean_within": "harness.stats.pareto",
    "ndcg_at": "harness.stats.top",
    "ndcg_of_powers_at": "harness.stats.top",
    "paired_differences": "harness.stats.paired",
    "pareto_front": "harness.stats.pareto",
    "partial_correlations": "harness.stats.partial",
    "percentile_of": "harness.stats.top",
    "picked_within": "harness.stats.pareto",
    "precision_at": "harness.stats.top",
    "rank_estimates": "harness.stats.influence",
    "rank_influences": "harness.stats.influence",
    "rank_stability": "harness.stats.stability",
    "resampled_coefficients": "harness.stats.resampling.resampled",
    "seed_intervals": "harness.stats.bootstrap",
    "spearman_brown": "harness.stats.ceiling",
    "top_correlation": "harness.stats.top",
    "training_agreement": "harness.stats.ceiling",
    "undominated": "harness.stats.pareto",
    "worst_rank_at": "harness.stats.top_ranks",
}

if not TYPE_CHECKING:  # with it, a type checker would accept every misspelt name
    __getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
