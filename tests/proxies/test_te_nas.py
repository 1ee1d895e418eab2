"""TE-NAS's measures in networks of their own size, against plain loops, and the contract that they keep."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import harness
from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements import MEASUREMENTS
from harness.measurements.own_weights import generator_for
from harness.measurements.small_networks import cell_regions, crops, small_network_grams
from harness.proxies.registry import resolve
from harness.scoring.scorer import Score, score_network
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images
from harness.spaces.nasbench201.cell import EDGES
from tests.reference import te_nas as reference

NAMES = ["te_nas_condition", "te_nas_regions"]
CELLS = [
    "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "|nor_conv_1x1~0|+|none~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_1x1~1|skip_connect~2|",
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",
]
ALL_NONE = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
SETTING = Setting(batch_size=6, classes=4, image_size=8, dtype="float64")
BATCH = Batch(draw_images(SETTING).inputs.double(), draw_images(SETTING).labels)


class Recorded:
    """Builds networks of a cell, and keeps what it built."""

    def __init__(self, cell: str) -> None:
        space = open_space("nasbench201")
        self._build = functools.partial(space.build, space.parse(cell), classes=4)
        self.networks: list[nn.Module] = []
        self.sizes: list[dict[str, Any]] = []

    def __call__(self, **options: Any) -> nn.Module:
        self.networks.append(self._build(**options).double())
        self.sizes.append(options)
        return self.networks[-1]


def scored(cell: str, batch: Batch = BATCH, bn: str = "train", seed: int = 0) -> dict[str, Score]:
    space = open_space("nasbench201")
    rebuild = functools.partial(space.build, space.parse(cell), classes=4)
    network = rebuild(width=4, depth=1).double()
    return score_network(network, batch, resolve(NAMES), Setting(batch_size=len(batch), bn=bn, seed=seed), rebuild)


@pytest.mark.parametrize("cell", CELLS)
def test_condition_is_that_of_three_small_networks(cell: str) -> None:
    rebuild = Recorded(cell)
    small_network_grams(rebuild, BATCH, SETTING)
    kappas = [reference.condition_number(network.train(), BATCH.inputs) for network in rebuild.networks]
    assert len(kappas) == 3
    assert len(set(kappas)) == 3
    assert [(size["width"], size["depth"], size["init"]) for size in rebuild.sizes] == [(3, 1, "kaiming_fan_out")] * 3
    assert scored(cell)["te_nas_condition"].value == pytest.approx(-sum(kappas) / 3, rel=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_regions_are_the_patterns_of_one_cell(cell: str) -> None:
    rebuild = Recorded(cell)
    counts = cell_regions(rebuild, BATCH, SETTING)
    cut = list(crops(BATCH.inputs, generator_for(SETTING, "crops")).split(1000))
    assert len(cut) == 3
    expected = []
    for network in rebuild.networks:
        weights = dict(network.named_parameters())
        names = {edge: f"cells.0.layers.{edge}.op.1.weight" for edge in range(len(EDGES))}
        kernels = {edge: weights[name].detach() for edge, name in names.items() if name in weights}
        expected.append(reference.regions(cell, kernels, cut))
    assert counts == tuple(expected)
    assert scored(cell)["te_nas_regions"].value == pytest.approx(sum(expected) / 3)


def test_crops_are_windows_of_the_images() -> None:
    images = torch.arange(2 * 3 * 5 * 4, dtype=torch.float64).reshape(2, 3, 5, 4)
    cut = crops(images, torch.Generator().manual_seed(0))
    assert cut.shape == (3000, 1, 3, 3)
    windows = images.unfold(2, 3, 1).unfold(3, 3, 1).reshape(-1, 9)
    assert {tuple(crop.flatten().tolist()) for crop in cut} == {tuple(window.tolist()) for window in windows}


def test_it_is_the_same_twice_and_another_for_another_seed() -> None:
    first, second, other = scored(CELLS[0]), scored(CELLS[0]), scored(CELLS[0], seed=1)
    for name in NAMES:
        assert first[name].value == second[name].value != other[name].value


def test_the_condition_number_does_not_see_the_order_of_the_batch() -> None:
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    permuted = scored(CELLS[0], Batch(BATCH.inputs[order], BATCH.labels[order]))
    assert permuted["te_nas_condition"].value == pytest.approx(scored(CELLS[0])["te_nas_condition"].value, rel=1e-9)


def test_nothing_moves() -> None:
    space = open_space("nasbench201")
    network = space.build(space.parse(CELLS[0]), classes=4, width=4, depth=1).double()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    rebuild = functools.partial(space.build, space.parse(CELLS[0]), classes=4)
    score_network(network, BATCH, resolve(NAMES), SETTING, rebuild)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_cell_of_nothing_has_one_region_and_no_condition() -> None:
    scores = scored(ALL_NONE)
    assert scores["te_nas_regions"].value == 1
    assert scores["te_nas_condition"].status == "not_applicable"
    assert "singular" in scores["te_nas_condition"].message


@pytest.mark.parametrize("name", NAMES)
def test_a_bare_network_has_no_other_sizes(name: str) -> None:
    space = open_space("nasbench201")
    network = space.build(space.parse(CELLS[0]), classes=4, width=4, depth=1).double()
    score = harness.score(network, BATCH, [name])[name]
    assert score.status == "not_applicable"
    assert "harness.run" in score.message
    assert math.isnan(score.value)


def test_small_images_and_other_spaces_are_refused_by_name(tmp_path: Path) -> None:
    small = Batch(torch.randn(4, 3, 2, 2, dtype=torch.float64), torch.tensor([0, 1, 2, 3]))
    assert "crops of 3 x 3 pixels" in scored(CELLS[0], small)["te_nas_regions"].message
    darts = open_space("darts")
    frame = harness.run(darts, darts.sample(1), NAMES, store=tmp_path / "s.sqlite", batch_size=4, width=4, depth=2)
    assert set(frame["status"]) == {"not_applicable"}
    message = dict(zip(frame["proxy"], frame["message"], strict=True))
    assert "TE-NAS measures networks of width 3, which this space cannot build" in message["te_nas_condition"]
    assert "TE-NAS measures networks of width 1, which this space cannot build" in message["te_nas_regions"]


def test_a_cell_of_two_inputs_is_refused_by_their_names() -> None:
    darts = open_space("darts")
    rebuild = functools.partial(darts.build, darts.sample(1)[0], classes=4)
    with pytest.raises(NotApplicable, match="cells read before, last"):
        cell_regions(lambda width, depth, channels, **options: rebuild(width=2, depth=2, **options), BATCH, SETTING)


def test_only_the_kernel_grows_with_the_batch() -> None:
    assert MEASUREMENTS["small_network_grams"].exhaustive
    assert not MEASUREMENTS["cell_regions"].exhaustive
