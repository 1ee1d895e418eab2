"""Sets of images. Oracles: the sets' own counts, sides and the checksums."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.errors import SettingError
from harness.restoration.image_sets import IMAGE_SETS, open_images

pytest.importorskip("skimage")


def test_photographs_need_no_folder():
    images = open_images("photographs")
    assert [each.name for each in images][:2] == ["photographs/astronaut", "photographs/camera"]
    assert len(images) == 6
    assert {each.pixels.dtype for each in images} == {np.dtype("uint8")}
    assert [each.pixels.ndim for each in images].count(3) == 3


@pytest.mark.parametrize("name", [name for name in IMAGE_SETS if name != "photographs"])
def test_a_set_has_its_images(name: str, restoration_data: Path):
    images = open_images(name, restoration_data)
    assert len(images) == IMAGE_SETS[name].count == len({each.name for each in images})
    assert "Train400/test_020" not in {each.name for each in images}


def test_the_image_that_is_left_out_is_part_of_a_test_image(restoration_data: Path):
    with Image.open(restoration_data / "Train400" / "test_020.png") as file:
        left_out = np.array(file)
    whole = open_images("Set12", restoration_data)[3]
    assert whole.name == "Set12/04"
    np.testing.assert_array_equal(left_out[:, 74:], whole.pixels[72:252, :106])


def test_other_pixels_are_named(restoration_data: Path, tmp_path: Path):
    shutil.copytree(restoration_data / "Set5", tmp_path / "Set5")
    shutil.copyfile(tmp_path / "Set5" / "bird.png", tmp_path / "Set5" / "baby.png")
    with pytest.raises(SettingError, match="are not the 5 of Set5: their digest is"):
        open_images("Set5", tmp_path)
    (tmp_path / "Set5" / "baby.png").write_bytes(b"no image")
    with pytest.raises(SettingError, match=r"baby.png is not an image that can be read"):
        open_images("Set5", tmp_path)


def test_what_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(SettingError, match="Did you mean 'Set5'"):
        open_images("set5", tmp_path)
    with pytest.raises(SettingError, match="needs the folder that holds its folder Set12"):
        open_images("Set12")
    with pytest.raises(SettingError, match="no PNG files in"):
        open_images("Set12", tmp_path)


def test_without_scikit_image_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("harness.restoration.extra.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"needs skimage: pip install 'nasinit\[restoration\]'"):
        open_images("photographs")
