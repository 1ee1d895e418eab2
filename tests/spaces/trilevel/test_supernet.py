"""The supernet of the trilevel space. Oracle: the derived networks, one by one, with the weights that they inherit."""

from __future__ import annotations

import pytest
import torch

from harness.errors import SpaceError
from harness.spaces import open_space
from harness.spaces.trilevel.notation import parse, paths
from harness.spaces.trilevel.supernet import CHOICES, NODES, WIDTHS, nodes_of

SMALL = open_space("trilevel-small")
INPUTS = torch.rand(2, 1, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture(scope="module")
def supernet():
    """With a tail that is not empty, so that what lies before it shows."""
    made = SMALL.supernet(width=8, seed=3).double()
    assert not any(bool(weight.any()) for weight in made.tail.parameters())
    generator = torch.Generator().manual_seed(1)
    for weight in made.tail.parameters():
        weight.data = torch.randn(weight.shape, generator=generator, dtype=torch.float64)
    return made


def one_hot(supernet, seed, **fixed):
    """Weights of one of each, drawn or given as a row of places."""
    source = torch.Generator().manual_seed(seed)
    found = {}
    for name, group in supernet.groups.items():
        drawn = torch.randint(group.shape[1], group.shape[:1], generator=source)
        found[name] = torch.eye(group.shape[1], dtype=torch.float64)[fixed.get(name, drawn)]
    return found


def outputs(supernet, weights):
    with torch.no_grad():
        return SMALL.inherited(supernet, SMALL.derive(weights))(INPUTS)


@pytest.mark.parametrize("node", range(9))
def test_with_weights_of_one_of_each_it_is_the_derived_network(supernet, node):
    weights = one_hot(supernet, node, nodes=torch.tensor([node]))
    architecture = SMALL.derive(weights)
    assert architecture.path == supernet.nodes[node]
    torch.testing.assert_close(supernet(INPUTS, weights), outputs(supernet, weights), rtol=0, atol=1e-12)


def test_nodes_are_mixed_before_the_tail_which_is_linear(supernet):
    weights = one_hot(supernet, 5)
    shares = torch.linspace(1, 3, 9, dtype=torch.float64).softmax(dim=0)
    mixed = supernet(INPUTS, {**weights, NODES: shares[None]})
    rows = torch.eye(9, dtype=torch.float64)
    slow = sum(
        share * outputs(supernet, {**weights, NODES: row[None]}) for share, row in zip(shares, rows, strict=True)
    )
    torch.testing.assert_close(mixed, slow, rtol=0, atol=1e-12)


def test_the_last_operations_of_a_cell_are_mixed_by_their_weights(supernet):
    weights = one_hot(supernet, 6, nodes=torch.tensor([0]))
    shares = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    table = weights[CHOICES].clone()
    table[4] = shares
    slow = 0
    for kind, share in enumerate(shares):
        row = weights[CHOICES].clone()
        row[4] = torch.eye(4, dtype=torch.float64)[kind]
        slow = slow + share * outputs(supernet, {**weights, CHOICES: row})
    torch.testing.assert_close(supernet(INPUTS, {**weights, CHOICES: table}), slow, rtol=0, atol=1e-12)


def test_what_no_later_node_needs_is_not_computed(supernet):
    """A weight of 0 without a gradient: a module there that fails is never called."""
    weights = one_hot(supernet, 7, nodes=torch.tensor([1]))
    broken = supernet.steps[2]
    assert supernet.nodes[1] == (0, 1)
    handle = broken.register_forward_pre_hook(lambda *_: pytest.fail("it was computed"))
    supernet(INPUTS, weights)
    handle.remove()


def test_the_value_of_a_width_multiplies_both_of_its_sides(supernet):
    weights = one_hot(supernet, 8, nodes=torch.tensor([0]))
    plain, features = supernet(INPUTS, weights), supernet.stem(INPUTS)
    halved = {**weights, WIDTHS: weights[WIDTHS] * torch.where(torch.arange(24) == 3, 0.5, 1.0)[:, None]}
    # nothing behind the last width has a bias, and ReLU keeps a factor: all of the cell has 0.5 twice
    empty = supernet.tail(features, INPUTS)
    torch.testing.assert_close(supernet(INPUTS, halved) - empty, 0.25 * (plain - empty), rtol=0, atol=1e-12)


def test_the_tree_has_each_path_once_in_the_order_of_the_authors_code():
    nodes = nodes_of(5, 2)
    assert sorted(nodes) == sorted(paths("B"))
    assert nodes[:5] == [(0,), (0, 1), (0, 1, 1), (0, 1, 1, 0), (0, 1, 1, 0, 0)]
    assert all(path[:-1] in nodes[:place] for place, path in enumerate(nodes) if place)


def test_what_is_not_in_the_tree_is_refused(supernet):
    large = open_space("trilevel")
    with pytest.raises(SpaceError, match="trilevel-small has paths of form B with up to 3 cells and 1 upsampling, not"):
        SMALL.parse("A 011 30123/0124")
    with pytest.raises(SpaceError, match="not 'B 011 30123/0124'"):
        SMALL.build(parse("B 011 30123/0124"))
    with pytest.raises(SpaceError, match="the supernet has no path A 011"):
        large.inherited(large.supernet(width=8), parse("A 011 30123/0124"))
    with pytest.raises(SpaceError, match="Linear is no supernet of the space trilevel-small"):
        SMALL.inherited(torch.nn.Linear(1, 1), parse("B 0 30123/0124"))


def test_a_small_network_begins_its_training_as_the_bicubic_enlargement():
    from harness.restoration.resize import enlarged

    network = SMALL.begun(parse("B 01 30123/0124")).double()
    expected = [enlarged(image[0].numpy(), 2) for image in INPUTS]
    for found, wanted in zip(network(INPUTS).detach(), expected, strict=True):
        torch.testing.assert_close(found[0], torch.from_numpy(wanted), rtol=0, atol=1e-12)
