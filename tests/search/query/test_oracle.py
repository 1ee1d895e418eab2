"""The account of a run, by hand and as properties; cells as numbers against the space itself."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SearchError
from harness.search.query.indexed import integers_below, mutated, neighbours
from harness.search.query.oracle import CHARGED, CROSSINGS, DROPPED, KNOWN, Fidelity, Oracle
from harness.spaces import open_space
from harness.spaces.nasbench201 import NasBench201

NASBENCH201 = NasBench201.choices

VALUES = np.array([[50.0, 70.0, 90.0, 70.0]])
SECONDS = np.array([10.0, 20.0, 30.0, 40.0])
FIDELITY = Fidelity(VALUES, SECONDS)


def after(cells, budget, crossing):
    oracle = Oracle([FIDELITY], runs=1, budget_seconds=budget, crossing=crossing)
    for cell in cells:
        oracle.query(np.array([cell]))
    return oracle.spent[0], oracle.queries[0], oracle.chosen[0], bool(oracle.is_open[0])


@pytest.mark.parametrize(
    ("budget", "crossing", "expected"),
    [
        (100.0, DROPPED, (60.0, 3, 2, True)),
        (60.0, DROPPED, (60.0, 3, 2, False)),  # spent to the second: over, as `while spent < budget` is
        (50.0, DROPPED, (30.0, 2, 1, False)),
        (50.0, KNOWN, (30.0, 3, 2, False)),
        (50.0, CHARGED, (60.0, 3, 2, False)),
        (5.0, DROPPED, (10.0, 1, 0, False)),  # the first is always answered
    ],
)
def test_three_queries_by_hand(budget, crossing, expected):
    assert after([0, 1, 2], budget, crossing) == expected


def test_a_cell_asked_twice_is_paid_twice_and_the_first_of_equals_is_chosen():
    assert after([1, 1, 3], 1e3, DROPPED) == (80.0, 3, 1, True)


def test_a_run_that_does_not_ask_pays_nothing():
    oracle = Oracle([FIDELITY], runs=2, budget_seconds=100)
    query = oracle.query(np.array([2, 2]), np.array([True, False]))
    assert query.answered.tolist() == [True, False]
    assert query.values[0] == 90.0
    assert np.isnan(query.values[1])
    assert oracle.spent.tolist() == [30.0, 0.0]
    assert oracle.chosen.tolist() == [2, -1]


def test_a_later_fidelity_outranks_a_better_answer_of_an_earlier_one():
    oracle = Oracle([FIDELITY, Fidelity(VALUES / 2, SECONDS)], runs=1, budget_seconds=1e3)
    for cell, fidelity in ((2, 0), (0, 1), (3, 1), (2, 0)):
        oracle.query(np.array([cell]), fidelity=fidelity)
    assert (oracle.chosen[0], oracle.best[0]) == (3, 35.0)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=12),
    st.floats(1, 300),
    st.sampled_from(sorted(CROSSINGS)),
)
def test_no_run_spends_more_than_its_rule_allows(cells, budget, crossing):
    oracle = Oracle([FIDELITY], runs=1, budget_seconds=budget, crossing=crossing)
    answered = []
    for cell in cells:
        was_open = oracle.is_open[0]
        if oracle.query(np.array([cell])).answered[0]:
            assert was_open
            answered.append(cell)
    assert oracle.queries[0] == len(answered)
    if crossing == CHARGED:
        assert oracle.spent[0] == SECONDS[answered].sum()
        assert oracle.spent[0] - SECONDS[answered[-1]] < budget or len(answered) == 1
    elif len(answered) > 1:
        assert oracle.spent[0] <= max(budget, SECONDS[answered[0]])
    assert VALUES[0, oracle.chosen[0]] == VALUES[0, answered].max()


def test_one_of_the_seeds_that_a_cell_has_is_drawn_uniformly():
    values = np.array([[1.0, np.nan], [2.0, 5.0], [np.nan, 6.0], [4.0, 7.0]])
    seeded = Fidelity(values, np.ones(2))
    oracle = Oracle([seeded], runs=6000, budget_seconds=9, generator=np.random.default_rng(0))
    for cell, there in ((0, [1.0, 2.0, 4.0]), (1, [5.0, 6.0, 7.0])):
        counts = Counter(oracle.query(np.full(6000, cell)).values.tolist())
        assert sorted(counts) == there
        assert all(abs(count - 2000) < 5 * np.sqrt(6000 * 2 / 9) for count in counts.values())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"runs": 0}, "runs must be at least 1, got 0"),
        ({"budget_seconds": 0}, "a budget must be more than 0 seconds and finite, got 0"),
        ({"budget_seconds": float("inf")}, "a budget must be more than 0 seconds and finite, got inf"),
        ({"budget_seconds": float("nan")}, "a budget must be more than 0 seconds and finite, got nan"),
        ({"crossing": "droped"}, "unknown crossing 'droped'. Did you mean 'dropped'?"),
        ({"fidelities": []}, "an oracle needs at least one fidelity"),
        ({"fidelities": [Fidelity(VALUES[0], SECONDS)]}, r"fidelity 0 needs values of shape \[seeds, 4\]"),
        ({"fidelities": [FIDELITY, Fidelity(VALUES[:, :2], SECONDS[:2])]}, r"fidelity 1 needs values of shape"),
        ({"fidelities": [Fidelity(VALUES * np.nan, SECONDS)]}, "fidelity 0 has no value for 4 of 4 cells"),
        ({"fidelities": [Fidelity(VALUES, SECONDS - 10)]}, "fidelity 0 has cells whose seconds are no positive"),
        ({"fidelities": [Fidelity(np.vstack([VALUES, VALUES]), SECONDS)]}, "fidelity 0 has 2 seeds: a generator"),
    ],
)
def test_what_no_oracle_can_answer_is_refused(changed, message):
    given_arguments = {"fidelities": [FIDELITY], "runs": 1, "budget_seconds": 10.0, **changed}
    with pytest.raises(SearchError, match=message):
        Oracle(given_arguments.pop("fidelities"), **given_arguments)


def test_cells_are_their_places_in_the_space():
    space = open_space("nasbench201")
    cells = list(space)
    places = np.random.default_rng(0).integers(0, len(cells), 40)
    found = neighbours(NASBENCH201, places)
    for place, around in zip(places.tolist(), found.tolist(), strict=True):
        assert {cells[other] for other in around} == set(space.neighbours(cells[place]))
        assert len(around) == len(set(around)) == 24
    assert len(NASBENCH201) == len(cells)


def test_a_mutation_changes_one_edge_drawn_by_its_node_to_any_other_operation():
    cells = list(open_space("nasbench201"))
    # every node, every edge of it and every new operation, as often as the uniforms of a grid hit them
    grid = np.stack(np.meshgrid(*[(np.arange(n) + 0.5) / n for n in (3, 6, 4)], indexing="ij"), axis=-1).reshape(-1, 3)
    for place in (0, 7_812, 15_624):
        mutants = mutated(NASBENCH201, np.full(len(grid), place), grid)
        changes = Counter()
        for mutant in mutants.tolist():
            pairs = zip(cells[place].operations, cells[mutant].operations, strict=True)
            (edge,) = [edge for edge, (old, new) in enumerate(pairs) if old != new]
            changes[edge, cells[mutant].operations[edge]] += 1
        shares = {edge: sum(n for (one, _), n in changes.items() if one == edge) / len(grid) for edge in range(6)}
        assert shares == pytest.approx({0: 1 / 3, 1: 1 / 6, 2: 1 / 6, 3: 1 / 9, 4: 1 / 9, 5: 1 / 9})
        assert all(len({op for one, op in changes if one == edge}) == 4 for edge in range(6))


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 20_000))
def test_drawn_numbers_lie_in_their_range(uniform, count):
    assert 0 <= integers_below(np.array([uniform]), count)[0] < count
