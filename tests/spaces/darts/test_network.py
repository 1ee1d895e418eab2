"""The networks of DARTS genotypes.

Oracles: the same network as plain arithmetic on a dictionary of tensors (tests/reference), parameter counts that the
authors' code printed (quoted with their address), one of them derived by hand, and hooks on the real networks.
"""

import pytest
import torch

from harness.batches import Batch
from harness.errors import SettingError, SpaceError
from harness.measurements import size
from harness.spaces import open_space
from harness.spaces.darts import CIFAR10, IMAGENET, SEARCH
from harness.spaces.darts.network import drop_path
from tests.reference import spaces_darts_network as reference
from tests.spaces.darts.genotypes import (
    DARTS_V2,
    DRNAS,
    DRNAS_IMAGENET,
    EVERY_OPERATION,
    P_DARTS,
    PC_DARTS,
    PUBLISHED,
    genotype,
)

SPACE = open_space("darts")
SMALL = {"classes": 3, "width": 4}


def images(count=3, side=8, dtype=torch.float64):
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0), dtype=dtype)


def randomised(network):
    """The network in float64 with every tensor drawn anew, so that no scale or statistic is 0 or 1."""
    generator = torch.Generator().manual_seed(1)
    network.double()
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, dtype=torch.float64, generator=generator) + 0.1)
    return network


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("depth", [1, 2, 3, 5, 8])
def test_logits_are_the_plain_arithmetics(depth, training):
    network = randomised(SPACE.build(EVERY_OPERATION, depth=depth, **SMALL)).train(training)
    pairs = EVERY_OPERATION.normal, EVERY_OPERATION.reduce
    expected = reference.logits(*pairs, network.state_dict(), images(), depth=depth, training=training)
    torch.testing.assert_close(network(images()), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", PUBLISHED)
def test_logits_of_published_genotypes_are_the_plain_arithmetics(name, training):
    network = randomised(SPACE.build(PUBLISHED[name], depth=4, **SMALL)).train(training)
    pairs = PUBLISHED[name].normal, PUBLISHED[name].reduce
    expected = reference.logits(*pairs, network.state_dict(), images(), depth=4, training=training)
    torch.testing.assert_close(network(images()), expected, rtol=1e-9, atol=1e-12)


def test_logits_of_the_imagenet_network_are_the_plain_arithmetics():
    network = randomised(SPACE.build(EVERY_OPERATION, depth=3, stem="imagenet", **SMALL)).eval()
    pairs = EVERY_OPERATION.normal, EVERY_OPERATION.reduce
    expected = reference.logits(*pairs, network.state_dict(), images(side=32), depth=3, training=False, imagenet=True)
    torch.testing.assert_close(network(images(side=32)), expected, rtol=1e-9, atol=1e-12)


def by_hand():
    """Parameters of DARTS_V2's CIFAR-10 network, 20 cells, C = 36, without the auxiliary head.

    A separable 3×3 convolution at c channels: depthwise 9c, pointwise c², batch norm 2c, all twice; a dilated one once.
    Normal cell: five separable, one dilated, two identities. Reduction cell: five pools, three identities on node 2.
    Preprocessing: two 1×1 convolutions to c channels with batch norm; a factorised reduction has as many weights.
    """
    total = 3 * 108 * 9 + 2 * 108  # stem
    normal = {c: 11 * (9 * c + c * c + 2 * c) for c in (36, 72, 144)}
    #        cells, before the last, the last, c, operations
    layout = [
        (1, 108, 108, 36, normal[36]),
        (1, 108, 144, 36, normal[36]),
        (4, 144, 144, 36, normal[36]),
        (1, 144, 144, 72, 0),  # cell 6, a reduction
        (1, 144, 288, 72, normal[72]),
        (5, 288, 288, 72, normal[72]),
        (1, 288, 288, 144, 0),  # cell 13, a reduction
        (1, 288, 576, 144, normal[144]),
        (5, 576, 576, 144, normal[144]),
    ]
    assert sum(count for count, *_ in layout) == 20
    for count, before, last, c, operations in layout:
        total += count * (before * c + 2 * c + last * c + 2 * c + operations)
    return total + 576 * 10 + 10


def test_the_count_of_darts_v2_is_the_authors():
    # "param size = 3.349342MB" is what the authors' train.py prints; it leaves the auxiliary head out
    assert SPACE.sizes(DARTS_V2, **CIFAR10).parameters == by_hand() == 3_349_342
    assert size.parameter_count(SPACE.build(DARTS_V2, **CIFAR10)) == 3_349_342


@pytest.mark.parametrize(("auxiliary", "printed"), [(False, 3_433_798), (True, 3_910_224)])
def test_the_count_of_p_darts_is_the_one_reported_for_its_code(auxiliary, printed):
    # github.com/chenxin061/pdarts/issues/7
    assert SPACE.sizes(P_DARTS, auxiliary=auxiliary, **CIFAR10).parameters == printed
    assert size.parameter_count(SPACE.build(P_DARTS, auxiliary=auxiliary, **CIFAR10)) == printed


@pytest.mark.parametrize(("found", "printed"), [(DARTS_V2, "3.3"), (P_DARTS, "3.4"), (PC_DARTS, "3.6"), (DRNAS, "4.1")])
def test_cifar_10_counts_are_the_papers(found, printed):
    assert f"{SPACE.sizes(found, **CIFAR10).parameters / 1e6:.1f}" == printed


@pytest.mark.parametrize(("found", "printed"), [(DARTS_V2, "4.7"), (P_DARTS, "4.9"), (DRNAS_IMAGENET, "5.7")])
def test_imagenet_counts_are_the_papers(found, printed):
    assert f"{SPACE.sizes(found, **IMAGENET).parameters / 1e6:.1f}" == printed


SHAPES = {
    "search": SEARCH,
    "one cell": {"width": 4, "depth": 1},
    "two cells": {"width": 4, "depth": 2, "classes": 7},
    "three cells, one channel": {"width": 6, "depth": 3, "channels": 1, "image_size": 16},
    "auxiliary": {"width": 4, "depth": 5, "auxiliary": True},
    "imagenet": {"width": 4, "depth": 4, "stem": "imagenet", "image_size": 64, "classes": 20, "auxiliary": True},
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("found", [EVERY_OPERATION, DARTS_V2, *SPACE.sample(2, seed=4)], ids=range(4))
def test_closed_forms_are_the_networks(name, found):
    shape = dict(SHAPES[name])
    image_size = shape.pop("image_size", 32)
    network = SPACE.build(found, **shape)
    assert SPACE.sizes(found, **shape).parameters == size.parameter_count(network)
    shape.pop("auxiliary", None)
    blank = torch.zeros(2, shape.get("channels", 3), image_size, image_size)
    counted = size.macs(network.eval(), Batch(blank, torch.zeros(2, dtype=torch.long)))
    assert SPACE.sizes(found, image_size=image_size, **shape).macs == counted


@pytest.mark.parametrize(("stem", "image_size", "multiple"), [("cifar", 30, 4), ("imagenet", 48, 32)])
def test_an_image_that_cannot_be_halved_is_refused(stem, image_size, multiple):
    with pytest.raises(SpaceError, match=f"an image size of {image_size} is no multiple of {multiple}"):
        SPACE.sizes(DARTS_V2, stem=stem, image_size=image_size)


def test_an_odd_side_is_refused_by_the_network():
    with pytest.raises(SettingError, match="halves an even side, got \\[15, 15\\]"):
        SPACE.build(DARTS_V2, width=4, depth=5)(images(side=30, dtype=torch.float32))


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        ({"width": 15}, "width must be even"),
        ({"width": 0}, "width must be a whole number from 1, got 0"),
        ({"depth": 0}, "depth must be a whole number from 1, got 0"),
        ({"stem": "cifar10"}, "unknown stem"),
    ],
)
@pytest.mark.parametrize("method", ["build", "sizes"])
def test_a_shape_that_no_network_has_is_refused(method, shape, complaint):
    with pytest.raises((SpaceError, SettingError), match=complaint):
        getattr(SPACE, method)(DARTS_V2, **shape)


def test_parameters_have_the_authors_names():
    network = SPACE.build(EVERY_OPERATION, depth=4, auxiliary=True, **SMALL)
    names = set(network.state_dict())
    for name in (
        "stem.0.weight",
        "cells.0.preprocess0.op.1.weight",
        "cells.2.preprocess0.conv_1.weight",
        "cells.2.preprocess0.conv_2.weight",
        "cells.2.preprocess0.bn.running_mean",
        "cells.0._ops.1.op.5.weight",
        "cells.0._ops.6.op.2.weight",
        "auxiliary_head.features.2.weight",
        "auxiliary_head.features.6.weight",
        "auxiliary_head.classifier.bias",
        "classifier.weight",
    ):
        assert name in names
    shapes = {name: tuple(value.shape) for name, value in SPACE.build(DARTS_V2, stem="imagenet").state_dict().items()}
    assert shapes["stem0.0.weight"] == (8, 3, 3, 3)
    assert shapes["stem0.3.weight"] == (16, 8, 3, 3)
    assert shapes["stem1.1.weight"] == (16, 16, 3, 3)


def test_the_auxiliary_head_speaks_in_train_mode_alone():
    network = SPACE.build(DARTS_V2, width=4, depth=3, classes=5, auxiliary=True)
    batch = images(side=32, dtype=torch.float32)
    logits, auxiliary = network.train()(batch)
    assert logits.shape == auxiliary.shape == (3, 5)
    assert network.eval()(batch).shape == (3, 5)
    plain = SPACE.build(DARTS_V2, width=4, depth=3, classes=5)
    assert plain.train()(batch).shape == (3, 5)
    assert not any("auxiliary" in name for name in plain.state_dict())


@pytest.mark.parametrize(("stem", "side"), [("cifar", 16), ("cifar", 64), ("imagenet", 64), ("imagenet", 448)])
def test_an_image_that_the_auxiliary_head_cannot_read_is_named(stem, side):
    network = SPACE.build(DARTS_V2, width=4, depth=3, stem=stem, auxiliary=True)
    with pytest.raises(SettingError, match=r"the auxiliary head reads a side of \d+ to \d+, got \[\d+, \d+\]"):
        network(images(count=2, side=side, dtype=torch.float32))
    with torch.no_grad():
        assert network.eval()(images(count=2, side=side, dtype=torch.float32)).shape == (2, 10)


def test_the_imagenet_networks_auxiliary_head_reads_images_of_224():
    network = SPACE.build(DARTS_V2, width=4, depth=3, classes=5, stem="imagenet", auxiliary=True)
    logits, auxiliary = network(images(count=2, side=224, dtype=torch.float32))
    assert logits.shape == auxiliary.shape == (2, 5)


def test_drop_path_drops_whole_samples_and_keeps_the_mean():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        dropped = drop_path(torch.ones(20_000, 2, 3, 3, dtype=torch.float64), 0.3)
    values = dropped.flatten(1)
    assert (values == values[:, :1]).all()
    torch.testing.assert_close(values.unique(), torch.tensor([0.0, 1 / 0.7], dtype=torch.float64))
    assert values.mean().item() == pytest.approx(1, abs=0.02)  # four standard errors


def test_drop_path_touches_training_alone():
    batch = images(side=16, dtype=torch.float32)
    network = SPACE.build(EVERY_OPERATION, width=4, depth=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        plain = network.train()(batch)
        network.set_drop_path(0.5)
        assert not torch.equal(network(batch), network(batch))
        assert torch.equal(network.eval()(batch), network(batch))
        network.set_drop_path(0.0)
        assert torch.equal(network.train()(batch), plain)


def test_drop_path_never_drops_an_identity_but_a_pool():
    skips = genotype("skip,0 skip,1 skip,0 skip,2 skip,1 skip,3 skip,2 skip,4", "max,0 max,1 " * 4)
    states = images(side=8).repeat(1, 4, 1, 1)
    network = SPACE.build(skips, width=4, depth=4).double().train()
    expected = network.cells[0](states, states)
    network.set_drop_path(0.9)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        assert torch.equal(network.cells[0](states, states), expected)
        pools = network.cells[1]
        wide = images(count=3, side=8, dtype=torch.float64).repeat(1, 8, 1, 1)[:, :16]
        assert not torch.equal(pools(states, wide), pools(states, wide))


@pytest.mark.parametrize("probability", [-0.1, 1.0, float("nan")])
def test_a_drop_path_probability_outside_0_to_1_is_refused(probability):
    with pytest.raises(SettingError, match="from 0 to below 1"):
        SPACE.build(DARTS_V2, width=4, depth=1).set_drop_path(probability)


def test_weights_follow_from_seed_and_genotype_and_nothing_else_moves():
    before = torch.random.get_rng_state()
    one, same = (SPACE.build(DARTS_V2, width=4, depth=2, seed=3) for _ in range(2))
    other = SPACE.build(DARTS_V2, width=4, depth=2, seed=4)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.stem[0].weight, other.stem[0].weight)
