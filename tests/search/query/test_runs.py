"""All runs at once against one run at a time (tests/reference), on the same random numbers: the same trajectories."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from harness.errors import SearchError
from harness.search.query.methods import METHODS
from harness.search.query.oracle import CHARGED, DROPPED, KNOWN, Fidelity, Oracle
from harness.search.query.proxy_guided import best_of_samples
from harness.spaces.nasbench201 import NasBench201
from tests.reference import search_queried as reference
from tests.sampling import one_in

NASBENCH201 = NasBench201.choices

RUNS = 7
CELLS = len(NASBENCH201)


class Recorded:
    """A generator that keeps what it drew, and refuses anything but uniforms and normals."""

    def __init__(self, seed: int) -> None:
        self._generator, self.log = np.random.default_rng(seed), []

    def random(self, size):
        self.log.append(self._generator.random(size))
        return self.log[-1]

    def standard_normal(self, size):
        self.log.append(self._generator.standard_normal(size))
        return self.log[-1]


@pytest.fixture(scope="module")
def fidelities():
    """Accuracies with many ties that change little from neighbour to neighbour, and seconds."""
    generator = np.random.default_rng(0)
    effects = generator.normal(0, 3, size=(6, 5))
    digits = np.array([reference.decode(cell) for cell in range(CELLS)])
    smooth = 70 + effects[np.arange(6), digits].sum(axis=1)
    return [
        Fidelity(np.round(smooth + generator.normal(0, noise, CELLS))[None], generator.uniform(*seconds, CELLS))
        for noise, seconds in ((2.0, (50, 200)), (1.0, (800, 3000)))
    ]


@pytest.fixture(scope="module")
def scores(fidelities):
    """A score with ties, that every fifth cell lacks."""
    values = np.round(fidelities[0].values[0] / 5)
    values[::5] = np.nan
    return values


BY_REFERENCE = {
    "random_search": reference.random_search,
    "regularised_evolution": reference.regularised_evolution,
    "reinforce": reference.reinforce,
    "reinforce_fast": partial(reference.reinforce, learning_rate=0.1),
    "radars": reference.radars,
    "random_pruning": reference.random_pruning,
    "local_search": reference.local_search,
    "successive_halving": reference.successive_halving,
    "assisted_evolution": reference.assisted_evolution,
    "warmed_evolution": reference.assisted_evolution,
}
WITHOUT_QUERIES = {"best_of_10", "best_of_100", "best_of_1000", "knas"}
AGNN = {"agnn", "agnn_raw_entropy", "agnn_random_class", "agnn_all_classes", "graphnas"}
ELSEWHERE = {"hnas", "robot", "largest", "seminas", "nao", "graf_forest", *AGNN}
"""test_hnas.py, test_robot.py, test_largest.py, test_predictor_guided.py, test_agnn.py"""


def test_every_method_has_a_reference():
    assert set(METHODS) == set(BY_REFERENCE) | WITHOUT_QUERIES | ELSEWHERE
    assert {method.name for method in METHODS.values() if not method.queries} == WITHOUT_QUERIES


@pytest.mark.parametrize("crossing", [DROPPED, KNOWN, CHARGED])
@pytest.mark.parametrize("budget", [60.0, 1_000.0, 12_000.0])
@pytest.mark.parametrize("name", BY_REFERENCE)
def test_every_run_takes_the_references_path(name, budget, crossing, fidelities, scores):
    method = METHODS[name]
    chosen_fidelities = fidelities[: method.fidelities]
    oracle = Oracle(chosen_fidelities, runs=RUNS, budget_seconds=budget, crossing=crossing, record=True)
    draws = Recorded(3)
    guidance = {"scores": scores} if method.scores_needed else {}
    chosen = method.search(oracle, NASBENCH201, draws, **guidance)
    assert not oracle.is_open.any()
    for run in range(RUNS):
        account = reference.Account(
            [one.values[0].tolist() for one in chosen_fidelities],
            [one.seconds.tolist() for one in chosen_fidelities],
            budget,
            crossing,
        )
        BY_REFERENCE[name](account, (array[run] for array in draws.log), **guidance)
        asked = [(step.cells[run], step.values[run]) for step in oracle.history if step.answered[run]]
        assert asked == [(cell, value) for cell, _, value in account.trace]
        assert oracle.spent[run] == pytest.approx(account.spent, rel=1e-12)
        assert oracle.queries[run] == len(account.trace)
        assert chosen[run] == account.chosen()


@pytest.mark.parametrize("samples", [1, 10, 200])
def test_the_best_of_samples_is_the_references(samples, fidelities, scores):
    oracle, draws = Oracle(fidelities, runs=50, budget_seconds=1.0, record=True), Recorded(4)
    chosen = best_of_samples(oracle, NASBENCH201, draws, scores=scores, samples=samples)
    expected = [reference.best_of_samples((array[run] for array in draws.log), scores) for run in range(50)]
    assert chosen.tolist() == expected
    assert not oracle.history


def test_knas_is_the_best_of_a_hundred_by_its_measure(fidelities, scores):
    oracle = Oracle(fidelities, runs=20, budget_seconds=1.0)
    chosen = METHODS["knas"].search(oracle, NASBENCH201, Recorded(5), knas=scores)
    assert chosen.tolist() == best_of_samples(oracle, NASBENCH201, Recorded(5), scores=scores, samples=100).tolist()


@pytest.mark.parametrize("samples", [1, 3])
def test_cells_without_a_score_are_never_picked(samples, fidelities, scores):
    oracle = Oracle(fidelities, runs=2000, budget_seconds=1.0)
    guided = {"scores": scores, "samples": samples}
    assert np.isfinite(scores[best_of_samples(oracle, NASBENCH201, np.random.default_rng(0), **guided)]).all()
    with pytest.raises(SearchError, match="no cell has a score"):
        best_of_samples(oracle, NASBENCH201, np.random.default_rng(0), scores=scores * np.nan, samples=samples)


def test_a_crossing_rule_other_than_the_default_names_where_it_was_read():
    assert {name for name, method in METHODS.items() if method.crossing != DROPPED} == {"reinforce"}
    assert METHODS["reinforce"].crossing_source


def test_with_several_seeds_a_run_takes_the_references_path_on_what_it_was_answered(fidelities):
    """Each query answers one of three seeds; the reference is told the answers in the order of its own asking."""
    generator = np.random.default_rng(7)
    seeds = fidelities[0].values + generator.integers(-4, 5, size=(3, CELLS))
    for name in ("regularised_evolution", "reinforce"):
        seeded = Fidelity(seeds, fidelities[0].seconds)
        oracle = Oracle([seeded], runs=3, budget_seconds=5_000.0, generator=np.random.default_rng(1), record=True)
        draws = Recorded(5)
        chosen = METHODS[name].search(oracle, NASBENCH201, draws)
        for run in range(3):
            steps = [step for step in oracle.history if step.answered[run]]
            account = Replayed([step.values[run] for step in steps], [seeded.seconds.tolist()], 5_000.0)
            BY_REFERENCE[name](account, (array[run] for array in draws.log))
            assert [cell for cell, _, _ in account.trace] == [step.cells[run] for step in steps]
            assert all(value in seeds[:, cell] for cell, _, value in account.trace)
            assert chosen[run] == account.chosen()


class Replayed(reference.Account):
    """An account that answers the n-th query with the n-th of the given values, whatever the cell."""

    def __init__(self, answers, seconds, budget):
        super().__init__([self], seconds, budget)
        self.answers = answers

    def __getitem__(self, cell):
        return self.answers[len(self.trace)]


@pytest.mark.parametrize("name", one_in(3, sorted(METHODS)))
def test_a_seed_decides_and_the_global_state_neither_matters_nor_moves(name, fidelities, scores):
    method = METHODS[name]
    by_name = {"scores": scores, "metric": np.abs(scores), "condition": 1 + np.arange(CELLS) % 97.0}
    by_name["metrics"] = np.random.default_rng(0).normal(size=(CELLS, 6))
    by_name |= {"knas": scores, "params": np.arange(CELLS) // 50 % 9.0}
    guidance = {one: by_name[one] for one in method.scores_needed}

    def chosen(seed):
        oracle = Oracle(fidelities[: method.fidelities], runs=5, budget_seconds=3_000)
        return method.search(oracle, NASBENCH201, np.random.default_rng(seed), **guidance).tolist()

    kept = np.random.get_state()
    try:
        found = []
        for state in (1, 2):
            np.random.seed(state)
            before = np.random.get_state()[1].copy()
            found.append(chosen(8))
            assert np.array_equal(np.random.get_state()[1], before)
    finally:
        np.random.set_state(kept)
    assert found[0] == found[1]
    assert chosen(9) != found[0]
