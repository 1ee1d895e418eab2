"""The operations of a policy: against Pillow and plain loops, in range, the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from harness.errors import SearchError
from harness.search import run_search
from harness.search.gradient.daas import operations
from harness.search.gradient.daas.operations import Draws, draws, transformed
from harness.search.gradient.daas.sub_policies import Applied, augmented, name_of, operation_shares, pairs
from harness.search.gradient.policy_choices import KNOWN, OPERATIONS, PLANTED, WITHOUT_MAGNITUDE
from tests.search.gradient.searches import SPACES, tiny


@pytest.fixture(autouse=True)
def _with_kornia() -> None:
    pytest.importorskip("kornia", reason="kornia is not installed (the extra augment has it)")


def images(count: int = 6, height: int = 12, width: int = 12, seed: int = 0) -> torch.Tensor:
    """Images whose values are whole 255ths."""
    source = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, 3, height, width), generator=source).float() / 255


def ones(pixels: torch.Tensor, sign: float = 1.0) -> Draws:
    count = len(pixels)
    return Draws(torch.full((count,), sign), torch.full((count, 2), 0.5), torch.rand(count, pixels[0, 0].numel()))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", KNOWN)
def test_values_stay_between_0_and_1_and_shapes_as_they_are(name: str) -> None:
    for pixels in (images(), images(height=8, width=10), torch.zeros(2, 3, 8, 8), torch.ones(2, 3, 8, 8)):
        for magnitude in (0.1, 0.5, 1.0):
            found = transformed(name, pixels, magnitude, draws(pixels, generator()))
            assert found.shape == pixels.shape
            assert bool(((found >= 0) & (found <= 1)).all())
            assert found.dtype == pixels.dtype


@pytest.mark.parametrize("name", KNOWN)
def test_a_seed_gives_the_same_images_and_the_global_state_stays(name: str) -> None:
    pixels, before = images(), torch.get_rng_state()
    sub_policy = (Applied(name, 0.5, 0.5), Applied("rotate", 0.5, 0.5))
    first, again, other = (augmented(pixels, sub_policy, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_images_that_no_operation_is_applied_to_are_as_they_were() -> None:
    pixels = images(400, 8, 8)
    found = augmented(pixels, (Applied("invert", 0.5, 0.3),), generator())
    same = (found == pixels).flatten(1).all(dim=1)
    assert bool((same | (found == 1 - pixels).flatten(1).all(dim=1)).all())
    assert 0.6 < float(same.double().mean()) < 0.8
    assert augmented(pixels, (), generator()) is pixels


def pillow(pixels: torch.Tensor, name: str, magnitude: float, sign: float) -> torch.Tensor:
    """The operation by Pillow, on whole numbers from 0 to 255."""
    factor = 1 + 0.9 * magnitude * sign
    found = []
    for one in pixels:
        image = Image.fromarray((255 * one).round().byte().permute(1, 2, 0).numpy())
        changed = {
            "auto_contrast": ImageOps.autocontrast,
            "invert": ImageOps.invert,
            "equalize": ImageOps.equalize,
            "solarize": lambda each: ImageOps.solarize(each, round(255 * (1 - magnitude))),
            "posterize": lambda each: ImageOps.posterize(each, 8 - round(4 * magnitude)),
            "contrast": lambda each: ImageEnhance.Contrast(each).enhance(factor),
            "color": lambda each: ImageEnhance.Color(each).enhance(factor),
            "brightness": lambda each: ImageEnhance.Brightness(each).enhance(factor),
            "sharpness": lambda each: ImageEnhance.Sharpness(each).enhance(factor),
        }[name](image)
        found.append(torch.from_numpy(np.array(changed)).permute(2, 0, 1).float() / 255)
    return torch.stack(found)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize(
    "name",
    ["auto_contrast", "invert", "equalize", "solarize", "posterize", "contrast", "color", "brightness", "sharpness"],
)
def test_colours_are_those_of_pillow(name: str, sign: float) -> None:
    """To the rounding of whole numbers, which the factor of an enhancement enlarges."""
    pixels = images(4, 20, 20)
    found, expected = transformed(name, pixels, 0.5, ones(pixels, sign)), pillow(pixels, name, 0.5, sign)
    assert float((found - expected).abs().max()) <= 3 / 255


@pytest.mark.parametrize(("name", "axis"), [("translate_x", 3), ("translate_y", 2)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_shift_by_whole_pixels_moves_them_and_leaves_black(name: str, axis: int, sign: int) -> None:
    pixels = images(3, 20, 20)
    found = transformed(name, pixels, 1 / 3, ones(pixels, sign))  # 0.45 of 20, of which a third
    expected = pixels.roll(3 * sign, dims=axis)
    left_open = slice(0, 3) if sign > 0 else slice(17, 20)
    expected.transpose(axis, 0)[left_open] = 0
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_a_shear_moves_each_row_by_its_height() -> None:
    pixels = torch.zeros(1, 3, 20, 20)
    pixels[:, :, :, 5] = 1
    found = transformed("shear_x", pixels, 1.0, ones(pixels))
    middles = (found[0, 0] * torch.arange(20.0)).sum(dim=1) / found[0, 0].sum(dim=1)
    torch.testing.assert_close(middles.diff()[1:-1], torch.full((17,), 0.3), atol=0.05, rtol=0)


def test_a_rotation_turns_by_thirty_degrees_at_most() -> None:
    pixels = torch.zeros(1, 3, 21, 21)
    pixels[:, :, 10, 18] = 1  # eight pixels to the right of the middle
    found = transformed("rotate", pixels, 1.0, ones(pixels))[0, 0]
    rows, columns = torch.meshgrid(torch.arange(21.0), torch.arange(21.0), indexing="ij")
    down, right = ((found * axis).sum() / found.sum() - 10 for axis in (rows, columns))
    assert float(torch.atan2(-down, right).rad2deg()) == pytest.approx(30, abs=2)


def test_a_cut_out_square_lies_around_its_place() -> None:
    pixels = torch.ones(1, 3, 20, 20)
    drawn = ones(pixels)._replace(places=torch.tensor([[0.25, 0.5]]))
    found = transformed("cutout", pixels, 1.0, drawn)[0]
    expected = torch.ones(20, 20)
    for row in range(20):
        for column in range(20):
            if abs(row + 0.5 - 5) <= 2 and abs(column + 0.5 - 10) <= 2:
                expected[row, column] = 0.5
    for channel in found:
        assert torch.equal(channel, expected)


def test_the_planted_operation_keeps_the_colours_and_loses_the_places() -> None:
    pixels = images(5)
    found = transformed(PLANTED, pixels, 0.5, draws(pixels, generator()))
    packed, before = ((each.flatten(2) * 255).round().long() for each in (found, pixels))
    codes, old = (each[:, 0] * 65536 + each[:, 1] * 256 + each[:, 2] for each in (packed, before))
    assert torch.equal(codes.sort(dim=1).values, old.sort(dim=1).values)
    assert all(not torch.equal(one, other) for one, other in zip(codes, old, strict=True))


def test_there_are_105_pairs_and_choices_multiply() -> None:
    assert len(pairs(OPERATIONS, [0.5], [0.5])) == 105
    with_magnitude = [name for name in OPERATIONS if name not in WITHOUT_MAGNITUDE]
    assert len(pairs(with_magnitude[:3], [0.2, 0.8], [0.1, 0.5, 0.9])) == 3 * 6 * 6
    names = [name_of(each) for each in pairs(OPERATIONS, [0.2, 0.8], [0.5])]
    assert len(set(names)) == len(names)


def test_shares_of_operations_are_those_of_the_pairs() -> None:
    policy = {
        name_of(each): share for each, share in zip(pairs(OPERATIONS[:3], [0.5], [1.0]), [0.5, 0.3, 0.2], strict=True)
    }
    found = operation_shares(policy)
    assert found == pytest.approx({OPERATIONS[0]: 0.4, OPERATIONS[1]: 0.35, OPERATIONS[2]: 0.25})


def test_without_kornia_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "find_spec", lambda name: None)
    setting = tiny("daas", "nasbench201")
    with pytest.raises(SearchError, match=r"^policies of augmentations need kornia: pip install 'nasinit\[augment\]'$"):
        run_search(SPACES["nasbench201"], "daas", setting, data="digits")
