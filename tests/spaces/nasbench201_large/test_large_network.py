"""The networks of nasbench201-large and their sizes.

Oracles: the same network as plain arithmetic on a dictionary of tensors (tests/reference), NAS-Bench-201's networks for
the cells of both spaces, and numbers of weights counted by hand.
"""

import pytest
import torch
from torch import nn

from harness.spaces import open_space
from harness.spaces.nasbench201.network import NodeReLU
from harness.spaces.nasbench201_large import LargeCell, NasBench201Large
from harness.spaces.nasbench201_large.cell import OPERATIONS
from tests.reference import spaces_nasbench201_large_network as reference

SPACE = NasBench201Large()
CELLS = [
    LargeCell(OPERATIONS[:6]),
    LargeCell(OPERATIONS[6:12]),
    LargeCell(OPERATIONS[12:18]),
    LargeCell(("max_pool_3x3", *OPERATIONS[18:], "grp4_conv_3x3", "nor_conv_5x5")),
]
"""Every operation at least once."""
SHAPES = [({"width": 4, "depth": 1}, 8), ({"width": 3, "depth": 2, "channels": 2, "classes": 4}, 7)]


def images(count=4, channels=3, side=8):
    source = torch.Generator().manual_seed(0)
    return torch.randn(count, channels, side, side, generator=source, dtype=torch.float64)


def network(cell, **shape):
    """In float64; scales, shifts and running statistics away from 1 and 0, so that a wrong use of any shows."""
    built, generator = SPACE.build(cell, **shape).double(), torch.Generator().manual_seed(1)
    for module in built.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                tensor.add_(torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype))
    return built


def test_the_cells_have_every_operation():
    assert {operation for cell in CELLS for operation in cell.operations} == set(OPERATIONS)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("shape", "side"), SHAPES)
def test_a_forward_pass_is_plain_arithmetic(shape, side, training):
    for cell in (*CELLS, *SPACE.sample(3, seed=4)):
        built = network(cell, **shape).train(training)
        state = {name: tensor.clone() for name, tensor in built.state_dict().items()}
        batch = images(4, shape.get("channels", 3), side)
        expected = reference.logits(str(cell), state, batch, depth=shape["depth"], training=training)
        torch.testing.assert_close(built(batch), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("init", ["pytorch", "orthogonal"])
def test_a_cell_of_both_spaces_has_nasbench201s_network_weight_for_weight(init):
    theirs = open_space("nasbench201")
    for cell in theirs.sample(6, seed=2):
        shape = {"width": 4, "depth": 1, "init": init, "seed": 3}
        one, other = theirs.build(cell, **shape), SPACE.build(SPACE.parse(str(cell)), **shape)
        assert list(one.state_dict()) == list(other.state_dict())
        assert all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))
        assert torch.equal(one(images().float()), other(images().float()))
        assert SPACE.sizes(SPACE.parse(str(cell))) == theirs.sizes(cell)


WEIGHTS = {
    "nor_conv_5x5": 25 * 16 * 16,
    "bot2_conv_3x3": 16 * 8 + 9 * 8 * 16,
    "bot2_conv_5x5": 16 * 8 + 25 * 8 * 16,
    "bot4_conv_3x3": 16 * 4 + 9 * 4 * 16,
    "bot4_conv_5x5": 16 * 4 + 25 * 4 * 16,
    "grp2_conv_3x3": 9 * 8 * 16,
    "grp2_conv_5x5": 25 * 8 * 16,
    "grp4_conv_3x3": 9 * 4 * 16,
    "grp4_conv_5x5": 25 * 4 * 16,
    "sep_conv_3x3": 9 * 16 + 16 * 16,
    "sep_conv_5x5": 25 * 16 + 16 * 16,
    "sep_conv_7x7": 49 * 16 + 16 * 16,
    "dil_conv_3x3": 9 * 16 + 16 * 16,
    "dil_conv_5x5": 25 * 16 + 16 * 16,
    "dil_conv_7x7": 49 * 16 + 16 * 16,
}
"""Weights of the convolutions of one edge with 16 channels."""


def test_the_weights_of_every_operation_are_those_counted_by_hand():
    assert set(OPERATIONS) - set(WEIGHTS) == {*OPERATIONS[:5], "max_pool_3x3"}
    for operation, weights in WEIGHTS.items():
        layer = SPACE.build(LargeCell((operation, *["none"] * 5)), depth=1).cells[0].layers[0]
        convolutions = [module for module in layer.modules() if isinstance(module, nn.Conv2d)]
        assert sum(module.weight.numel() for module in convolutions) == weights
        assert convolutions[0].dilation == ((2, 2) if operation.startswith("dil") else (1, 1))
        assert isinstance(layer.op[0], NodeReLU)
        assert isinstance(layer.op[-1], nn.BatchNorm2d)


def test_the_supernets_parameters_are_counted_by_hand():
    plain = 1 + 9  # the plain convolutions of NAS-Bench-201, in units of C²
    squares = plain + 25 + (9 + 1 + 25 + 1) / 2 + (9 + 1 + 25 + 1) / 4 + (9 + 25) / 2 + (9 + 25) / 4 + 6
    depthwise = 2 * (9 + 25 + 49)  # in units of C
    cells = 5 * 6 * sum(squares * c * c + depthwise * c for c in (16, 32, 64))
    reductions = sum(9 * c * c // 2 + 9 * c * c + c * c // 2 + 4 * c for c in (32, 64))
    outside = 3 * 16 * 9 + 2 * 16 + 2 * 64 + 64 * 10 + 10
    assert sum(parameter.numel() for parameter in SPACE.supernet().parameters()) == cells + reductions + outside
