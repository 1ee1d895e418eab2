"""Networks of SANE: every aggregator, whole networks and the supernet.

Oracles: dense layers from the paper's formulas (`tests/reference`), PyTorch Geometric's own layers, and that the order
of the nodes does not matter.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.errors import InstallationError, SpaceError
from harness.spaces import open_space
from harness.spaces.sane import Sane
from harness.spaces.sane.encoding import LAYER_AGGREGATORS, NODE_AGGREGATORS
from tests.reference import spaces_sane_network as reference

torch_geometric = pytest.importorskip(
    "torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)"
)

SIZES = {"features": 5, "classes": 3, "hidden": 16, "nodes": 6}
CLOSE = {"rtol": 1e-11, "atol": 1e-12}
TEXTS = (
    "gcn||gat_cos||gin||skip||none||skip||l_concat",
    "sage_max||geniepath||sage||none||skip||none||l_max",
    "gat_linear||gat_sym||gat_generalized_linear||skip||skip||skip||l_lstm",
    "sage_sum||gat||gcn||none||none||none||l_lstm",
)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def values(wide: int = 16) -> Tensor:
    return torch.randn(6, wide, generator=generator(1), dtype=torch.float64)


def randomised(module: nn.Module) -> nn.Module:
    """The module in float64 with random weights and biases, so that no bias is zero."""
    source = generator(2)
    for parameter in module.double().parameters():
        parameter.data = torch.randn(parameter.shape, generator=source, dtype=torch.float64) / 2
    return module


def made(name: str, form: str = "paper") -> nn.Module:
    from harness.spaces.sane.aggregators import aggregator

    return randomised(aggregator(name, 16, form=form))


@pytest.mark.parametrize("name", NODE_AGGREGATORS)
@pytest.mark.parametrize("form", ["paper", "code"])
def test_a_node_aggregator_is_its_papers(name: str, form: str, edges: Tensor) -> None:
    from harness.spaces.sane.network import with_loops

    layer = made(name, form)
    expected = reference.node_aggregator(name, dict(layer.state_dict()), values(), reference.adjacency(edges, 6), form)
    assert torch.allclose(layer(values(), with_loops(edges, 6)), expected, **CLOSE)


@pytest.mark.parametrize("name", ["gat_sym", "gat_cos", "gat_linear", "gat_generalized_linear"])
def test_only_the_form_of_the_paper_gives_weights_that_sum_to_one(name: str, edges: Tensor) -> None:
    """With W the identity on ones, a node's output is the sum of its weights: one, unless the wrong end is summed."""
    from harness.spaces.sane.network import with_loops

    sums = {}
    for form in ("paper", "code"):
        layer: Any = made(name, form)
        layer.linear.weight.data = torch.eye(16, dtype=torch.float64)
        layer.bias.data.zero_()
        inputs = torch.ones(6, 16, dtype=torch.float64)
        sums[form] = layer(inputs, with_loops(edges, 6))
    assert torch.allclose(sums["paper"], torch.ones(6, 16, dtype=torch.float64), **CLOSE)
    assert not torch.allclose(sums["code"], torch.ones(6, 16, dtype=torch.float64), atol=0.05)


@pytest.mark.parametrize(("name", "heads"), [("gat", 8), ("geniepath", 1)])
def test_attention_of_gat_is_that_of_the_library(name: str, heads: int, edges: Tensor) -> None:
    from torch_geometric.nn import GATConv

    from harness.spaces.sane.network import with_loops

    layer: Any = made(name)
    own = layer if name == "gat" else layer.breadth
    other = GATConv(16, 16 // heads, heads=heads).double()
    other.lin.weight.data = own.linear.weight.data
    other.att_dst.data, other.att_src.data = (each.data.view(1, heads, -1) for each in (own.left, own.right))
    other.bias.data = own.bias.data
    assert torch.allclose(own(values(), with_loops(edges, 6)), other(values(), edges), **CLOSE)


@pytest.mark.parametrize("name", LAYER_AGGREGATORS)
def test_a_layer_aggregator_is_its_papers_and_the_librarys(name: str) -> None:
    from torch_geometric.nn import JumpingKnowledge

    from harness.spaces.sane.layers import LayerAggregator

    layer: Any = randomised(LayerAggregator(name, 16))
    layers = [values(), values().roll(1, 0), values().flip(1)]
    outputs = layer(layers)
    assert torch.allclose(outputs, reference.layer_aggregator(name, dict(layer.state_dict()), layers), **CLOSE)
    other = JumpingKnowledge({"l_max": "max", "l_concat": "cat", "l_lstm": "lstm"}[name], 16, 3).double()
    if layer.lstm is not None:
        counts = [sum(each.numel() for each in module.parameters()) for module in (layer.lstm, other)]
        assert counts[0] == counts[1]
        for number, suffix in enumerate(("", "_reverse")):
            for part, kind in (("read", "ih"), ("kept", "hh")):
                for what in ("weight", "bias"):
                    own = getattr(getattr(layer.lstm.directions[number], part), what)
                    getattr(other.lstm, f"{what}_{kind}_l0{suffix}").data.copy_(own.data)
        other.att.load_state_dict(layer.lstm.scores.state_dict())
    assert torch.allclose(outputs, layer.linear(other(layers).relu()), **CLOSE)


@pytest.mark.parametrize("text", TEXTS)
def test_whole_networks_are_the_plain_ones(space: Sane, text: str, edges: Tensor) -> None:
    network = randomised(space.build(space.parse(text), SIZES))
    nodes = torch.tensor([0, 3, 5])
    expected = reference.logits(text, dict(network.state_dict()), values(5), edges)
    assert torch.allclose(network(values(5), edges, nodes), expected[nodes], **CLOSE)


def test_the_order_of_the_nodes_does_not_matter(space: Sane, edges: Tensor) -> None:
    network = randomised(space.build(space.parse(TEXTS[2]), SIZES))
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    place = torch.empty_like(order)
    place[order] = torch.arange(6)
    plain = network(values(5), edges, torch.arange(6))
    assert torch.allclose(network(values(5)[order], place[edges], torch.arange(6)), plain[order], **CLOSE)


def test_sparse_features_give_the_same_logits(space: Sane, edges: Tensor) -> None:
    network = randomised(space.build(space.parse(TEXTS[0]), SIZES))
    features, nodes = values(5).clamp(min=0), torch.arange(6)
    assert torch.allclose(network(features.to_sparse(), edges, nodes), network(features, edges, nodes), **CLOSE)


def test_training_drops_and_evaluation_does_not(edges: Tensor) -> None:
    from harness.spaces.sane.network import Dropped, SaneNetwork

    architecture, nodes = open_space("sane").parse(TEXTS[3]), torch.arange(6)
    network = SaneNetwork(architecture, features=5, classes=3, hidden=16, dropped=Dropped(0.5, 0.5, 0.5)).double()  # type: ignore[arg-type]
    first, second = (network(values(5), edges, nodes) for _ in range(2))
    assert not torch.equal(first, second)
    network.eval()
    expected = reference.logits(TEXTS[3], dict(network.state_dict()), values(5), edges)
    assert torch.allclose(network(values(5), edges, nodes), expected, **CLOSE)


def test_a_network_without_the_extra_says_how_to_get_it(space: Sane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.spaces.nasbench_graph.network.find_spec", lambda name: None)
    with pytest.raises(InstallationError, match=r"pip install 'nasinit\[graphs\]'"):
        space.build(space.parse(TEXTS[0]), SIZES)


def test_a_width_that_the_heads_do_not_divide_is_refused(space: Sane) -> None:
    for call in (space.build, space.sizes):
        with pytest.raises(SpaceError, match="hidden must be a multiple of 8, the heads of attention; got 12"):
            call(space.parse(TEXTS[0]), {"hidden": 12})
