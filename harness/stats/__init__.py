"""Statistics of a ranking: arrays in, named results out; nothing is read, written or drawn here.

`coefficients` says how well scores rank accuracies, `bootstrap_intervals` how sure that is over architectures,
`best_by_score` what a user gets who trains the k highest-scored architectures, `best_of_random` the highest-scored of
a random sample, `percentile_of` where that lies; `pareto_front` what nothing is both cheaper and better than,
`picked_within` what a score picks within a budget.
"""

from harness.stats.bootstrap import Intervals, bootstrap_intervals, interval_rows, seed_intervals
from harness.stats.intervals import Interval
from harness.stats.pareto import mean_within, pareto_front, picked_within
from harness.stats.random_samples import MeanAndDeviation, best_of_random
from harness.stats.rank_correlation import Coefficients, coefficients
from harness.stats.resampled import Resampled, resampled_coefficients
from harness.stats.top import best_by_score, percentile_of

__all__ = [
    "Coefficients",
    "Interval",
    "Intervals",
    "MeanAndDeviation",
    "Resampled",
    "best_by_score",
    "best_of_random",
    "bootstrap_intervals",
    "coefficients",
    "interval_rows",
    "mean_within",
    "pareto_front",
    "percentile_of",
    "picked_within",
    "resampled_coefficients",
    "seed_intervals",
]
