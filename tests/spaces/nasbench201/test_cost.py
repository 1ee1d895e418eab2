"""Parameters and multiply-adds in closed form.

Oracles: the official release through its own client (`nats_bench`, data folder), its printed numbers, and the real
networks, counted by hooks.
"""

import pytest
import torch

from harness.batches import Batch
from harness.errors import SpaceError
from harness.measurements import size
from harness.spaces.nasbench201 import Cell

# NATS-Bench release, cost info for CIFAR-10: index, parameters (M), multiply-adds (M). Dong et al. 2021.
PRINTED = {0: (0.129306, 15.64737), 11: (0.802426, 113.95137), 284: (0.101306, 11.71521)}
INDEX_0 = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
IMAGES = {"cifar10": (10, 32), "cifar100": (100, 32), "ImageNet16-120": (120, 16)}
HEAVY = Cell(("nor_conv_3x3", "nor_conv_1x1", "skip_connect", "avg_pool_3x3", "none", "nor_conv_3x3"))


def measured(space, cell, *, image_size=32, **shape):
    network = space.build(cell, **shape)
    images = torch.zeros(2, shape.get("channels", 3), image_size, image_size)
    batch = Batch(images, torch.zeros(2, dtype=torch.long))
    return size.parameter_count(network), size.macs(network, batch)


def closed(space, cell, *, image_size=32, **shape):
    return tuple(space.sizes(cell, image_size=image_size, **shape))


@pytest.fixture(scope="module")
def client(published_data):
    import nats_bench

    folder = published_data / "NATS-tss-v1_0-3ffb9-simple"
    if not folder.exists():
        pytest.skip(f"{folder.name} is not in {published_data}")
    return nats_bench.create(str(folder), "tss", fast_mode=True, verbose=False)


@pytest.mark.parametrize("index", [0, 11, 284])
@pytest.mark.parametrize("dataset", IMAGES)
def test_the_closed_form_is_the_official_clients(space, client, dataset, index):
    classes, image_size = IMAGES[dataset]
    cost = client.get_cost_info(index, dataset)
    cell = space.parse(client.arch(index))
    parameters, macs = closed(space, cell, classes=classes, image_size=image_size)
    assert round(parameters / 1e6, 6) == round(float(cost["params"]), 6)
    assert round(macs / 1e6, 5) == round(float(cost["flops"]), 5)
    if dataset == "cifar10":
        assert (cost["params"], cost["flops"]) == PRINTED[index]


def test_the_closed_form_is_the_number_that_the_release_prints(space):
    cell = space.parse(INDEX_0)
    assert closed(space, cell) == (129_306, 15_647_370)


def test_the_closed_form_is_what_a_sample_of_networks_measures(space):
    for cell in space.sample(40, seed=3):
        assert closed(space, cell) == measured(space, cell), str(cell)


@pytest.mark.parametrize(
    "shape",
    [
        {"width": 4},
        {"width": 5},
        {"width": 1, "depth": 1},
        {"depth": 1},
        {"depth": 7, "width": 4},
        {"classes": 2},
        {"classes": 120, "image_size": 16},
        {"channels": 1, "image_size": 28},
        {"channels": 7, "width": 3},
        {"image_size": 4},
        {"image_size": 33},
        {"image_size": 31},
        {"image_size": 29, "depth": 2, "width": 6, "channels": 2, "classes": 11},
    ],
)
def test_the_closed_form_is_measured_at_other_shapes(space, shape):
    for cell in (HEAVY, *space.sample(1, seed=5)):
        assert closed(space, cell, **shape) == measured(space, cell, **shape), str(cell)


def test_nothing_but_convolutions_has_a_cost_in_a_cell(space):
    plain = {closed(space, Cell((name,) * 6)) for name in ("none", "skip_connect", "avg_pool_3x3")}
    assert len(plain) == 1
    # Release, index 1835 (all skip) by hand: stem, two reduction blocks, last BN, classifier.
    stem = 3 * 16 * 9 + 2 * 16
    blocks = sum(9 * c * 2 * c + 9 * 4 * c * c + 2 * c * c + 2 * 2 * 2 * c for c in (16, 32))
    assert plain.pop()[0] == stem + blocks + 2 * 64 + 64 * 10 + 10 == 73_306


@pytest.mark.slow
def test_the_closed_form_is_what_all_networks_measure(space):
    """At depth 1: two minutes instead of seven; the sample above has the depth, which is a factor."""
    cells = list(space)
    wrong = [str(cell) for cell in cells if closed(space, cell, depth=1) != measured(space, cell, depth=1)]
    assert (wrong, len(cells)) == ([], 15_625)


def test_what_is_no_cell_has_no_cost(space):
    with pytest.raises(SpaceError, match=r"is not a NAS-Bench-201 cell: get one from space\.parse"):
        space.sizes(INDEX_0)
