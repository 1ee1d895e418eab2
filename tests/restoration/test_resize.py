"""Bicubic resizing. Oracles: MATLAB's own small images of Set5, and a slow reference from the kernel's definition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import SettingError
from harness.restoration.image_sets import open_images
from harness.restoration.resize import cut_to_multiple, enlarged, shrunk
from tests.reference import restoration as reference


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_it_is_the_slow_reference(factor):
    image = np.random.default_rng(factor).uniform(0, 255, (24, 12))
    np.testing.assert_allclose(
        shrunk(image, factor), reference.resized(image, 24 // factor, 12 // factor), rtol=0, atol=1e-10
    )
    np.testing.assert_allclose(
        enlarged(image, factor), reference.resized(image, 24 * factor, 12 * factor), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_small_images_of_set5_are_those_of_matlab_to_the_last_bit(factor: int, restoration_data: Path):
    pytest.importorskip("skimage")
    from skimage import io

    for image in open_images("Set5", restoration_data):
        name = image.name.removeprefix("Set5/")
        theirs = io.imread(restoration_data / f"Set5_LR_bicubic_x{factor}" / f"{name}x{factor}.png")
        ours = shrunk(cut_to_multiple(image.pixels, factor), factor)
        assert ours.dtype == np.uint8
        np.testing.assert_array_equal(ours, theirs)


def test_an_8_bit_image_is_rounded_after_each_pass_and_a_float_one_never():
    image = np.random.default_rng(0).integers(0, 256, (12, 8), dtype=np.uint8)
    rows = np.array([reference.resized_line(column, 6) for column in image.T]).T
    between = np.floor(rows.clip(0, 255) + 0.5)
    expected = np.floor(np.array([reference.resized_line(row, 4) for row in between]).clip(0, 255) + 0.5)
    np.testing.assert_array_equal(shrunk(image, 2), expected)
    smooth = shrunk(image.astype(float), 2)
    assert smooth.dtype == np.float64
    assert not np.array_equal(smooth, smooth.round())


def test_a_constant_image_stays_constant_in_each_channel():
    image = np.broadcast_to(np.array([3, 128, 255], dtype=np.uint8), (8, 8, 3))
    assert shrunk(image, 2).tolist() == image[:4, :4].tolist()
    assert enlarged(image, 3).tolist() == np.broadcast_to(image[0, 0], (24, 24, 3)).tolist()


def test_sides_are_cut_to_multiples_or_refused():
    image = np.zeros((7, 9))
    assert cut_to_multiple(image, 4).shape == (4, 8)
    with pytest.raises(SettingError, match="7 x 9 pixels cannot be shrunk by 4"):
        shrunk(image, 4)
    for wrong in (0, 1.5, "2"):
        with pytest.raises(SettingError, match="factor must be a whole number"):
            enlarged(image, wrong)
