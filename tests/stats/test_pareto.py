"""Oracles: every pair compared (tests/reference), hand counts, and properties of fronts."""

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from harness.errors import ScoresError
from harness.stats import hypervolume, mean_within, pareto_front, picked_within
from tests.reference import stats_pareto as reference

few = st.integers(-3, 3).map(float)
any_number = st.floats(allow_nan=False, allow_infinity=False)
tied_points = st.lists(st.tuples(few, few, few), min_size=1, max_size=30)
points = tied_points | st.lists(st.tuples(any_number, any_number, any_number), min_size=1, max_size=30)


@given(points)
def test_the_front_is_what_no_point_dominates(rows):
    costs, gains, _ = map(np.array, zip(*rows, strict=True))
    front = pareto_front(costs, gains)
    assert len(set(front.tolist())) == front.size
    assert set(front.tolist()) == reference.pareto_front(costs.tolist(), gains.tolist())


@given(points)
def test_costs_and_gains_rise_together_along_the_front(rows):
    costs, gains, _ = map(np.array, zip(*rows, strict=True))
    front = pareto_front(costs, gains)
    pairs = [(costs[index], gains[index], index) for index in front]
    assert pairs == sorted(pairs)
    for (cost, gain, _), (next_cost, next_gain, _) in itertools.pairwise(pairs):
        assert (cost < next_cost) == (gain < next_gain), "either both rise, or the points are equal"


@given(points, st.randoms(use_true_random=False))
def test_the_front_does_not_depend_on_the_order_of_the_points(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    front = pareto_front(*zip(*[row[:2] for row in rows], strict=True))
    moved = pareto_front(*zip(*[rows[index][:2] for index in order], strict=True))
    assert {order[index] for index in moved} == set(front.tolist())


@given(points)
def test_the_cheapest_and_the_best_stand_at_its_ends(rows):
    costs, gains, _ = map(np.array, zip(*rows, strict=True))
    front = pareto_front(costs, gains)
    assert costs[front[0]] == costs.min()
    assert gains[front[-1]] == gains.max()


@given(tied_points, st.lists(few, min_size=1, max_size=5))
def test_picks_are_the_highest_scores_that_a_budget_allows(rows, budgets):
    costs, scores, gains = (list(column) for column in zip(*rows, strict=True))
    found = picked_within(costs, scores, gains, budgets)
    expected = [reference.picked_within(costs, scores, gains, budget) for budget in budgets]
    assert_allclose(found, [math.nan if value is None else value for value in expected], rtol=1e-12, atol=0)


@given(tied_points, st.lists(few, min_size=1, max_size=5))
def test_gains_as_their_own_scores_pick_the_best_that_a_budget_buys(rows, budgets):
    costs, _, gains = map(np.array, zip(*rows, strict=True))
    found = picked_within(costs, gains, gains, budgets)
    expected = [gains[costs <= budget].max() if (costs <= budget).any() else math.nan for budget in budgets]
    assert_allclose(found, expected, rtol=1e-12, atol=0)


@given(st.lists(st.tuples(few, few), min_size=1, max_size=30), st.lists(few, min_size=1, max_size=5))
def test_the_mean_within_a_budget_is_that_of_all_it_allows(rows, budgets):
    costs, gains = (list(column) for column in zip(*rows, strict=True))
    expected = [reference.mean_within(costs, gains, budget) for budget in budgets]
    wanted = [math.nan if value is None else value for value in expected]
    assert_allclose(mean_within(costs, gains, budgets), wanted, rtol=1e-12, atol=1e-12)


def test_equal_points_stand_on_the_front_together_or_not_at_all():
    assert pareto_front([1, 2, 2, 3, 3], [5, 9, 9, 7, 7]).tolist() == [0, 1, 2]
    assert pareto_front([1, 1, 1], [2, 2, 2]).tolist() == [0, 1, 2]


def test_equal_gains_keep_the_cheapest_and_equal_costs_the_best():
    assert pareto_front([1, 2, 3], [5, 5, 5]).tolist() == [0]
    assert pareto_front([1, 1, 1], [4, 6, 5]).tolist() == [1]


def test_picks_by_hand():
    # Within 2 the scores 7 (cost 1) and 7 (cost 2) tie: the cheaper one, which two points share, with gains 60 and 70.
    costs, scores, gains = [1, 1, 2, 3], [7, 7, 7, 8], [60, 70, 99, 50]
    assert picked_within(costs, scores, gains, [0.9, 1, 2, 3, 100]).tolist()[1:] == [65, 65, 50, 50]
    assert math.isnan(picked_within(costs, scores, gains, [0.9])[0])
    assert mean_within(costs, gains, [1, 2.5, 3]).tolist() == pytest.approx([65, 229 / 3, 279 / 4])


@given(tied_points)
def test_the_hypervolume_is_the_area_counted_in_squares(rows):
    """Points on a lattice: a unit square counts if some point is no worse than all of it."""
    costs, gains = ([int(value) for value in column] for column in list(zip(*rows, strict=True))[:2])
    reference = (max(costs) + 1, min(gains) - 1)
    squares = sum(
        any(cost <= x and gain >= y + 1 for cost, gain in zip(costs, gains, strict=True))
        for x in range(min(costs), reference[0])
        for y in range(reference[1], max(gains))
    )
    assert hypervolume(costs, gains, reference) == squares


def test_points_beyond_the_reference_add_no_hypervolume():
    assert hypervolume([1.0, 5.0, 0.5], [3.0, 9.0, 0.5], reference=(4.0, 1.0)) == 6.0
    assert hypervolume([5.0], [9.0], reference=(4.0, 1.0)) == 0


def test_no_budgets_give_no_values():
    assert picked_within([1.0], [1.0], [1.0], []).shape == mean_within([1.0], [1.0], []).shape == (0,)


def test_the_size_of_nas_bench_101_takes_no_time():
    """Some hundred points share each cost."""
    generator = np.random.default_rng(0)
    costs, gains = generator.normal(size=423_624).round(3), generator.normal(size=423_624)
    start = time.perf_counter()
    front = pareto_front(costs, gains)
    assert time.perf_counter() - start < 5
    below = [gains[costs <= costs[index]].max() for index in front]
    assert below == gains[front].tolist()
    assert gains[front[-1]] == gains.max()


@pytest.mark.parametrize(
    "function",
    [
        pareto_front,
        lambda costs, gains: mean_within(costs, gains, [1.0]),
        lambda costs, gains: hypervolume(costs, gains, (1, 1)),
    ],
)
@pytest.mark.parametrize(
    ("costs", "gains", "message"),
    [
        ([1.0, math.nan], [1.0, 2.0], "costs: 1 NaN and 0 infinite of 2"),
        ([1.0, 2.0], [math.inf, math.nan], "gains: 1 NaN and 1 infinite of 2"),
        ([1.0, 2.0], [1.0], "costs and gains must pair up; got 2 costs and 1 gains"),
        ([], [], "costs and gains are empty"),
        ([[1.0]], [1.0], "costs must be one-dimensional"),
        (["cheap"], [1.0], "costs must be numbers"),
    ],
)
def test_what_has_no_front_is_refused(function, costs, gains, message):
    with pytest.raises(ScoresError, match=message):
        function(costs, gains)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [math.nan], [1.0], [1.0]), "scores: 1 NaN"),
        (([1.0], [1.0], [math.nan], [1.0]), "gains: 1 NaN"),
        (([1.0], [1.0], [1.0, 2.0], [1.0]), "costs and gains must pair up"),
        (([1.0], [1.0], [1.0], [math.nan]), "budgets: 1 NaN"),
    ],
)
def test_picks_of_what_is_no_number_are_refused(arguments, message):
    with pytest.raises(ScoresError, match=message):
        picked_within(*arguments)
