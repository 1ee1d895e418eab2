"""Networks of AGNN's space. Oracles: dense layers in float64 (`tests/reference`), and PyTorch's count of parameters."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from harness.errors import InstallationError
from harness.measurements.size import parameter_count
from harness.spaces import open_space
from harness.spaces.agnn.encoding import OPTIONS, Layer
from tests.reference import spaces_agnn_network as reference
from tests.reference.spaces_sane_network import adjacency

torch_geometric = pytest.importorskip(
    "torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)"
)

SPACE = open_space("agnn")
SIZES = {"features": 5, "classes": 3, "nodes": 6}
CLOSE = {"rtol": 1e-11, "atol": 1e-12}
NODES = torch.arange(6)


@pytest.fixture(scope="module")
def edges() -> Tensor:
    """Six nodes: a triangle with a tail, an edge of one direction, an edge to itself, and node 5, which is alone."""
    ends = torch.tensor([[0, 1], [1, 2], [0, 2], [2, 3]]).t()
    return torch.cat([ends, ends.flip(0), torch.tensor([[4, 1], [0, 1]]), torch.tensor([[3], [3]])], dim=1)


def values(wide: int = 5) -> Tensor:
    return torch.randn(6, wide, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def randomised(module: nn.Module) -> nn.Module:
    source = torch.Generator().manual_seed(2)
    for parameter in module.double().parameters():
        parameter.data = torch.randn(parameter.shape, generator=source, dtype=torch.float64)
    return module


@pytest.mark.parametrize("attention", OPTIONS["attention"])
@pytest.mark.parametrize("aggregate", OPTIONS["aggregate"])
def test_a_layer_is_the_dense_one(attention: str, aggregate: str, edges: Tensor) -> None:
    from harness.spaces.agnn.network import GraphLayer
    from harness.spaces.sane.network import with_loops

    choices = Layer("8", attention, "4", aggregate, "identity", "identity")
    layer = randomised(GraphLayer(choices, 5, 8))
    expected = reference.layer(str(choices), dict(layer.state_dict()), values(), adjacency(edges, 6))
    assert torch.allclose(layer(values(), with_loops(edges, 6)), expected, **CLOSE)


@pytest.mark.parametrize("place", range(8))
def test_whole_networks_are_the_plain_ones(place: int, edges: Tensor) -> None:
    """Every activation once, with and without the perceptron, and other choices in turn."""
    texts = [
        ":".join(options[(place * step + layer) % len(options)] for step, options in enumerate(OPTIONS.values(), 1))
        for layer, _ in enumerate(range(2))
    ]
    first, second = (text.rpartition(":")[0] for text in texts)
    text = f"{first}:{OPTIONS['activation'][place]}||{second}:{OPTIONS['activation'][-1 - place]}"
    network = randomised(SPACE.build(SPACE.parse(text), SIZES))
    canonical = str(SPACE.minimal(SPACE.parse(text)))
    expected = reference.logits(canonical, dict(network.state_dict()), values(), adjacency(edges, 6))
    assert torch.allclose(network(values(), edges, NODES[[0, 3, 5]]), expected[[0, 3, 5]], **CLOSE)
    assert SPACE.sizes(SPACE.parse(text), SIZES).parameters == parameter_count(network)


def test_heads_of_one_weight_have_one_network() -> None:
    one, other = (
        SPACE.build(SPACE.parse(f"8:gcn:{heads}:sum:mlp:relu||8:const:{heads}:mean:identity:elu"), SIZES)
        for heads in (1, 8)
    )
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    assert all(name == same and torch.equal(tensor, equal) for (name, tensor), (same, equal) in pairs)


def test_sparse_features_give_the_same_logits(edges: Tensor) -> None:
    network = randomised(SPACE.build(SPACE.parse("8:gat:2:sum:mlp:elu||16:linear:4:mean:identity:relu"), SIZES))
    features = values().clamp(min=0)
    assert torch.allclose(network(features.to_sparse(), edges, NODES), network(features, edges, NODES), **CLOSE)


def test_training_drops_entries_that_are_there_and_evaluation_nothing(edges: Tensor) -> None:
    from harness.spaces.agnn.network import AgnnNetwork, dropped_entries

    sparse = torch.eye(6).to_sparse()
    found = dropped_entries(nn.Dropout(0.5).train(), sparse).to_dense()
    assert set(found.unique().tolist()) == {0.0, 2.0}
    assert not found[~torch.eye(6, dtype=torch.bool)].any()
    assert dropped_entries(nn.Dropout(0.5).eval(), sparse) is sparse
    text = "8:gat:2:sum:mlp:elu||16:linear:4:mean:identity:relu"
    network = AgnnNetwork(SPACE.parse(text), features=5, classes=3, dropped=0.5, dropped_last=0.5).double()  # type: ignore[arg-type]
    first, second = (network(values(), edges, NODES) for _ in range(2))
    assert not torch.equal(first, second)
    expected = reference.logits(text, dict(network.state_dict()), values(), adjacency(edges, 6))
    assert torch.allclose(network.eval()(values(), edges, NODES), expected, **CLOSE)


def test_the_plain_network_is_that_of_kipf_and_welling(edges: Tensor) -> None:
    from harness.spaces.agnn.network import PlainGcn

    network = randomised(PlainGcn(features=5, classes=3, hidden=4)).eval()
    state, looped = dict(network.state_dict()), adjacency(edges, 6)
    degrees = looped.sum(dim=1).sqrt()
    mixing = looped / degrees[:, None] / degrees[None, :]
    inside = (mixing @ values() @ state["first.linear.weight"].t() + state["first.bias"]).clamp(min=0)
    expected = mixing @ inside @ state["second.linear.weight"].t() + state["second.bias"]
    assert torch.allclose(network(values(), edges, NODES), expected, **CLOSE)
    assert parameter_count(network) == 5 * 4 + 4 + 4 * 3 + 3


def test_a_network_without_the_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.spaces.nasbench_graph.network.find_spec", lambda name: None)
    with pytest.raises(InstallationError, match=r"pip install 'nasinit\[graphs\]'"):
        SPACE.build(SPACE.sample(1)[0], SIZES)
