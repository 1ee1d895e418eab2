"""The networks.

Oracles: the same network as plain arithmetic on a dictionary of tensors (tests/reference), the enumeration that the
module states, the tensors' names in the reference scores of the data folder.
"""

import random

import numpy as np
import pytest
import torch
from torch import nn

from harness.errors import SettingError, SpaceError
from harness.spaces.nasbench201 import Cell
from tests.reference import spaces_nasbench201_network as reference

EVERY_OPERATION = Cell(("nor_conv_3x3", "nor_conv_1x1", "skip_connect", "avg_pool_3x3", "none", "nor_conv_3x3"))
CONVOLUTIONS = Cell(("nor_conv_3x3", "nor_conv_1x1", "nor_conv_3x3", "nor_conv_1x1", "nor_conv_3x3", "nor_conv_1x1"))
SIDES = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}


def images(count=4, channels=3, side=8, dtype=torch.float32):
    return torch.randn(count, channels, side, side, generator=torch.Generator().manual_seed(0), dtype=dtype)


def enumeration(cell, *, width=16, depth=5, channels=3, classes=10):
    """Name and shape of every parameter, in the order that the paper draws the network."""
    expected = []

    def conv_and_norm(conv, norm, wide_in, wide_out, side):
        expected.append((f"{conv}.weight", (wide_out, wide_in, side, side)))
        expected.extend([(f"{norm}.weight", (wide_out,)), (f"{norm}.bias", (wide_out,))])

    conv_and_norm("stem.0", "stem.1", channels, width, 3)
    for block in range(3 * depth + 2):
        stage = (block + 1) // (depth + 1)
        wide, name = width * 2**stage, f"cells.{block}"
        if block in (depth, 2 * depth + 1):
            conv_and_norm(f"{name}.conv_a.op.1", f"{name}.conv_a.op.2", wide // 2, wide, 3)
            conv_and_norm(f"{name}.conv_b.op.1", f"{name}.conv_b.op.2", wide, wide, 3)
            expected.append((f"{name}.downsample.1.weight", (wide, wide // 2, 1, 1)))
        else:
            for edge, operation in enumerate(cell.operations):
                if operation in SIDES:
                    layer = f"{name}.layers.{edge}.op"
                    conv_and_norm(f"{layer}.1", f"{layer}.2", wide, wide, SIDES[operation])
    expected.extend([("lastact.0.weight", (4 * width,)), ("lastact.0.bias", (4 * width,))])
    return [*expected, ("classifier.weight", (classes, 4 * width)), ("classifier.bias", (classes,))]


def named(network):
    return [(name, tuple(parameter.shape)) for name, parameter in network.named_parameters()]


def test_parameters_are_enumerated_as_the_network_is_drawn(space):
    assert named(space.build(CONVOLUTIONS)) == enumeration(CONVOLUTIONS)
    assert named(space.build(EVERY_OPERATION)) == enumeration(EVERY_OPERATION)
    assert len(space.build(CONVOLUTIONS).cells) == 17


@pytest.mark.parametrize("shape", [{"width": 3, "depth": 1}, {"width": 2, "depth": 2, "channels": 1, "classes": 7}])
def test_parameters_of_other_shapes_are_enumerated_alike(space, shape):
    for cell in space.sample(10, seed=2):
        assert named(space.build(cell, **shape)) == enumeration(cell, **shape)


def test_parameters_are_trainable_and_the_network_is_in_train_mode(space):
    network = space.build(EVERY_OPERATION)
    assert all(parameter.requires_grad and parameter.is_leaf for parameter in network.parameters())
    assert all(module.training for module in network.modules())


@pytest.mark.parametrize("number", range(6))
def test_names_and_shapes_are_those_of_the_reference_weights(space, published_data, number):
    folder = published_data / "reference_scores"
    path = folder / f"weights_{number}.npz"
    if not path.exists():
        pytest.skip(f"{path.name} is not in {folder}")
    cell = space.parse((folder / "architectures.txt").read_text().splitlines()[number])
    state = space.build(cell).state_dict()
    with np.load(path) as stored:
        shapes = {name: stored[name].shape for name in stored.files}
    ours = {
        name: tuple(tensor.shape)
        for name, tensor in state.items()
        if tensor.ndim == 4 or name.startswith("classifier.")
    }
    assert shapes == ours


@pytest.mark.parametrize(
    ("shape", "side"),
    [
        ({}, 32),
        ({"width": 1, "depth": 1, "classes": 2, "channels": 1}, 4),
        ({"width": 5, "depth": 2, "classes": 120}, 16),
        ({"width": 4, "depth": 1, "classes": 11, "channels": 2}, 9),
        ({"width": 4, "depth": 1}, 7),
    ],
)
def test_logits_are_a_row_an_image_and_a_column_a_class(space, shape, side):
    network = space.build(EVERY_OPERATION, **shape)
    logits = network(images(3, shape.get("channels", 3), side))
    assert logits.shape == (3, shape.get("classes", 10))
    assert logits.isfinite().all()


@pytest.mark.parametrize("training", [True, False])
def test_a_network_without_a_connection_answers_every_image_alike(space, training):
    network = space.build(Cell(("none",) * 6), width=4, depth=1).train(training)
    logits = network(images())
    # The cells give zeros, batch norm keeps them, and so the classifier's bias is all that is left.
    assert torch.equal(logits, network.classifier.bias.expand(4, 10))


@pytest.mark.parametrize("training", [True, False])
def test_a_network_of_skips_alone_tells_images_apart(space, training):
    logits = space.build(Cell(("skip_connect",) * 6), width=4, depth=5).train(training)(images())
    assert logits.isfinite().all()
    assert len(torch.unique(logits, dim=0)) == 4


def perturb_norms(network):
    """Scales, shifts and running statistics away from 1 and 0, so that a wrong use of any shows."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                tensor.add_(torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype))
    return network


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("shape", "side"),
    [
        ({"width": 4, "depth": 1}, 8),
        ({"width": 3, "depth": 2, "channels": 2, "classes": 4}, 7),
        ({"width": 2, "depth": 5}, 5),
    ],
)
def test_a_forward_pass_is_plain_arithmetic(space, shape, side, training):
    for cell in (EVERY_OPERATION, CONVOLUTIONS, *space.sample(6, seed=4)):
        network = perturb_norms(space.build(cell, **shape).double()).train(training)
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        batch = images(4, shape.get("channels", 3), side, torch.float64)
        expected = reference.logits(str(cell), state, batch, depth=shape["depth"], training=training)
        torch.testing.assert_close(network(batch), expected, rtol=1e-12, atol=1e-12)


def test_a_forward_pass_at_the_benchmarks_size_is_plain_arithmetic(space):
    network = perturb_norms(space.build(EVERY_OPERATION).double())
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    batch = images(2, side=16, dtype=torch.float64)
    expected = reference.logits(str(EVERY_OPERATION), state, batch, depth=5, training=True)
    torch.testing.assert_close(network(batch), expected, rtol=1e-10, atol=1e-10)


def same_weights(first, second):
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(one == two and torch.equal(left, right) for (one, left), (two, right) in pairs)


def test_weights_follow_from_the_seed_and_the_key(space):
    first = space.build(EVERY_OPERATION, width=4, depth=1, seed=3)
    space.build(CONVOLUTIONS, width=4, depth=1, seed=3)
    assert same_weights(first, space.build(space.parse(str(EVERY_OPERATION)), width=4, depth=1, seed=3))


@pytest.mark.parametrize("init", ["pytorch", "kaiming_fan_in", "orthogonal"])
def test_another_seed_gives_other_weights_in_every_layer(space, init):
    first, second = (space.build(EVERY_OPERATION, width=4, depth=1, init=init, seed=seed) for seed in (0, 1))
    for (name, one), two in zip(first.named_parameters(), second.parameters(), strict=True):
        drawn = one.ndim > 1
        assert torch.equal(one, two) != drawn or name == "classifier.bias"


def test_another_key_gives_other_weights_even_in_layers_alike(space):
    # Layers of the same shape in the same order: only the key differs.
    key, other = (Cell((*[name] * 5, "none")) for name in ("skip_connect", "avg_pool_3x3"))
    first, second = (space.build(cell, width=4, depth=1) for cell in (key, other))
    assert named(first) == named(second)
    assert not torch.equal(first.stem[0].weight, second.stem[0].weight)
    assert not torch.equal(first.classifier.weight, second.classifier.weight)


def test_no_global_random_state_matters_to_the_weights_or_moves(space):
    built = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        built.append(space.build(EVERY_OPERATION, width=4, depth=1, init="gaussian"))
        assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before
    assert same_weights(*built)


def test_building_leaves_the_accelerators_random_state_alone(space, monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    monkeypatch.setattr(torch.cuda, "manual_seed", seeded.append)
    space.build(EVERY_OPERATION, width=4, depth=1)
    assert seeded == []


def test_a_failed_build_leaves_the_global_random_state_alone(space):
    before = torch.get_rng_state()
    with pytest.raises(SettingError, match="unknown init"):
        space.build(EVERY_OPERATION, width=4, depth=1, init="kaiming")
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_are_those_of_the_cpu_whatever_the_default_device(space):
    expected = space.build(EVERY_OPERATION, width=4, depth=1)
    with torch.device("meta"):
        network = space.build(EVERY_OPERATION, width=4, depth=1)
    assert same_weights(network, expected)


@pytest.mark.parametrize("architecture", [str(CONVOLUTIONS), None, CONVOLUTIONS.operations, 7])
def test_what_is_no_cell_is_not_built(space, architecture):
    with pytest.raises(SpaceError, match=r"is not a NAS-Bench-201 cell: get one from space\.parse"):
        space.build(architecture)
