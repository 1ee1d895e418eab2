"""Networks: every operation and whole networks.

Oracles: plain layers from their papers (`tests/reference`), PyTorch Geometric's own forward passes, and what holds for
any graph network: the order of the nodes does not matter.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.errors import InstallationError
from harness.spaces.nasbench_graph import NasBenchGraph, parse
from harness.spaces.nasbench_graph.encoding import OPERATIONS
from tests.reference.spaces_nasbench_graph_network import layer, logits

SIZES = {"features": 5, "classes": 3, "hidden": 4, "nodes": 7}
LAYERS = [name for name in OPERATIONS if name != "skip"]


@pytest.fixture(autouse=True)
def _with_torch_geometric() -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")


def features(nodes: int = 7) -> Tensor:
    return torch.randn(nodes, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def built(name: str) -> nn.Module:
    """An operation whose weights and biases are all random."""
    from harness.spaces.nasbench_graph.operations import operation

    made = operation(name, 5, 4).double()
    generator = torch.Generator().manual_seed(2)
    for parameter in made.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return made


@pytest.mark.parametrize("name", LAYERS)
def test_an_operation_is_the_layer_of_its_paper(name: str, edges: Tensor) -> None:
    made = built(name)
    outputs = made(features(), edges)
    assert torch.allclose(outputs, layer(name, dict(made.state_dict()), features(), edges), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("one_way", [False, True])
@pytest.mark.parametrize("name", ["gat", "cheb", "arma"])
def test_an_own_forward_pass_gives_the_outputs_of_the_layer(name: str, one_way: bool, edges: Tensor) -> None:
    made: Any = built(name)
    given = edges[:, : edges.shape[1] // 2] if one_way else edges
    assert torch.allclose(made(features(), given), made.layer(features(), given), rtol=1e-12, atol=1e-12)


def test_whole_networks_are_the_plain_ones(space: NasBenchGraph, edges: Tensor) -> None:
    nodes = torch.tensor([0, 3, 6])
    for architecture in space.sample(30, seed=4):
        network = space.build(architecture, SIZES, seed=1).double().eval()
        expected = logits(dict(network.state_dict()), architecture.link, architecture.operations, features(), edges)[
            nodes
        ]
        assert torch.allclose(network(features(), edges, nodes), expected, rtol=1e-10, atol=1e-12), str(architecture)


def test_the_order_of_the_nodes_does_not_matter(space: NasBenchGraph, edges: Tensor) -> None:
    order = torch.tensor([3, 6, 0, 5, 1, 4, 2])  # new node k is the old order[k]
    place = order.argsort()
    for architecture in space.sample(10, seed=5):
        network = space.build(architecture, SIZES).double()
        first = network(features(), edges, order)
        second = network(features()[order], place[edges], torch.arange(7))
        assert torch.allclose(first, second, rtol=1e-9, atol=1e-12)


def test_encodings_of_one_class_have_one_network(space: NasBenchGraph, edges: Tensor) -> None:
    first, second = (space.build(parse(text), SIZES) for text in ("0123:gcn:skip:gat:skip", "0123:skip:skip:gcn:gat"))
    nodes = torch.arange(7)
    assert torch.equal(first(features().float(), edges, nodes), second(features().float(), edges, nodes))


def test_a_graph_without_edges_has_finite_logits_and_gradients(space: NasBenchGraph) -> None:
    none = torch.zeros(2, 0, dtype=torch.long)
    for name in LAYERS:
        network = space.build(parse(((0, 1, 2, 3), (name,) * 4)), SIZES)
        outputs = network(features().float(), none, torch.arange(7))
        outputs.sum().backward()
        found = [each.grad for each in network.parameters() if each.grad is not None]
        assert all(bool(each.isfinite().all()) for each in (outputs, *found))


@pytest.mark.parametrize("name", LAYERS)
def test_an_initialisation_draws_linear_layers_anew(space: NasBenchGraph, name: str) -> None:
    network = space.build(parse(((0, 1, 2, 3), (name,) * 4)), SIZES, init="orthogonal")
    linear = [each for each in network.modules() if isinstance(each, nn.Linear)]
    assert all(each.bias is None or not each.bias.any() for each in linear)
    for each in linear:
        short = each.weight if len(each.weight) <= each.weight.shape[1] else each.weight.t()
        assert torch.allclose(short @ short.t(), torch.eye(len(short)), atol=1e-5)


def test_without_torch_geometric_one_line_names_the_extra(
    space: NasBenchGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.spaces.nasbench_graph.network.find_spec", lambda name: None)
    with pytest.raises(
        InstallationError, match=r"^graph networks need torch_geometric: pip install 'nasinit\[graphs\]'$"
    ):
        space.build(parse("88811"))
