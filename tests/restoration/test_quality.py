"""PSNR, SSIM and Y. Oracles: slow references, torchmetrics, and values of ITU-R BT.601."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from harness.errors import SettingError
from harness.restoration.colour import in_colour, luma, rounded, without_border
from harness.restoration.quality import psnr, ssim
from tests.reference import restoration as reference

pytest.importorskip("torchmetrics")


@pytest.fixture
def pair():
    generator = np.random.default_rng(1)
    smooth = np.add.outer(np.arange(17) * 9.0, np.arange(14) * 5.0)
    return smooth + generator.normal(0, 12, smooth.shape), smooth


def test_psnr_is_the_slow_reference(pair):
    assert psnr(*pair) == pytest.approx(reference.psnr(*pair), abs=1e-5)
    assert psnr(np.zeros((2, 2)), np.full((2, 2), 255.0)) == pytest.approx(0, abs=1e-5)


def test_psnr_of_8_bit_images_does_not_wrap_around():
    assert psnr(np.array([[0, 5]], np.uint8), np.array([[10, 5]], np.uint8)) == pytest.approx(
        10 * math.log10(255**2 / 50)
    )


def test_ssim_is_the_slow_reference_and_that_of_torchmetrics_without_its_edges(pair):
    found = ssim(*pair)
    assert found == pytest.approx(reference.ssim(*pair), abs=1e-9)
    metrics = pytest.importorskip("torchmetrics.functional.image")
    images = (torch.from_numpy(each)[None, None] for each in pair)
    _, windows = metrics.structural_similarity_index_measure(*images, data_range=255.0, return_full_image=True)
    assert found == pytest.approx(float(windows[0, 0, 5:-5, 5:-5].mean()), abs=1e-12)
    assert ssim(pair[1], pair[1]) == pytest.approx(1, abs=1e-12)


def test_images_that_cannot_be_compared_are_refused():
    with pytest.raises(SettingError, match=r"shapes \[2, 3\] and \[3, 2\]"):
        psnr(np.zeros((2, 3)), np.zeros((3, 2)))
    with pytest.raises(SettingError, match="too small"):
        ssim(np.zeros((10, 20)), np.zeros((10, 20)))


def test_a_missing_package_is_one_line_with_its_extra(monkeypatch):
    monkeypatch.setattr("harness.restoration.extra.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"needs torchmetrics: pip install 'nasinit\[restoration\]'"):
        psnr(np.zeros((2, 2)), np.zeros((2, 2)))


def test_y_has_the_published_values_of_black_white_and_the_primaries():
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], dtype=np.uint8)
    assert luma(colours).tolist() == [[16, 235, 81, 145, 41]]
    np.testing.assert_allclose(luma(colours.astype(float))[0], [16, 235, 81.481, 144.553, 40.966], atol=1e-12)


def test_a_grey_image_is_its_own_y_and_may_be_shown_in_colour():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert luma(grey) is grey
    assert in_colour(grey).shape == (3, 4, 3)
    assert (in_colour(grey) == grey[:, :, None]).all()
    with pytest.raises(SettingError, match=r"\[3, 4, 2\]"):
        luma(np.zeros((3, 4, 2)))


def test_rounding_clips_and_takes_halves_upwards():
    assert rounded(np.array([-3.0, 0.5, 1.49, 254.5, 300.0])).tolist() == [0, 1, 1, 255, 255]


def test_a_border_is_cut_on_four_sides_and_none_leaves_all():
    image = np.arange(30).reshape(5, 6)
    assert without_border(image, 0).tolist() == image.tolist()
    assert without_border(image, 2).tolist() == [[14, 15]]
