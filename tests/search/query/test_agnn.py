"""AGNN and the recurrent controllers.

Oracles: PyTorch's LSTM cell, its Adam and autograd, averages in a loop, and the steps that a run leaves.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from harness.errors import SearchError
from harness.search.query.agnn import ALL, NORMALISED, RANDOM, RAW, _taken, agnn, edges_of_classes
from harness.search.query.graphnas import graphnas
from harness.search.query.indexed import choices_of, is_empty
from harness.search.query.oracle import Fidelity, Oracle
from harness.search.query.recurrent import BOUND, TEMPERATURE, Baseline, RecurrentPolicy
from harness.spaces.nasbench_graph import NasBenchGraph
from harness.spaces.nasbench_graph.encoded import class_numbers
from harness.spaces.searches import IndexedSpace

SPACE = IndexedSpace(4, (1,) * 5, options=(2, 3, 4, 4, 4), classes=(2, 3))
VALUES = np.random.default_rng(0).normal(70, 5, len(SPACE))


def oracle_of(queries: int, runs: int = 5) -> Oracle:
    fidelity = Fidelity(VALUES[None], np.ones(len(SPACE)))
    return Oracle([fidelity], runs=runs, budget_seconds=float(queries), record=True)


def policy(runs: int = 3) -> RecurrentPolicy:
    return RecurrentPolicy(runs, 6, (2, 4), np.random.default_rng(3), hidden=5, learning_rate=0.1)


def test_the_controller_reads_as_pytorchs_cell_does() -> None:
    ours, symbols = policy(), np.array([[0, 1, 2], [5, 0, 0], [3, 3, 4]])
    state = ours.begin()
    for column in symbols.T:
        state = ours.read(state, column)
    for run in range(3):
        cell = nn.LSTMCell(5, 5, bias=False)
        taken, kept, shown, new = ours._gates[run].detach().t().chunk(4)
        weights = torch.cat([taken, kept, new, shown])  # PyTorch's order of the gates
        with torch.no_grad():
            cell.weight_ih.copy_(weights[:, :5])
            cell.weight_hh.copy_(weights[:, 5:])
            expected = torch.zeros(1, 5), torch.zeros(1, 5)
            for symbol in symbols[run]:
                expected = cell(ours._embedding[run, symbol][None], expected)
            logits = BOUND * (expected[0] @ ours._heads[run] / TEMPERATURE).tanh()
        for own, theirs in zip(state, expected, strict=True):
            torch.testing.assert_close(own[run], theirs[0])
        first, second = ours.log_probabilities(state, range(2))
        torch.testing.assert_close(first[run], logits[0, :2].log_softmax(0))
        torch.testing.assert_close(second[run], logits[0, 2:].log_softmax(0))
        torch.testing.assert_close(ours.log_probabilities(state, range(1, 2))[0], second)


def test_a_step_is_pytorchs_adam_of_the_runs_that_learn() -> None:
    ours, advantages = policy(), torch.tensor([0.5, -2.0, 1.0])
    weights = [ours._embedding, ours._gates, ours._heads]
    copies = [nn.Parameter(weight.detach().clone()) for weight in weights]
    adam = torch.optim.Adam(copies, lr=0.1)
    learning = torch.tensor([True, False, True])
    for step in range(3):
        symbols = np.array([step, 1, 2])
        other = policy()
        other._embedding, other._gates, other._heads = copies
        logs = [each.log_probabilities(each.read(each.begin(), symbols), range(2))[1][:, 0] for each in (ours, other)]
        ours.learn(logs[0], advantages, learning)
        adam.zero_grad()
        (-(advantages * logs[1])[learning].sum()).backward()
        adam.step()
    for weight, copied, start in zip(
        weights, copies, [policy()._embedding, policy()._gates, policy()._heads], strict=True
    ):
        torch.testing.assert_close(weight[::2], copied[::2].detach())
        torch.testing.assert_close(weight[1], start[1])
        assert not torch.equal(weight[0], start[0])


def test_the_baseline_is_the_moving_average_of_the_runs_own_rewards() -> None:
    generator, baseline = np.random.default_rng(0), Baseline(4)
    sums, weights = [0.0] * 4, [0.0] * 4
    for _ in range(6):
        rewards, learning = generator.normal(size=4), generator.random(4) < 0.6
        found = baseline.advantage(rewards, learning)
        for run in range(4):
            if not learning[run]:
                assert found[run] == 0
                continue
            sums[run] = 0.9 * sums[run] + 0.1 * rewards[run]
            weights[run] = 0.9 * weights[run] + 0.1
            assert found[run] == pytest.approx(rewards[run] - sums[run] / weights[run])


def test_the_class_is_that_of_the_largest_entropy() -> None:
    assert edges_of_classes(SPACE) == [[0, 1], [2, 3, 4]]
    most = np.array([np.log(2) + np.log(3), 3 * np.log(4)])
    entropies = np.array([[0.9, 0.5, 1.0], [0.8, 0.6, 0.99]]) * most[:, None]
    taken = partial(_taken, entropies, SPACE, draws=np.random.default_rng(0))
    assert taken(NORMALISED).tolist() == [[True, False, True], [False, True, False]]
    assert taken(RAW).tolist() == [[False] * 3, [True] * 3]
    assert taken(ALL).all()
    assert (taken(RANDOM).sum(axis=0) == 1).all()


@pytest.mark.parametrize("modified", [NORMALISED, RAW, RANDOM])
def test_an_offspring_differs_from_the_best_in_one_class(modified: str) -> None:
    oracle = oracle_of(30)
    chosen = agnn(oracle, SPACE, np.random.default_rng(1), modified=modified)
    assert (oracle.queries == 30).all()
    changed = set()
    best, values = oracle.history[0].cells.copy(), oracle.history[0].values.copy()
    for step in oracle.history[1:]:
        differs = choices_of(SPACE, step.cells) != choices_of(SPACE, best)
        for run in differs:
            classes = {"links" if edge < 2 else "operations" for edge in np.flatnonzero(run)}
            assert len(classes) <= 1
            changed |= classes
        better = step.values > values
        best, values = np.where(better, step.cells, best), np.where(better, step.values, values)
    assert changed == ({"operations"} if modified == RAW else {"links", "operations"})
    assert (chosen == best).all()


def test_a_run_begins_with_an_architecture() -> None:
    space = IndexedSpace(4, (1,) * 5, options=(2, 3, 4, 4, 4), classes=(2, 3), empty=((3, 4), 1))
    every = np.arange(len(space))
    choices = choices_of(space, every)
    assert (is_empty(space, every) == ((choices[:, 3] == 1) & (choices[:, 4] == 1))).all()
    oracle = oracle_of(1, runs=400)
    agnn(oracle, space, np.random.default_rng(0))
    first = oracle.history[0].cells
    assert not is_empty(space, first).any()
    plain = oracle_of(1, runs=400)
    agnn(plain, SPACE, np.random.default_rng(0))
    same = first == plain.history[0].cells
    assert 0 < (~same).sum() == is_empty(space, plain.history[0].cells).sum(), "the draws of other runs do not change"


def test_four_skips_are_the_encodings_of_no_network() -> None:
    empty = is_empty(NasBenchGraph.encoded.choices, np.arange(len(NasBenchGraph.encoded.choices)))
    assert empty.sum() == 24
    assert (empty == (class_numbers() < 0)).all()


def test_all_classes_at_once_differ_in_both() -> None:
    oracle = oracle_of(10)
    agnn(oracle, SPACE, np.random.default_rng(1), modified=ALL)
    first, second = (choices_of(SPACE, step.cells) for step in oracle.history[:2])
    both = (first != second)[:, :2].any(axis=1) & (first != second)[:, 2:].any(axis=1)
    assert both.any()


@pytest.mark.parametrize("search", [agnn, graphnas])
def test_a_run_follows_from_its_seed_and_leaves_torchs_random_state(search) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    found = [search(oracle_of(15), SPACE, np.random.default_rng(7)) for _ in range(2)]
    assert (found[0] == found[1]).all()
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.slow
@pytest.mark.parametrize("search", [partial(agnn, modified=ALL), graphnas])
def test_the_controllers_learn_what_is_rewarded(search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RecurrentPolicy.__init__.__kwdefaults__, "learning_rate", 0.03)
    rewarded = choices_of(SPACE, np.arange(len(SPACE)))[:, 2] == 1
    values = 50 + 10.0 * rewarded
    oracle = Oracle([Fidelity(values[None], np.ones(len(SPACE)))], runs=6, budget_seconds=200.0, record=True)
    search(oracle, SPACE, np.random.default_rng(0))
    taken = [
        np.mean([rewarded[step.cells].mean() for step in part]) for part in (oracle.history[:20], oracle.history[-20:])
    ]
    assert taken[0] < 0.5 < 0.7 < taken[1]


def test_an_unknown_modification_is_refused() -> None:
    with pytest.raises(SearchError, match="unknown way to modify 'rwa'"):
        agnn(oracle_of(3), SPACE, np.random.default_rng(0), modified="rwa")
