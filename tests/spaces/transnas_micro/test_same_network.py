"""Which cells are one network.

Oracles: the networks themselves, with the weights of one put into the other in every order; the pool of GRAF
(Kadlecová et al. 2024) by its number of cells.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict

import pytest
import torch
from torch import Tensor, nn

from harness.spaces.nasbench201.dead_branches import has_dead_branch
from harness.spaces.nasbench201.network import CellModule
from harness.spaces.transnas_micro import MicroCell, TransNasMicro, parse
from harness.spaces.transnas_micro.network import MicroCellModule
from harness.spaces.transnas_micro.skeleton import Place

HALVING, KEEPING = Place(2, 4, 2), Place(4, 4, 1)
IMAGES = {
    place: torch.randn(3, place.wide_in, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for place in (HALVING, KEEPING)
}


@pytest.fixture(scope="module")
def classes(space: TransNasMicro) -> dict[MicroCell, list[MicroCell]]:
    members: dict[MicroCell, list[MicroCell]] = defaultdict(list)
    for cell in space:
        members[space.minimal(cell)].append(cell)
    return members


def test_there_are_1666_networks_and_each_minimal_cell_is_its_own(
    space: TransNasMicro, classes: dict[MicroCell, list[MicroCell]]
) -> None:
    assert len(classes) == 1_666
    for cell, members in classes.items():
        assert cell in members
        assert space.canonical(cell) == cell
        sizes = {each: space.sizes(each).parameters for each in members}
        assert sizes[cell] == min(sizes.values())


def _modules(cell: MicroCell, place: Place) -> CellModule:
    torch.manual_seed(0)
    return MicroCellModule(cell.operations, place).double()


def _used(module: CellModule, place: Place) -> list[nn.Module]:
    """The edges whose weights have a gradient, in order."""
    outputs = module(IMAGES[place])
    if not outputs.requires_grad:
        return []
    outputs.square().sum().backward()
    return [
        layer
        for layer in module.layers
        if any(weight.grad is not None and bool(weight.grad.any()) for weight in layer.parameters())
    ]


def _outputs(cell: MicroCell, place: Place, order: tuple[int, ...], weights: list[dict[str, Tensor]]) -> Tensor | None:
    """The cell's outputs with weights by place in the order; None where they are of other shapes."""
    module = _modules(cell, place)
    used = _used(module, place)
    for layer, number in zip(used, order, strict=True):
        own = layer.state_dict()
        if {name: each.shape for name, each in own.items()} != {n: each.shape for n, each in weights[number].items()}:
            return None
        layer.load_state_dict(weights[number])
    outputs: Tensor = module(IMAGES[place])
    return outputs.detach()


def _one_network(first: MicroCell, second: MicroCell) -> bool:
    """Whether the weights of one cell's live edges can be given to the other's so that both give equal outputs."""
    for place in (HALVING, KEEPING):
        module = _modules(first, place)
        used = _used(module, place)
        weights = [{name: each.clone() for name, each in layer.state_dict().items()} for layer in used]
        if len(_used(_modules(second, place), place)) != len(used):
            return False
        expected = module(IMAGES[place]).detach()
        found = (_outputs(second, place, order, weights) for order in itertools.permutations(range(len(used))))
        if not any(each is not None and torch.allclose(each, expected, atol=1e-10) for each in found):
            return False
    return True


def test_members_of_a_class_are_one_network(classes: dict[MicroCell, list[MicroCell]]) -> None:
    crowded = [members for members in classes.values() if 1 < len(members) < 30]
    for members in random.Random(0).sample(crowded, 25):
        first, second = random.Random(1).sample(members, 2)
        assert _one_network(first, second), (str(first), str(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1_00_030", "0_00_300"),  # a skip, then a convolution, against the convolution alone
        ("0_10_003", "0_00_300"),
        ("1_00_010", "0_00_100"),  # the second skip is the identity everywhere
        ("3_01_001", "3_00_010"),
        ("2_00_010", "0_20_001"),
        ("2_00_010", "0_00_300"),
    ],
)
def test_a_skip_with_weights_is_no_identity(space: TransNasMicro, first: str, second: str) -> None:
    one, two = parse(first), parse(second)
    assert (space.minimal(one) == space.minimal(two)) is _one_network(one, two)


def test_the_pool_without_dead_branches_has_2128_cells(space: TransNasMicro) -> None:
    assert sum(not has_dead_branch(cell.operations) for cell in space) == 2_128
