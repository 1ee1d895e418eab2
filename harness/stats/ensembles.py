"""How good averaged predictions are: accuracy, likelihood, calibration, and how much their members differ.

Legend: n members, N samples, K classes; p probabilities [N, K].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.stats.intervals import percentile_interval
from harness.stats.paired import p_value_of_no_difference
from harness.stats.real_numbers import FloatArray

IntArray = npt.NDArray[np.int64]
Measure = Callable[[FloatArray, IntArray], float]
"""Maps probabilities [N, K] and labels [N] to a number."""

BINS = 15
_TINY = np.finfo(np.float64).tiny


def accuracy(probabilities: FloatArray, labels: IntArray) -> float:
    """Share of the samples whose most probable class is their label."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def negative_log_likelihood(probabilities: FloatArray, labels: IntArray) -> float:
    """Mean of −log p(label) over the samples, in nats; lower is better."""
    chosen = np.take_along_axis(probabilities, labels[:, None], axis=1)
    return float(-np.log(np.maximum(chosen, _TINY)).mean())


def calibration_error(probabilities: FloatArray, labels: IntArray, bins: int = BINS) -> float:
    """Expected calibration error: Σ_b |B_b| / N · |accuracy(B_b) − confidence(B_b)| (Guo et al. 2017, equation 3).

    A sample's confidence is its largest probability; bin b of the B equal ones holds confidences in ((b − 1)/B, b/B].

    Returns:
        The error, from 0 to 1; lower is better.
    """
    confidence = probabilities.max(axis=1)
    places = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = (probabilities.argmax(axis=1) == labels) - confidence
    return float(np.abs(np.bincount(places, gaps, minlength=bins)).sum() / len(labels))


def disagreement(members: FloatArray) -> float:
    """Share of the samples on which two members differ in the most probable class, mean over all pairs; NaN for one.

    Args:
        members: probabilities of each member, [n, N, K].
    """
    chosen = members.argmax(axis=2)
    shares = [float((one != other).mean()) for one, other in combinations(chosen, 2)]
    return float(np.mean(shares)) if shares else float("nan")


MEASURES: dict[str, Measure] = {
    "accuracy": accuracy,
    "nll": negative_log_likelihood,
    "ece": calibration_error,
}
"""Measures of averaged probabilities by a short name."""


class PairedDifference(NamedTuple):
    """A difference with both ends of its 95 % interval, and the two-sided p-value of no difference."""

    value: float
    low: float
    high: float
    p: float


def paired_difference(
    measure: Measure,
    one: Sequence[FloatArray],
    other: Sequence[FloatArray],
    labels: IntArray,
    *,
    generator: np.random.Generator,
    resamples: int = 1000,
) -> PairedDifference:
    """Measure of one ensemble less that of another, mean over repetitions, with a bootstrap interval over the samples.

    Both are looked at on the same resampled samples, so that what is hard for both cancels. The interval tells what
    other test samples would have given to these trained members; it does not hold for members trained anew.

    Args:
        measure: one of `MEASURES`, or any other.
        one: averaged probabilities [N, K] of each repetition.
        other: those of the ensembles that it is compared with, repetition by repetition.
        labels: classes of the samples, [N].
        generator: source of the resamples.
        resamples: number of resamples.

    Raises:
        ScoresError: no repetition, or not equally many of both.
    """
    if not one or len(one) != len(other):
        raise ScoresError(f"a paired difference needs as many repetitions of both, got {len(one)} and {len(other)}")

    def difference(places: IntArray) -> float:
        pairs = zip(one, other, strict=True)
        return float(
            np.mean([measure(a[places], labels[places]) - measure(b[places], labels[places]) for a, b in pairs])
        )

    count = len(labels)
    drawn = np.array([difference(generator.integers(count, size=count)) for _ in range(resamples)])
    value = difference(np.arange(count))
    return PairedDifference(value, *percentile_interval(drawn, 0.95), p_value_of_no_difference(value, drawn))
