"""Bytes that a pass keeps for its backward pass. Oracle: the graph itself, walked node by node."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.search.gradient.saved_bytes import SavedTensors
from tests.spaces.supernets import images, positive, supernet


def bytes_of_graph(value: Tensor) -> int:
    """Bytes of all storages that the nodes behind a value have saved, each once."""
    found: dict[int, int] = {}
    nodes, seen = [value.grad_fn], set()
    while nodes:
        node: Any = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        nodes += [before for before, _ in node.next_functions]
        saved = [getattr(node, name) for name in dir(node) if name.startswith("_saved_")]
        saved += list(getattr(node, "saved_tensors", ()))
        flat = [one for each in saved for one in (each if isinstance(each, (tuple, list)) else [each])]
        for tensor in flat:
            if isinstance(tensor, Tensor):
                storage = tensor.untyped_storage()
                found[storage.data_ptr()] = storage.nbytes()
    return sum(found.values())


def test_shared_storages_count_once_and_wholly() -> None:
    values = torch.rand(10, 10, dtype=torch.float64, requires_grad=True)
    with SavedTensors() as saved:
        loss = (values[:3] * values[1:4]).sum() + (values * values).sum()
    assert saved.bytes() == 800
    assert saved.bytes(besides=[values]) == 0
    assert saved.bytes() == bytes_of_graph(loss)


def test_what_the_graph_no_longer_keeps_does_not_count() -> None:
    values = torch.rand(100, requires_grad=True)
    with SavedTensors() as saved:
        loss = values.exp().sum()
        values.sin().cos()
        assert saved.bytes() == 400
        with torch.no_grad():
            values.exp()
        assert saved.bytes() == 400
    values.tanh().sum()
    assert saved.bytes() == 400, "only what runs inside is seen"
    loss.backward()  # type: ignore[no-untyped-call]
    assert saved.bytes() == 0


@pytest.mark.parametrize("simplify", [False, True])
@pytest.mark.parametrize("name", ["nasbench201", "darts"])
def test_a_supernets_bytes_are_those_of_its_graph_and_its_gradients_do_not_change(name: str, simplify: bool) -> None:
    network, weights = supernet(name, simplify=simplify), positive(name)
    plain = network(images(), weights).square().sum()
    with SavedTensors() as saved:
        loss = network(images(), weights).square().sum()
    assert saved.bytes() == bytes_of_graph(plain) == bytes_of_graph(loss)
    tensors = [*weights.values(), *network.parameters()]
    assert 0 < saved.bytes(besides=[*tensors, images()]) < saved.bytes()
    for one, other in zip(torch.autograd.grad(loss, tensors), torch.autograd.grad(plain, tensors), strict=True):
        assert torch.equal(one, other)
    assert saved.bytes() == 0


@pytest.mark.parametrize("name", ["nasbench201", "darts"])
def test_a_pass_without_a_backward_pass_leaves_nothing(name: str) -> None:
    network, weights = supernet(name, simplify=True), positive(name)
    with SavedTensors() as saved:
        loss = network(images(), weights).exp().sum()
    assert saved.bytes() > 0
    del loss
    assert saved.bytes() == 0, "an output that its operation keeps must not hold the graph"


def test_second_derivatives_do_not_change() -> None:
    weights = positive("nasbench201")["cell"]
    network = supernet("nasbench201", width=2, depth=1)
    network.requires_grad_(False)

    def logits(table: Tensor) -> Tensor:
        return network(images(2, 4), {"cell": table.softmax(dim=1)}).exp().sum()

    def second() -> Tensor:
        (first,) = torch.autograd.grad(logits(weights), weights, create_graph=True)
        (found,) = torch.autograd.grad(first.square().sum(), weights)
        return found

    expected = second()
    with SavedTensors():
        found = second()
    assert torch.equal(found, expected)
    assert found.abs().max() > 0


def test_a_known_network_keeps_what_its_formula_says() -> None:
    network = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1, bias=False), nn.ReLU())
    inputs = torch.rand(2, 3, 8, 8)
    with SavedTensors() as saved:
        logits = functional.cross_entropy(network(inputs).mean(dim=(2, 3)), torch.tensor([0, 4]))
    after_relu, log_probabilities = 4 * 2 * 5 * 8 * 8, 4 * 2 * 5
    labels, weight = 8 * 2, 4
    assert saved.bytes([*network.parameters(), inputs]) == after_relu + log_probabilities + labels + weight
    assert logits.requires_grad
