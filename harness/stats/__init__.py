"""Statistics of a ranking: arrays in, named results out; nothing is read, written or drawn here.

How well scores rank: `coefficients`, with `bootstrap_intervals` over architectures and `seed_intervals` over seeds of
the weights, of many proxies at once by `interval_rows`; `paired_differences` between proxies and
`indistinguishable_groups`. What they know beyond size: `partial_correlations`, `kendall_within`. Against what is
possible: `training_agreement`, `attenuation_corrected`. What a user gets: `best_by_score` of the k highest-scored,
`precision_at`, `ndcg_at`, `top_correlation`, `best_of_random` of a random sample, `percentile_of`, `pareto_front`,
`picked_within` a budget. With itself under other settings: `rank_stability`; what a change of the setting does:
`change_of_ranking`.
"""

from harness.stats.bootstrap import Intervals, bootstrap_intervals, interval_rows, seed_intervals
from harness.stats.ceiling import Agreement, attenuation_corrected, spearman_brown, training_agreement
from harness.stats.change import ChangeOfRanking, Estimate, change_of_ranking
from harness.stats.intervals import Interval
from harness.stats.paired import PairedDifferences, holm, indistinguishable_groups, paired_differences
from harness.stats.pareto import mean_within, pareto_front, picked_within
from harness.stats.partial import Partial, partial_correlations
from harness.stats.random_samples import MeanAndDeviation, best_of_random
from harness.stats.rank_correlation import COEFFICIENTS, Coefficients, coefficients
from harness.stats.ranked_top import TopCorrelation, ndcg_at, precision_at, top_correlation
from harness.stats.resampling.resampled import Resampled, resampled_coefficients
from harness.stats.stability import Stability, rank_stability
from harness.stats.top import best_by_score, percentile_of
from harness.stats.within import Within, kendall_within

__all__ = [
    "COEFFICIENTS",
    "Agreement",
    "ChangeOfRanking",
    "Coefficients",
    "Estimate",
    "Interval",
    "Intervals",
    "MeanAndDeviation",
    "PairedDifferences",
    "Partial",
    "Resampled",
    "Stability",
    "TopCorrelation",
    "Within",
    "attenuation_corrected",
    "best_by_score",
    "best_of_random",
    "bootstrap_intervals",
    "change_of_ranking",
    "coefficients",
    "holm",
    "indistinguishable_groups",
    "interval_rows",
    "kendall_within",
    "mean_within",
    "ndcg_at",
    "paired_differences",
    "pareto_front",
    "partial_correlations",
    "percentile_of",
    "picked_within",
    "precision_at",
    "rank_stability",
    "resampled_coefficients",
    "seed_intervals",
    "spearman_brown",
    "top_correlation",
    "training_agreement",
]
