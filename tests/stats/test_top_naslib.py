"""KT@K, BR@K and WR@K. Oracles: every tie-break written out, NASLib's definition by sorting, chance in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ScoresError
from harness.stats import best_rank_at, kendall_at, precision_at, worst_rank_at
from tests.reference import stats_top as reference

FEW = st.lists(st.tuples(st.integers(0, 3).map(float), st.integers(80, 84).map(float)), min_size=1, max_size=6)
MEASURES = [kendall_at, best_rank_at, worst_rank_at]


@given(FEW, st.data())
def test_ranks_are_the_mean_over_all_tie_breaks(rows, data):
    scores, accuracies = map(list, zip(*rows, strict=True))
    k = data.draw(st.integers(1, len(rows)))
    for measure, extreme in ((best_rank_at, min), (worst_rank_at, max)):
        assert measure(scores, accuracies, k) == pytest.approx(reference.mean_rank_at(scores, accuracies, k, extreme))


@pytest.mark.parametrize("k", [3, 5, 10, 20, 25, 30, 50, 75, 100])
def test_without_ties_they_are_those_of_naslib(k: int) -> None:
    generator = np.random.default_rng(0)
    accuracies = generator.permutation(150).astype(float)
    scores = accuracies + generator.normal(0, 40, size=150)
    expected = reference.naslib_at(scores.tolist(), accuracies.tolist(), k)
    found = (measure(scores, accuracies, k) for measure in (precision_at, *MEASURES))
    assert list(found) == pytest.approx(list(expected.values()), rel=1e-12)


def test_a_perfect_order_and_a_constant_score() -> None:
    n, k = 50, 10
    accuracies = np.random.default_rng(1).permutation(n).astype(float)
    assert [measure(accuracies, accuracies, k) for measure in MEASURES] == pytest.approx([1, 1 / n, k / n], rel=1e-12)
    flat = np.zeros(n)
    assert math.isnan(kendall_at(flat, accuracies, k))
    # the least and the largest of k numbers drawn without replacement from 1..n
    assert best_rank_at(flat, accuracies, k) == pytest.approx((n + 1) / (k + 1) / n, rel=1e-12)
    assert worst_rank_at(flat, accuracies, k) == pytest.approx(k * (n + 1) / (k + 1) / n, rel=1e-12)


def test_all_that_tie_with_the_last_count_in_kendalls_coefficient() -> None:
    scores, accuracies = [4.0, 3.0, 2.0, 2.0, 1.0], [9.0, 8.0, 7.0, 6.0, 99.0]
    assert kendall_at(scores, accuracies, 3) == kendall_at(scores, accuracies, 4) == pytest.approx(5 / math.sqrt(5 * 6))
    assert math.isnan(kendall_at(scores, accuracies, 2)), "two always agree or disagree"


@given(FEW, st.data())
def test_only_the_order_counts(rows, data):
    scores, accuracies = (np.array(column) for column in zip(*rows, strict=True))
    k = data.draw(st.integers(1, len(rows)))
    for measure in MEASURES:
        found = measure(scores, accuracies, k)
        assert measure(np.exp(scores), accuracies**3, k) == pytest.approx(found, nan_ok=True)


@pytest.mark.parametrize("measure", MEASURES)
def test_bad_input_is_named(measure) -> None:
    for k in (0, 4):
        with pytest.raises(ScoresError, match=f"k must lie between 1 and the number of architectures, 3; got {k}"):
            measure([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], k)
    with pytest.raises(ScoresError, match="scores: 1 NaN"):
        measure([1.0, math.nan], [1.0, 2.0], 1)
