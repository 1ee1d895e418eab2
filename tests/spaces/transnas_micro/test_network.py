"""The networks. Oracle: the same network as plain arithmetic on a dictionary of tensors (tests/reference)."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.spaces.transnas_micro import TransNasMicro, parse
from harness.spaces.transnas_micro.skeleton import Place, last_width, places
from tests.reference import spaces_transnas_micro_network as reference

MIXED = ("1_02_333", "0_00_000", "1_11_111", "2_31_013", "0_30_201", "0_02_310")


def perturb_norms(network: nn.Module) -> nn.Module:
    """Scales, shifts and running statistics away from 1 and 0, so that a wrong use of any shows."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                assert isinstance(tensor, torch.Tensor)
                tensor.add_(torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype))
    return network


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("depth", "channels", "side"), [(2, 3, 32), (1, 2, 37), (3, 1, 24)])
def test_a_forward_pass_is_plain_arithmetic(
    space: TransNasMicro, depth: int, channels: int, side: int, training: bool
) -> None:
    shape = {"width": 4, "depth": depth, "channels": channels, "classes": 5}
    images = torch.randn(4, channels, side, side, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for cell in (*map(parse, MIXED), *space.sample(3, seed=4)):
        network = perturb_norms(space.build(cell, shape).double()).train(training)
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        expected = reference.logits(str(cell), state, images, depth=depth, training=training)
        torch.testing.assert_close(network(images), expected, rtol=1e-11, atol=1e-11)


def test_the_skeleton_is_the_authors() -> None:
    """64-41414: 4 doubles the channels and halves the side in the first of its two cells, 1 keeps both."""
    assert list(places(64, 2)) == [
        Place(64, 128, 2), Place(128, 128, 1), Place(128, 128, 1), Place(128, 128, 1), Place(128, 256, 2),
        Place(256, 256, 1), Place(256, 256, 1), Place(256, 256, 1), Place(256, 512, 2), Place(512, 512, 1),
    ]  # fmt: skip
    assert last_width(64) == 512


def test_the_default_size_is_that_of_the_scene_task(space: TransNasMicro) -> None:
    assert {name: dimension.default for name, dimension in space.shape.items()} == {
        "image_size": 256, "channels": 3, "classes": 47, "width": 64, "depth": 2,
    }  # fmt: skip
    network = space.build(parse("1_00_100"))
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 47)


def test_only_a_skip_that_halves_the_side_has_weights(space: TransNasMicro) -> None:
    kinds = [[type(layer).__name__ for layer in cell.layers] for cell in space.build(parse("1_11_101"), width=2).cells]  # type: ignore[union-attr]
    halving = ["SkipToHalfSide", "SkipToHalfSide", "Identity", "SkipToHalfSide", "Zero", "Identity"]
    assert [kind == halving for kind in kinds] == [True, False, False, False, True, False, False, False, True, False]
    assert all(kind[0] == kind[1] == "Identity" for kind in kinds if kind != halving)
