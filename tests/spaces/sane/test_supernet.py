"""The supernet of SANE, and the architecture derived from it.

Oracles: a loop over all operations in float64, the network of one architecture, and weights with known largest entries.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from harness.errors import SpaceError
from harness.spaces.group import Group
from harness.spaces.sane import Sane
from harness.spaces.sane.derivation import GROUPS
from tests.reference import spaces_sane_network as reference

SIZES = {"features": 5, "classes": 3, "hidden": 8}


def drawn(seed: int = 0) -> dict[str, Tensor]:
    source = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(group.shape, generator=source, dtype=torch.float64).softmax(dim=1)
        for name, group in GROUPS.items()
    }


@pytest.fixture
def _extra() -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")


def inputs(edges: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return features, edges, torch.tensor([0, 2, 5])


@pytest.mark.usefixtures("_extra")
def test_the_supernet_is_the_plain_mixture(space: Sane, edges: Tensor) -> None:
    supernet = space.supernet(SIZES).double().eval()
    weights, given = drawn(), inputs(edges)
    expected = reference.mixed_logits(dict(supernet.state_dict()), weights, given[0], edges)[given[2]]
    assert torch.allclose(supernet(given, weights), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.usefixtures("_extra")
def test_weights_that_choose_compute_one_architecture(space: Sane, edges: Tensor) -> None:
    supernet = space.supernet(SIZES).double().eval()
    text = "gin||gat_cos||sage_max||skip||none||skip||l_lstm"
    chosen = {name: torch.zeros(group.shape, dtype=torch.float64) for name, group in GROUPS.items()}
    parts = {"node": text.split("||")[:3], "skip": text.split("||")[3:6], "layer": ["l_lstm"]}
    for group, names in parts.items():
        for row, name in enumerate(names):
            chosen[group][row, GROUPS[group].operations.index(name)] = 1
    given = inputs(edges)
    expected = reference.mixed_logits(dict(supernet.state_dict()), chosen, given[0], edges)[given[2]]
    assert torch.allclose(supernet(given, chosen), expected, rtol=1e-11, atol=1e-12)
    assert str(space.derive(chosen)) == text


@pytest.mark.usefixtures("_extra")
def test_every_operation_weight_has_a_gradient_but_that_of_none(space: Sane, edges: Tensor) -> None:
    supernet = space.supernet(SIZES).double().eval()
    weights = {name: table.requires_grad_() for name, table in drawn().items()}
    torch.autograd.backward(supernet(inputs(edges), weights).square().sum())
    assert all(bool((weights[name].grad != 0).all()) for name in ("node", "layer"))  # type: ignore[operator]
    assert bool((weights["skip"].grad == 0)[:, 0].all())  # type: ignore[index]
    assert bool((weights["skip"].grad != 0)[:, 1].all())  # type: ignore[index]


@pytest.mark.usefixtures("_extra")
def test_operations_that_are_left_out_are_not_built(space: Sane, edges: Tensor) -> None:
    kept = {name: torch.ones(group.shape, dtype=torch.bool) for name, group in GROUPS.items()}
    kept["node"][:, GROUPS["node"].operations.index("geniepath")] = False
    small, whole = space.supernet(SIZES, operations=kept), space.supernet(SIZES)
    assert not any("geniepath" in name for name in small.state_dict())
    assert all(torch.equal(value, whole.state_dict()[name]) for name, value in small.state_dict().items())
    assert bool(torch.isfinite(small.double()(inputs(edges), drawn())).all())


def test_the_largest_weights_are_derived_and_of_equal_ones_the_first(space: Sane) -> None:
    weights = {name: torch.full(group.shape, 0.5) for name, group in GROUPS.items()}
    assert str(space.derive(weights)) == "sage||sage||sage||none||none||none||l_max"
    weights["node"][1, 4] = 0.6
    weights["skip"][0, 1] = 0.6
    weights["layer"][0, 2] = 0.6
    assert str(space.derive(weights)) == "sage||gin||sage||skip||none||none||l_lstm"


def test_the_groups_have_the_sizes_of_the_authors_parameters() -> None:
    shapes = {name: group.shape for name, group in GROUPS.items()}
    assert shapes == {"node": (3, 11), "skip": (3, 2), "layer": (1, 3)}
    assert all(isinstance(group, Group) for group in GROUPS.values())


@pytest.mark.parametrize("partial", [2, 0])
def test_partial_channels_are_refused(space: Sane, partial: int) -> None:
    with pytest.raises(SpaceError, match="partial must be 1"):
        space.supernet(SIZES, partial=partial)
