"""Crops for training. Oracles: places found again in the images, MATLAB's resizing, moments of the noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.errors import SettingError
from harness.restoration.colour import luma
from harness.restoration.crops import Crops
from harness.restoration.enlarging import Enlarged
from harness.restoration.image_sets import NamedImage
from harness.restoration.problems import denoising, super_resolution
from harness.restoration.resize import enlarged, shrunk

SOURCE = np.random.default_rng(0)
COLOUR = NamedImage("made/colour", SOURCE.integers(256, size=(23, 18, 3), dtype=np.uint8))
GREY = NamedImage("made/grey", SOURCE.integers(256, size=(12, 16), dtype=np.uint8))


def forms(pixels):
    """The eight forms of an image [H, W, C]."""
    turned = [np.rot90(pixels, quarters) for quarters in range(4)]
    return [*turned, *(each[:, ::-1] for each in turned)]


def found_in(crop, images):
    """Image, place and form of a crop [H, H, C] in images [H, W, C]: all of them."""
    side = len(crop)
    return [
        (number, top, left, form)
        for number, image in enumerate(images)
        for top in range(image.shape[0] - side + 1)
        for left in range(image.shape[1] - side + 1)
        for form, turned in enumerate(forms(image[top : top + side, left : left + side]))
        if np.allclose(turned, crop, atol=1e-4)
    ]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_crop_and_its_small_one_lie_at_the_same_place_in_the_same_form(channels):
    images = [COLOUR, GREY] if channels == 1 else [COLOUR]
    large = [luma(image.pixels)[:, :, None] if channels == 1 else image.pixels for image in images]
    large = [image[: len(image) // 2 * 2] for image in large]
    small = [shrunk(image.astype(float) if channels == 1 else image, 2) for image in large]
    crops = Crops([COLOUR, GREY], super_resolution(2), channels)
    inputs, targets = crops.drawn(24, 4, seed=1)
    assert inputs.shape == (24, channels, 4, 4)
    assert targets.shape == (24, channels, 8, 8)
    seen = set()
    for one, other in zip(inputs, targets, strict=True):
        ((number, top, left, form),) = found_in(255 * one.movedim(0, 2).numpy(), small)
        assert (number, 2 * top, 2 * left, form) in found_in(255 * other.movedim(0, 2).numpy(), large)
        seen.add((number, form))
    assert {form for _, form in seen} == set(range(8))
    assert {number for number, _ in seen} == set(range(len(images)))


def test_noise_has_its_deviation_and_is_drawn_for_each_crop():
    crops = Crops([GREY], denoising(25), 1)
    inputs, targets = crops.drawn(400, 8, seed=2)
    noise = 255 * (inputs - targets)
    assert float(noise.std()) == pytest.approx(25, rel=0.02)
    assert float(noise.mean()) == pytest.approx(0, abs=0.7)
    assert not torch.equal(noise[0], noise[1])
    again, other = (crops.drawn(400, 8, seed)[0] for seed in (2, 3))
    assert torch.equal(inputs, again)
    assert not torch.equal(inputs, other)


def test_what_no_crops_can_be_drawn_from_is_refused():
    with pytest.raises(SettingError, match="images have 1 channel"):
        Crops([COLOUR], super_resolution(2), 2)
    with pytest.raises(SettingError, match="none of 1 images has 3 channels"):
        Crops([GREY], super_resolution(2), 3)
    with pytest.raises(SettingError, match="crops of 20 x 20 pixels do not fit"):
        Crops([COLOUR, GREY], super_resolution(2)).drawn(1, 20, 0)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_the_module_enlarges_as_resizing_does(scale):
    images = torch.rand(2, 3, 5, 7, dtype=torch.float64)
    found = Enlarged(scale)(images)
    for one, wanted in zip(found, images, strict=True):
        expected = enlarged(wanted.movedim(0, 2).numpy(), scale)
        torch.testing.assert_close(one.movedim(0, 2), torch.from_numpy(expected), rtol=0, atol=1e-12)
