"""Cells of the wiring experiments: their text, supernet and network. Oracles: plain arithmetic, and each other."""

import pytest
import torch

from harness.batches import Batch
from harness.errors import SpaceError
from harness.measurements.size import macs, parameter_count
from harness.spaces import is_space, list_spaces, open_space
from harness.spaces.darts.wiring import WiredCell
from harness.spaces.darts.wiring.cell import OPERATIONS, edges_of, parse
from tests.reference import spaces_supernet as reference

NODES = {"wiring-minimal": 2, "wiring-full": 4}


def generator(seed):
    return torch.Generator().manual_seed(seed)


def supernet(name, **options):
    return open_space(name).supernet(**{"classes": 3, "width": 4, "depth": 2, **options}).double()


def images():
    return torch.randn(4, 3, 8, 8, generator=generator(1), dtype=torch.float64)


def test_the_minimal_cell_has_five_edges_and_the_full_one_fourteen():
    assert edges_of(2) == ((2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
    assert len(edges_of(4)) == 14
    assert OPERATIONS == reference.WIRING


def test_the_text_of_a_cell():
    text = "none~0 skip_connect~1 | sep_conv_3x3~0 none~1 dil_conv_5x5~2"
    cell = parse(text, 2)
    assert cell.operations == ("none", "skip_connect", "sep_conv_3x3", "none", "dil_conv_5x5")
    assert str(cell) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("none~0 none~1", "it has 1 nodes between '|', expected 2"),
        ("none~0 none~1 | none~0 none~1", "node 3 has 2 edges, expected 3"),
        ("none~0 none~1 | none~0 none~1 none~1", "edge 3←2 is 'none~1', expected OP~2"),
        ("none~0 nine~1 | none~0 none~1 none~2", "unknown operation 'nine'. Did you mean 'none'"),
    ],
)
def test_a_text_that_is_no_cell_says_where(text, message):
    with pytest.raises(SpaceError) as error:
        open_space("wiring-minimal").parse(text)
    assert message in str(error.value)
    assert str(error.value).endswith("A cell reads OP~0 OP~1 | OP~0 OP~1 OP~2")


def test_a_cell_has_as_many_edges_as_its_space():
    small = open_space("wiring-minimal").sample(1)[0]
    with pytest.raises(SpaceError, match="is no cell of wiring-full"):
        open_space("wiring-full").build(small)
    with pytest.raises(SpaceError, match="has 2, 5, 9 or 14 edges, got 3"):
        str(WiredCell(("none",) * 3))


def test_they_are_opened_by_their_name_alone():
    assert all(is_space(name) and name not in list_spaces() for name in NODES)


@pytest.mark.parametrize("name", NODES)
def test_the_supernet_and_its_gradients_are_those_of_plain_arithmetic(name):
    network = supernet(name)
    table = torch.rand(len(edges_of(NODES[name])), 8, generator=generator(2), dtype=torch.float64).requires_grad_()
    state = {key: weight.detach() for key, weight in network.named_parameters()}
    found = network(images(), {"cell": table})
    expected = reference.wiring(state, images(), {"cell": table}, depth=2, nodes=NODES[name])
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)
    slopes = [torch.autograd.grad(logits.square().sum(), table)[0] for logits in (found, expected)]
    torch.testing.assert_close(*slopes, rtol=1e-8, atol=1e-9)
    assert float(slopes[0][:, 0].abs().max()) == 0, "`none` gives nothing, whatever it weighs"


def test_no_norm_but_the_stems_has_parameters_and_the_classifier_no_bias():
    names = [name for name, _ in supernet("wiring-minimal").named_parameters()]
    assert [name for name in names if name.endswith("bias")] == ["stem.1.bias"]
    assert not any("reduce" in name for name in supernet("wiring-minimal").groups)


@pytest.mark.parametrize("name", NODES)
def test_one_operation_an_edge_is_the_network_of_that_cell(name):
    """In train mode, with the supernet's weights: norm by the batch in both."""
    space = open_space(name)
    for cell in space.sample(4, seed=5):
        network = space.build(cell, classes=3, width=4, depth=2).double().train()
        mixed = supernet(name)
        own = dict(mixed.named_parameters())
        with torch.no_grad():
            for key, weight in network.named_parameters():
                parts = key.split(".")
                if parts[2:3] == ["layers"]:
                    parts.insert(4, cell.operations[int(parts[3])])
                weight.copy_(own[".".join(parts)])
        table = torch.zeros(len(cell.operations), 8, dtype=torch.float64)
        table[range(len(cell.operations)), [OPERATIONS.index(operation) for operation in cell.operations]] = 1
        torch.testing.assert_close(network(images()), mixed(images(), {"cell": table}), rtol=1e-9, atol=1e-10)
        assert space.derive({"cell": table}) == cell


def test_the_derived_cell_keeps_none_where_it_is_largest():
    table = torch.full((5, 8), 0.1)
    table[0, 3] = table[4, 7] = 0.9
    cell = open_space("wiring-minimal").derive({"cell": table})
    assert cell.operations == ("avg_pool_3x3", "none", "none", "none", "sep_conv_5x5")


@pytest.mark.parametrize("name", NODES)
def test_sizes_are_those_of_the_network(name):
    space, shape = open_space(name), {"classes": 7, "width": 4, "depth": 3, "image_size": 8}
    for cell in space.sample(5, seed=1):
        sizes, network = space.sizes(cell, shape), space.build(cell, shape)
        batch = Batch(torch.zeros(2, 3, 8, 8), torch.zeros(2, dtype=torch.long))
        assert sizes.parameters == parameter_count(network)
        assert sizes.macs == macs(network.eval(), batch)
