"""The networks.

Oracles: the same network as plain arithmetic on a dictionary of tensors (tests/reference), and the tensors of the
authors' own networks, quoted with their address.
"""

import random

import numpy as np
import pytest
import torch
from torch import nn

from harness.errors import SettingError
from harness.spaces.natsbench_sizes import parse
from tests.reference import spaces_natsbench_sizes_network as reference

# `DynamicShapeTinyNet` of github.com/D-X-Y/AutoDL-Projects, commit f46486e, with the genotype of the release's records
# and 10 classes, as it enumerates its parameters: how many, how many tensors, the convolutions [out, in, side, side],
# and the channels of the batch norms.
AUTHORS = {
    "8:16:24:32:40": (
        115_490,
        72,
        [
            (8, 3, 3), (8, 8, 3), (8, 8, 3), (8, 8, 3), (8, 8, 3), (8, 8, 3), (16, 8, 3), (16, 16, 3), (16, 8, 1),
            (24, 16, 3), (24, 16, 3), (24, 24, 3), (24, 16, 1), (24, 24, 3), (24, 24, 3), (32, 24, 3), (32, 32, 3),
            (32, 24, 1), (40, 32, 3), (40, 32, 3), (40, 40, 3), (40, 32, 1), (40, 40, 3), (40, 40, 3),
        ],
        [8, 8, 8, 8, 8, 8, 16, 16, 24, 24, 24, 24, 24, 24, 32, 32, 40, 40, 40, 40, 40, 40, 40],
    ),
    "16:16:8:8:64": (
        144_442,
        72,
        [
            (16, 3, 3), (16, 16, 3), (16, 16, 3), (16, 16, 3), (16, 16, 3), (16, 16, 3), (16, 16, 3), (16, 16, 3),
            (16, 16, 1), (8, 16, 3), (8, 16, 3), (8, 8, 3), (8, 16, 1), (8, 8, 3), (8, 8, 3), (8, 8, 3), (8, 8, 3),
            (8, 8, 1), (64, 8, 3), (64, 8, 3), (64, 64, 3), (64, 8, 1), (64, 64, 3), (64, 64, 3),
        ],
        [16, 16, 16, 16, 16, 16, 16, 16, 8, 8, 8, 8, 8, 8, 8, 8, 64, 64, 64, 64, 64, 64, 64],
    ),
}  # fmt: skip
EQUAL = "8:8:8:8:8"
MIXED = ("8:16:24:32:40", "16:16:8:8:64", EQUAL, "24:8:8:16:16")


def images(count=4, channels=3, side=8, dtype=torch.float32):
    return torch.randn(count, channels, side, side, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("text", AUTHORS)
def test_parameters_are_those_of_the_authors_networks(space, text):
    count, tensors, convolutions, norms = AUTHORS[text]
    parameters = dict(space.build(parse(text)).named_parameters())
    assert (sum(each.numel() for each in parameters.values()), len(parameters)) == (count, tensors)
    found = [tuple(each.shape) for each in parameters.values() if each.ndim == 4]
    assert found == [(*shape, shape[-1]) for shape in convolutions]
    scales = {name: each for name, each in parameters.items() if each.ndim == 1 and name.endswith(".weight")}
    assert [len(each) for each in scales.values()] == norms
    assert all(len(parameters[name.replace("weight", "bias")]) == len(each) for name, each in scales.items())


def test_parameters_have_the_authors_names(space):
    names = list(space.build(parse("8:16:24:32:40")).state_dict())
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")

    def conv_and_norm(conv, bn):
        return [f"{conv}.weight", *(f"{bn}.{name}" for name in norm)]

    expected = conv_and_norm("stem.0", "stem.1")
    for place in range(5):
        if place in (1, 3):
            for conv in ("conv_a", "conv_b"):
                expected += conv_and_norm(f"cells.{place}.{conv}.op.1", f"cells.{place}.{conv}.op.2")
            expected.append(f"cells.{place}.downsample.1.weight")
            continue
        for edge in range(6):
            layer = f"cells.{place}.layers.{edge}"
            if edge == 3:
                expected += conv_and_norm(f"{layer}.conv", f"{layer}.bn") if place else []
            else:
                expected += conv_and_norm(f"{layer}.op.1", f"{layer}.op.2")
    expected += [f"lastact.0.{name}" for name in norm]
    assert names == [*expected, "classifier.weight", "classifier.bias"]


def test_only_a_skip_to_other_channels_has_weights(space):
    kinds = {
        text: [type(space.build(parse(text)).cells[place].layers[3]).__name__ for place in (0, 2, 4)] for text in MIXED
    }
    assert kinds == {
        "8:16:24:32:40": ["Identity", "Projection", "Projection"],
        "16:16:8:8:64": ["Identity", "Projection", "Projection"],
        EQUAL: ["Identity", "Identity", "Identity"],
        "24:8:8:16:16": ["Identity", "Identity", "Identity"],
    }


def test_parameters_are_trainable_and_the_network_is_in_train_mode(space):
    network = space.build(parse("8:16:24:32:40"))
    assert all(parameter.requires_grad and parameter.is_leaf for parameter in network.parameters())
    assert all(module.training for module in network.modules())
    assert len(network.cells) == 5


@pytest.mark.parametrize(
    ("shape", "side"), [({}, 32), ({"classes": 2, "channels": 1}, 4), ({"classes": 120}, 16), ({"channels": 2}, 9)]
)
def test_logits_are_a_row_an_image_and_a_column_a_class(space, shape, side):
    logits = space.build(parse("24:8:8:16:40"), shape)(images(3, shape.get("channels", 3), side))
    assert logits.shape == (3, shape.get("classes", 10))
    assert logits.isfinite().all()


def perturb_norms(network):
    """Scales, shifts and running statistics away from 1 and 0, so that a wrong use of any shows."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                tensor.add_(torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype))
    return network


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("shape", "side"), [({}, 8), ({"channels": 2, "classes": 4}, 7), ({"channels": 1}, 5)])
def test_a_forward_pass_is_plain_arithmetic(space, shape, side, training):
    for layers in (*map(parse, MIXED), *space.sample(5, seed=4)):
        network = perturb_norms(space.build(layers, shape).double()).train(training)
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        batch = images(4, shape.get("channels", 3), side, torch.float64)
        expected = reference.logits(str(layers), state, batch, training=training)
        torch.testing.assert_close(network(batch), expected, rtol=1e-12, atol=1e-12)


def test_a_forward_pass_at_the_benchmarks_size_is_plain_arithmetic(space):
    network = perturb_norms(space.build(parse("64:48:8:56:64")).double())
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    batch = images(2, side=32, dtype=torch.float64)
    expected = reference.logits("64:48:8:56:64", state, batch, training=True)
    torch.testing.assert_close(network(batch), expected, rtol=1e-11, atol=1e-11)


def same_weights(first, second):
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(one == two and torch.equal(left, right) for (one, left), (two, right) in pairs)


def test_weights_follow_from_the_seed_and_the_key(space):
    first = space.build(parse("8:16:24:32:40"), seed=3)
    space.build(parse("8:8:8:8:8"), seed=3)
    assert same_weights(first, space.build(parse(" 8:16:24:32:40 "), seed=3))
    # The first layer is the same in both: only the key differs.
    other = space.build(parse("8:16:24:32:48"), seed=3)
    assert not torch.equal(first.stem[0].weight, other.stem[0].weight)


@pytest.mark.parametrize("init", ["pytorch", "kaiming_fan_in", "orthogonal"])
def test_another_seed_gives_other_weights_in_every_layer(space, init):
    first, second = (space.build(parse("8:16:24:32:40"), init=init, seed=seed) for seed in (0, 1))
    for (name, one), two in zip(first.named_parameters(), second.parameters(), strict=True):
        drawn = one.ndim > 1
        assert torch.equal(one, two) != drawn or name == "classifier.bias"


def test_no_global_random_state_matters_to_the_weights_or_moves(space):
    built = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        built.append(space.build(parse("8:16:24:32:40"), init="gaussian"))
        assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before
    assert same_weights(*built)


def test_an_unknown_init_is_refused(space):
    with pytest.raises(SettingError, match="unknown init"):
        space.build(parse(EQUAL), init="kaiming")
