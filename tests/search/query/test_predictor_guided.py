"""SemiNAS, NAO and the forest: every label is a query, none is asked for twice, and the forest is a plain loop's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.prediction import seminas as network
from harness.prediction.encoder_predictor_decoder import Sizes
from harness.prediction.graf import forest_predictions, graf_features
from harness.search.query.indexed import cells_of, choices_of
from harness.search.query.methods import METHODS
from harness.search.query.oracle import Fidelity, Oracle
from harness.search.query.predictor_guided import Plan, graf_forest, plan_of
from harness.spaces.searches import IndexedSpace

SPACE = IndexedSpace(3, (1, 2))
CHOICES = choices_of(SPACE, np.arange(len(SPACE)))
VALUES = 60 + 5.0 * (CHOICES == 2).sum(axis=1) + np.random.default_rng(0).normal(size=len(SPACE))
SEARCHES = ("seminas", "nao", "graf_forest")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = network.SEMINAS._replace(pretraining=4, updates=4, unlabelled=6, batch=8, sizes=Sizes(8, 4))
    monkeypatch.setattr(network, "SEMINAS", quick)
    monkeypatch.setattr(network, "NAO", quick._replace(unlabelled=0))


def oracle_of(runs: int, budget: float = 1e6, seconds: float = 1.0) -> Oracle:
    fidelity = Fidelity(VALUES[None], np.full(len(SPACE), seconds))
    return Oracle([fidelity], runs=runs, budget_seconds=budget, record=True)


def asked(oracle: Oracle) -> list[list[int]]:
    return [[int(step.cells[run]) for step in oracle.history if step.answered[run]] for run in range(oracle.runs)]


def test_the_plan_is_that_of_the_authors_at_their_number_of_queries() -> None:
    assert plan_of(2000) == Plan(1100, (300, 300, 300))
    for queries in range(1, 200):
        first, rounds = plan_of(queries)
        assert first + sum(rounds) == queries
        assert first >= 1
        assert max(rounds) - min(rounds) <= 1


def test_choices_are_the_digits_of_a_cell() -> None:
    assert CHOICES[5].tolist() == [0, 1, 2]
    assert cells_of(SPACE, CHOICES).tolist() == list(range(len(SPACE)))


@pytest.mark.slow
@pytest.mark.parametrize("name", SEARCHES)
def test_labels_are_distinct_and_counted_and_seeds_reproduce(name: str) -> None:
    def found(seed: int) -> list[list[int]]:
        oracle = oracle_of(2)
        chosen = METHODS[name].search(oracle, SPACE, np.random.default_rng(seed), queries=14)
        cells = asked(oracle)
        assert oracle.queries.tolist() == [14] * 2 == [len(set(run)) for run in cells]
        assert oracle.spent.tolist() == [14.0] * 2
        assert chosen.tolist() == [max(run, key=lambda cell: VALUES[cell]) for run in cells]
        return cells

    state = torch.get_rng_state()
    first = found(1)
    assert torch.equal(torch.get_rng_state(), state)
    assert found(1) == first != found(2)


@pytest.mark.slow
@pytest.mark.parametrize("name", SEARCHES)
def test_seconds_end_a_run_and_a_space_may_be_smaller_than_the_queries(name: str) -> None:
    oracle = oracle_of(2, budget=100.0, seconds=9.0)
    METHODS[name].search(oracle, SPACE, np.random.default_rng(0), queries=20)
    assert oracle.queries.tolist() == [11, 11], "99 of 100 seconds"
    oracle = oracle_of(2)
    chosen = METHODS[name].search(oracle, SPACE, np.random.default_rng(0), queries=500)
    assert oracle.queries.tolist() == [len(SPACE)] * 2
    assert chosen.tolist() == [VALUES.argmax()] * 2


def test_a_network_sees_queried_values_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[set[int], list[float], set[int]]] = []
    fit = network.SemiNAS.fit

    def watched(self: network.SemiNAS, choices: np.ndarray, values: np.ndarray) -> None:
        fit(self, choices, values)
        seen.append(({*cells_of(SPACE, choices)}, values.tolist(), {*cells_of(SPACE, self.pseudo_labelled)}))

    monkeypatch.setattr(network.SemiNAS, "fit", watched)
    oracle = oracle_of(1)
    METHODS["seminas"].search(oracle, SPACE, np.random.default_rng(0), queries=14)
    cells = asked(oracle)[0]
    for (labelled, values, pseudo), count in zip(seen, (8, 10, 12), strict=True):
        assert labelled == set(cells[:count])
        assert values == VALUES[cells[:count]].tolist()
        assert len(pseudo) == 6
        assert not pseudo & labelled


def test_the_forest_takes_the_path_of_a_plain_loop() -> None:
    oracle = oracle_of(2)
    graf_forest(oracle, SPACE, np.random.default_rng(7), queries=12)
    draws, features = np.random.default_rng(7), graf_features(SPACE, CHOICES)
    first = [np.argsort(draws.random(len(SPACE)))[:7].tolist() for _ in range(2)]
    for cells, uniform, expected in zip(first, draws.random(2), asked(oracle), strict=True):
        for count in (1, 2, 2):
            others = [cell for cell in range(len(SPACE)) if cell not in cells]
            predicted = forest_predictions(features[cells], VALUES[cells], features[others], int(uniform * 2**31))
            best = sorted(range(len(others)), key=lambda place: -predicted[place])
            cells += [others[place] for place in best[:count]]
        assert cells == expected


@pytest.mark.parametrize("name", ["seminas", "nao"])
def test_of_uneven_choices_only_cells_of_the_space_are_asked(name: str) -> None:
    space = IndexedSpace(4, (1, 2, 1), options=(2, 3, 1, 4))
    values = np.random.default_rng(0).normal(size=len(space))
    oracle = Oracle([Fidelity(values[None], np.ones(len(space)))], runs=2, budget_seconds=1e6, record=True)
    METHODS[name].search(oracle, space, np.random.default_rng(1), queries=20)
    for cells in asked(oracle):
        assert len(set(cells)) == 20
        assert set(cells) <= set(range(len(space)))
        assert (choices_of(space, np.array(cells)) < np.array(space.options)).all()
