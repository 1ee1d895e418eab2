"""Checks and scaling shared by the statistics, for pairs of a score and an accuracy, one per architecture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from harness.errors import ScoresError
from harness.stats.real_numbers import FloatArray, real_numbers

__all__ = ["FloatArray", "Vectors", "checked_first", "checked_pairs", "checked_rows", "checked_vector", "rescaled"]


def checked_vector(values: npt.ArrayLike, name: str) -> FloatArray:
    """`values` as a float64 array of shape [n].

    Raises ScoresError where `real_numbers` does, and if they are not one-dimensional, or not all finite (counted).
    """
    vector = real_numbers(values, name)
    if vector.ndim != 1:
        raise ScoresError(f"{name} must be one-dimensional, one value per architecture; got shape {list(vector.shape)}")
    lost = int(np.count_nonzero(np.isnan(vector)))
    infinite = int(np.count_nonzero(np.isinf(vector)))
    if lost or infinite:
        raise ScoresError(
            f"{name}: {lost} NaN and {infinite} infinite of {vector.size} values. "
            "Remove failed architectures first, and report their share."
        )
    return vector


def checked_pairs(scores: npt.ArrayLike, accuracies: npt.ArrayLike, *, least: int) -> tuple[FloatArray, FloatArray]:
    """Both inputs as float64 arrays of one shape [n], n >= `least`.

    Raises ScoresError where `checked_vector` does, for unequal lengths, and for fewer than `least` pairs.
    """
    score_vector = checked_vector(scores, "scores")
    accuracy_vector = checked_vector(accuracies, "accuracies")
    if score_vector.size != accuracy_vector.size:
        raise ScoresError(
            f"scores and accuracies must pair up; got {score_vector.size} scores and {accuracy_vector.size} accuracies"
        )
    if score_vector.size < least:
        raise ScoresError(f"at least {least} architectures are needed; got {score_vector.size}")
    return score_vector, accuracy_vector


def checked_first(
    scores: npt.ArrayLike, accuracies: npt.ArrayLike, k: int, *, least: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Both inputs as `checked_pairs` returns them, for a measure of the k highest of them.

    Raises ScoresError where `checked_pairs` does, and for `k` outside 1..n.
    """
    score, accuracy = checked_pairs(scores, accuracies, least=least)
    if not 1 <= k <= score.size:
        raise ScoresError(f"k must lie between 1 and the number of architectures, {score.size}; got {k}")
    return score, accuracy


Vectors = npt.ArrayLike | Sequence[npt.ArrayLike]
"""Vectors of equal length, one row each, such as the scores of several proxies."""


def checked_rows(scores: Vectors, accuracies: npt.ArrayLike, *, least: int) -> tuple[FloatArray, FloatArray]:
    """Scores of several proxies as float64 of shape [proxies, n], and the accuracies of shape [n], n >= `least`.

    Raises ScoresError for an empty list, and where `checked_pairs` does for a proxy, with the proxy's number.
    """
    rows: list[npt.ArrayLike] = list(scores) if isinstance(scores, Iterable) else [scores]
    if not rows or real_numbers(rows[0], "scores").ndim != 1:
        raise ScoresError("scores must have the shape [proxies, architectures], with at least one proxy")
    checked = []
    for place, row in enumerate(rows):
        try:
            checked.append(checked_pairs(row, accuracies, least=least))
        except ScoresError as error:
            raise ScoresError(f"proxy {place} (from 0): {error}" if len(rows) > 1 else str(error)) from None
    return np.stack([row for row, _ in checked]), checked[0][1]


def rescaled(values: FloatArray) -> FloatArray:
    """`values` ([n] or [rows, n]) scaled by a power of two to magnitudes up to 1, then shifted so that the first is 0.

    Pearson's coefficient does not change by this. Sums and squares of the result do not overflow for large scores, and
    do not cancel for scores that differ in their last digits only.
    """
    _, exponents = np.frexp(np.max(np.abs(values), axis=-1, keepdims=True))
    scaled = np.ldexp(values, -exponents)
    return np.asarray(scaled - scaled[..., :1])
