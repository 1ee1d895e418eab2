"""Parameters and multiply-adds in closed form.

Oracles: the official release through its own client (`nats_bench`, data folder), its printed numbers, and the real
networks, counted by hooks.
"""

import pytest
import torch

from harness.batches import Batch
from harness.errors import SettingError
from harness.measurements import size
from harness.spaces.natsbench_sizes import parse

IMAGES = {"cifar10": (10, 32), "cifar100": (100, 32), "ImageNet16-120": (120, 16)}
# NATS-Bench release, `get_cost_info(index, dataset, hp="90")`: parameters and multiply-adds, both in millions.
PRINTED = {
    (0, "8:8:8:8:8"): {
        "cifar10": (0.011714, 4.481114), "cifar100": (0.012524, 4.481924), "ImageNet16-120": (0.012704, 1.121336),
    },
    (11, "8:8:8:16:32"): {
        "cifar10": (0.049202, 6.84065), "cifar100": (0.052172, 6.84362), "ImageNet16-120": (0.052832, 1.71404),
    },
    (284, "8:8:40:32:40"): {
        "cifar10": (0.144834, 21.827994), "cifar100": (0.148524, 21.831684), "ImageNet16-120": (0.149344, 5.461816),
    },
}  # fmt: skip


def measured(space, layers, *, image_size=32, **shape):
    network = space.build(layers, **shape)
    images = torch.zeros(2, shape.get("channels", 3), image_size, image_size)
    batch = Batch(images, torch.zeros(2, dtype=torch.long))
    return size.parameter_count(network), size.macs(network, batch)


def closed(space, layers, **shape):
    return tuple(space.sizes(layers, **shape))


@pytest.mark.parametrize("dataset", IMAGES)
@pytest.mark.parametrize("record", PRINTED)
def test_the_closed_form_is_the_number_that_the_release_prints(space, record, dataset):
    classes, image_size = IMAGES[dataset]
    sizes = space.sizes(parse(record[1]), {"classes": classes, "image_size": image_size})
    assert (sizes.parameters / 1e6, sizes.macs / 1e6) == PRINTED[record][dataset]


@pytest.mark.parametrize("dataset", IMAGES)
@pytest.mark.parametrize("record", PRINTED)
def test_the_numbers_above_are_the_official_clients(client, record, dataset):
    index, text = record
    cost = client.get_cost_info(index, dataset, hp="90")
    assert client.arch(index) == text
    assert (float(cost["params"]), float(cost["flops"])) == PRINTED[record][dataset]


def test_the_closed_form_is_what_a_sample_of_networks_measures(space):
    for layers in space.sample(20, seed=3):
        assert closed(space, layers) == measured(space, layers), str(layers)


@pytest.mark.parametrize(
    "shape",
    [
        {"classes": 2},
        {"classes": 120, "image_size": 16},
        {"channels": 1, "image_size": 28},
        {"image_size": 4},
        {"image_size": 33},
        {"image_size": 31},
        {"image_size": 29, "channels": 7, "classes": 11},
    ],
)
def test_the_closed_form_is_measured_at_other_shapes(space, shape):
    for layers in (parse("16:16:8:8:64"), parse("64:8:8:64:64"), *space.sample(1, seed=5)):
        assert closed(space, layers, **shape) == measured(space, layers, **shape), str(layers)


def test_a_change_of_channels_costs_a_convolution_and_a_norm_that_equal_channels_do_not_need(space):
    # By hand, the last layer from 8 to 16 channels against 16 to 16: convolutions 2 * 9 * 8 * 16 and 3 * 9 * 16 * 16
    # against 5 * 9 * 16 * 16, and a shortcut of 8 * 16 with a norm of 16.
    narrow, wide = parse("8:8:8:8:16"), parse("8:8:8:16:16")
    block = (9 * 8 * 16 + 9 * 16 * 16 + 8 * 16 + 4 * 16) - (9 * 8 * 8 + 9 * 8 * 8 + 8 * 8 + 4 * 8)
    cell = 5 * 9 * 16 * 16 - (2 * 9 * 8 * 16 + 3 * 9 * 16 * 16 + 8 * 16 + 2 * 16)
    assert space.sizes(wide).parameters - space.sizes(narrow).parameters == block + cell == 4544


@pytest.mark.parametrize("name", ["width", "depth"])
def test_a_size_that_the_architecture_decides_is_refused(space, name):
    message = f"unknown size of this space's networks '{name}'"
    for method in (space.sizes, space.build):
        with pytest.raises(SettingError, match=message):
            method(parse("8:8:8:8:8"), **{name: 4})
        with pytest.raises(SettingError, match=message):
            method(parse("8:8:8:8:8"), {name: 4})
