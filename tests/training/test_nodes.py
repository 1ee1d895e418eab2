"""The training of a network on the nodes of a graph.

Oracles: a plain loop with dense features, and that nothing outside changes.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import DivergedError, SettingError
from harness.setting import derived_seed
from harness.spaces.sane.splits import random_split
from harness.training.nodes import NodeTraining, train_nodes

GRAPH = random_split(60, 6, 3, seed=0)
SETTING = NodeTraining(epochs=6, learning_rate=0.1)


class MeanOfNeighbours(nn.Module):
    """A linear layer of the features, then of the sum over neighbours."""

    def __init__(self, setting: NodeTraining) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 3) / setting.hidden)

    def forward(self, features: Tensor, edges: Tensor, nodes: Tensor) -> Tensor:
        own = torch.sparse.mm(features, self.weight) if features.is_sparse else features @ self.weight
        return own.index_add(0, edges[1], own[edges[0]])[nodes]


def test_the_training_is_the_plain_one() -> None:
    found = train_nodes(MeanOfNeighbours, GRAPH, SETTING, seed=3)
    torch.manual_seed(derived_seed(3, "training on a graph"))
    network, every = MeanOfNeighbours(SETTING), torch.arange(60)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1, weight_decay=SETTING.weight_decay)
    best = (-1.0, 0.0, 0)
    for epoch in range(1, 7):
        loss = functional.cross_entropy(network(GRAPH.features, GRAPH.edges, every)[GRAPH.training],
                                        GRAPH.classes[GRAPH.training])  # fmt: skip
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        right = (network(GRAPH.features, GRAPH.edges, every).argmax(dim=1) == GRAPH.classes).double()
        validation, last = (100 * float(right[part].mean()) for part in (GRAPH.validation, GRAPH.test))
        if validation > best[0]:
            best = (validation, last, epoch)
    assert found[:4] == pytest.approx((*best, last))


def test_the_same_arguments_give_the_same_and_the_global_state_stays() -> None:
    before = torch.random.get_rng_state()
    short = NodeTraining(epochs=2, hidden=4, learning_rate=1e-3)
    first, again, other = (train_nodes(MeanOfNeighbours, GRAPH, short, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first[:4] == again[:4] != other[:4]


def test_dropout_is_off_where_accuracies_are_taken() -> None:
    modes = []

    class Watched(MeanOfNeighbours):
        def forward(self, *given: Tensor) -> Tensor:
            modes.append(self.training)
            return super().forward(*given)

    train_nodes(Watched, GRAPH, NodeTraining(epochs=2))
    assert modes == [True, False] * 2


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    class Broken(MeanOfNeighbours):
        def forward(self, *given: Tensor) -> Tensor:
            return super().forward(*given) * torch.nan

    with pytest.raises(
        DivergedError, match="the loss of a training is nan at epoch 1: a smaller learning_rate may help"
    ):
        train_nodes(Broken, GRAPH, SETTING)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("epochs", 0, "epochs must be a whole number from 1, got 0"),
        ("optimizer", "sgd", "unknown optimizer 'sgd'"),
        ("activation", "gelu", "unknown activation 'gelu'"),
        ("learning_rate", 0, "learning_rate must be a number from 0"),
        ("input_dropout", 1.0, "input_dropout must be a number from 0 and below 1"),
        ("weight_decay", float("nan"), "weight_decay must be a number from 0"),
    ],
)
def test_a_setting_that_is_none_is_refused(field: str, value: Any, why: str) -> None:
    with pytest.raises(SettingError, match=why):
        NodeTraining(**{field: value})
