"""Stability: rank correlation of a proxy's scores under one setting with its scores under another."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError, unknown
from harness.progress import Advance, unseen
from harness.stats._pairs import FloatArray, checked_rows
from harness.stats.intervals import Interval, check_options, percentile_interval
from harness.stats.names import COEFFICIENTS
from harness.stats.real_numbers import real_numbers
from harness.stats.resampling.resampled import resampled_coefficients


class Stability(NamedTuple):
    """Rank correlation of a proxy with itself over S settings.

    Attributes:
        matrix: coefficients between settings, shape [S, S]; 1 on the diagonal, NaN where a setting's scores are
            constant.
        low: lower ends of the percentile intervals over the architectures, shape [S, S].
        high: upper ends of these intervals, shape [S, S].
        mean: mean over the pairs of different settings.
        interval: percentile interval of the mean, on the same resamples.
    """

    matrix: FloatArray
    low: FloatArray
    high: FloatArray
    mean: float
    interval: Interval


def rank_stability(
    scores: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    coefficient: str = "spearman",
    resamples: int = 1000,
    confidence: float = 0.95,
    advance: Advance = unseen,
) -> Stability:
    """Rank correlation of one proxy's scores between settings, with percentile intervals over the architectures.

    Args:
        scores: finite scores of the same architectures, one row per setting, shape [S, n], S >= 2, n >= 3.
        generator: the only source of randomness; it advances by `resamples` draws of n integers.
        coefficient: name of the coefficient, one of `COEFFICIENTS`.
        resamples: number of resamples of the architectures, >= 1.
        confidence: confidence level of the intervals, in (0, 1).
        advance: called with a number of resamples that are ranked; for each pair of settings `resamples`.

    Raises:
        ScoresError: where `resampled_coefficients` does, or for fewer than two settings.
    """
    check_options("percentile", confidence)
    if coefficient not in COEFFICIENTS:
        raise ScoresError(unknown("coefficient", coefficient, COEFFICIENTS))
    rows = real_numbers(scores, "scores")
    if rows.ndim != 2 or len(rows) < 2:
        raise ScoresError(f"scores must have the shape [2 or more settings, architectures]; got {list(rows.shape)}")
    table, _ = checked_rows(rows, rows[0], least=3)
    place, size = COEFFICIENTS.index(coefficient), len(table)
    values = np.ones((size, size, 1 + resamples))
    start = generator.bit_generator.state
    for row in range(size - 1):
        generator.bit_generator.state = start
        found = resampled_coefficients(
            table[row + 1 :],
            table[row],
            generator=generator,
            resamples=resamples,
            wanted=[coefficient],
            advance=advance,
        )
        both = np.concatenate([found.estimates[:, None, place], found.values[:, :, place]], axis=1)
        values[row, row + 1 :] = values[row + 1 :, row] = both
    constant = table.min(axis=1) == table.max(axis=1)
    values[constant, constant] = math.nan
    ends = np.array([[percentile_interval(pair[1:], confidence) for pair in row] for row in values])
    means = values[np.triu_indices(size, k=1)].mean(axis=0)
    return Stability(
        values[:, :, 0], ends[..., 0], ends[..., 1], float(means[0]), percentile_interval(means[1:], confidence)
    )
