"""The effect of a changed setting on a proxy's ranking: agreement with the old ranking, and the change in quality."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.stats._pairs import FloatArray, checked_rows
from harness.stats.intervals import check_options, percentile_interval
from harness.stats.paired import paired_differences
from harness.stats.resampling.resampled import resampled_coefficients


class Estimate(NamedTuple):
    """A number with the ends of its interval; all are NaN where it is undefined."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan


class ChangeOfRanking(NamedTuple):
    """Agreement of a proxy's scores before and after a change; NaN where scores or accuracies are constant.

    Attributes:
        spearman: Spearman's coefficient between the scores after and before.
        kendall_tau_b: Kendall's tau-b between the scores after and before.
        ranking_before: Spearman's coefficient between the scores before and the accuracies.
        ranking: Spearman's coefficient between the scores after and the accuracies.
        difference: `ranking` minus `ranking_before`, paired on the same resamples.
        p: two-sided p-value of no difference; 1 where the two never differ.
    """

    spearman: Estimate = Estimate()
    kendall_tau_b: Estimate = Estimate()
    ranking_before: Estimate = Estimate()
    ranking: Estimate = Estimate()
    difference: Estimate = Estimate()
    p: float = math.nan


def change_of_ranking(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    accuracies: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> ChangeOfRanking:
    """Rank correlation between two scores of each architecture, and of each with the accuracy, on the same resamples.

    Args:
        before: finite scores under the first setting, shape [n], n >= 3.
        after: finite scores of the same architectures under the second setting, shape [n].
        accuracies: finite numbers, shape [n].
        generator: the only source of randomness; it advances by `resamples` draws of n integers.
        resamples: number of resamples of the architectures, >= 1.
        confidence: confidence level of the percentile intervals, in (0, 1).

    Raises:
        ScoresError: where `resampled_coefficients` does, or for a confidence outside (0, 1).
    """
    check_options("percentile", confidence)
    scores, accuracy = checked_rows([before, after], accuracies, least=3)
    if any(np.ptp(row) == 0 for row in (*scores, accuracy)):
        return ChangeOfRanking()
    start = generator.bit_generator.state
    agreeing = resampled_coefficients(
        scores[1:], scores[0], generator=generator, resamples=resamples, wanted=("spearman", "kendall_tau_b")
    )
    generator.bit_generator.state = start
    ranking = resampled_coefficients(scores, accuracy, generator=generator, resamples=resamples, wanted=("spearman",))
    paired = paired_differences(ranking, confidence=confidence)

    def estimate(estimates: FloatArray, values: FloatArray) -> Estimate:
        return Estimate(float(estimates), *percentile_interval(values, confidence))

    spearman, kendall_tau_b = (estimate(agreeing.estimates[0, k], agreeing.values[0, :, k]) for k in (0, 1))
    ranking_before, ranking_after = (estimate(ranking.estimates[k, 0], ranking.values[k, :, 0]) for k in (0, 1))
    difference = Estimate(*(float(part[1, 0]) for part in (paired.difference, paired.low, paired.high)))
    return ChangeOfRanking(spearman, kendall_tau_b, ranking_before, ranking_after, difference, float(paired.p[1, 0]))
