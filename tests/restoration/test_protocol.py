"""The protocol of measuring restored images.

Oracles: the quality of bicubic enlargement of Set5 and Set14 as papers print it, of noise by its definition, and images
small enough to do by hand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from harness import restoration
from harness.errors import NotApplicable, SettingError
from harness.restoration.degradations import noisy
from harness.restoration.image_sets import NamedImage, open_images
from harness.restoration.protocol import restored_image

pytest.importorskip("torchmetrics")
pytest.importorskip("skimage")


def picture(*shape: int, name: str = "own/picture", seed: int = 0) -> NamedImage:
    smooth = np.random.default_rng(seed).integers(0, 256, shape).astype(float)
    return NamedImage(name, (smooth * 0.3 + 90).astype(np.uint8))


@pytest.fixture
def _without_ssim(monkeypatch: pytest.MonkeyPatch) -> None:
    """SSIM takes most of the time."""
    monkeypatch.setattr("harness.restoration.quality.ssim", lambda *images: 0.0)


@pytest.mark.usefixtures("_without_ssim")
@pytest.mark.parametrize(
    ("scale", "measured", "published"), [(2, 33.661, 33.66), (3, 30.392, 30.39), (4, 28.421, 28.42)]
)
def test_bicubic_on_set5_has_the_published_psnr(scale, measured, published, restoration_data: Path):
    problem = restoration.super_resolution(scale)
    images = open_images("Set5", restoration_data)
    found = restoration.evaluate(restoration.baselines(problem)["bicubic"], images, problem)
    assert found.psnr == pytest.approx(measured, abs=5e-4)
    assert round(found.psnr, 2) == published


@pytest.mark.slow
def test_bicubic_on_set5_has_the_published_ssim(restoration_data: Path):
    problem = restoration.super_resolution(2)
    images = open_images("Set5", restoration_data)
    found = restoration.evaluate(restoration.baselines(problem)["bicubic"], images, problem)
    assert found.ssim == pytest.approx(0.9299, abs=6e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "published"), [(2, 30.24), (3, 27.55), (4, 26.00)])
def test_bicubic_on_set14_has_the_published_quality_within_a_hundredth(scale, published, restoration_data: Path):
    problem = restoration.super_resolution(scale)
    images = open_images("Set14", restoration_data)
    found = restoration.evaluate(restoration.baselines(problem)["bicubic"], images, problem)
    assert found.psnr == pytest.approx(published, abs=0.011)


@pytest.mark.usefixtures("_without_ssim")
def test_in_colours_bicubic_is_a_little_worse(restoration_data: Path):
    problem = restoration.super_resolution(4)
    images = open_images("Set5", restoration_data)
    found = restoration.evaluate(restoration.baselines(problem)["bicubic"], images, problem, colour="rgb")
    assert found.psnr == pytest.approx(28.418, abs=1e-3)


@pytest.mark.parametrize(("sigma", "expected"), [(15, 24.61), (25, 20.17), (50, 14.15)])
def test_noisy_images_have_the_quality_that_sigma_says(sigma, expected):
    """20 log10(255 / sigma), since nothing is clipped."""
    clean = np.full((300, 300), 40.0)
    assert restoration.psnr(noisy(clean, sigma, 0, "a"), clean) == pytest.approx(expected, abs=0.03)


def test_noisy_images_of_set12_are_those_of_dncnns_protocol(restoration_data: Path):
    images = open_images("Set12", restoration_data)
    values = [(restoration.psnr(noisy(each.pixels, 25, 0, each.name), each.pixels)) for each in images]
    assert np.mean(values) == pytest.approx(20.18, abs=0.02)
    clipped = [
        restoration.psnr(noisy(each.pixels, 25, 0, each.name).clip(0, 255), each.pixels.astype(float))
        for each in images
    ]
    assert np.mean(clipped) == pytest.approx(20.35, abs=0.02)


@pytest.mark.slow
def test_classical_denoising_of_set12_at_sigma_25(restoration_data: Path):
    """scikit-image's own methods with other noise: 27.70 and 28.48."""
    problem, images = restoration.denoising(25), open_images("Set12", restoration_data)
    methods = restoration.baselines(problem)
    assert restoration.evaluate(methods["tv"], images, problem).psnr == pytest.approx(27.70, abs=0.05)
    assert restoration.evaluate(methods["nlm"], images, problem).psnr == pytest.approx(28.48, abs=0.05)


def test_classical_denoising_beats_the_noise():
    problem = restoration.denoising(25)
    camera = next(each for each in open_images("photographs") if each.name.endswith("camera"))
    image = [NamedImage("camera/part", camera.pixels[64:160, 192:288])]
    methods = restoration.baselines(problem)
    found = {name: restoration.evaluate(method, image, problem).psnr for name, method in methods.items()}
    assert found["tv"] > found["input"] + 4
    assert found["nlm"] > found["input"] + 4


def test_the_noise_of_an_image_follows_from_seed_and_name_whatever_the_order():
    images = [picture(16, 16, name=f"own/{number}", seed=number) for number in range(3)]
    problem = restoration.denoising(25)
    same = {"seed": 3}
    rows = restoration.evaluate(lambda batch: batch, images, problem, **same).images
    again = restoration.evaluate(lambda batch: batch, images[::-1], problem, **same).images
    assert rows == again[::-1]
    assert rows[0] != restoration.evaluate(lambda batch: batch, images[:1], problem, seed=4).images[0]
    twice = [noisy(np.zeros((4, 4)), 1, 0, name) for name in ("a", "b")]
    assert not np.array_equal(*twice)


def test_means_are_those_of_the_images_and_the_last_row_of_the_frame():
    images = [picture(16, 16, name=f"own/{number}", seed=number) for number in range(2)]
    found = restoration.evaluate(lambda batch: batch * 0, images, restoration.denoising(25))
    frame = found.frame()
    assert list(frame["image"]) == ["own/0", "own/1", "mean"]
    assert frame["psnr_db"][2] == pytest.approx(frame["psnr_db"][:2].mean())
    assert frame["ssim"][2] == pytest.approx(frame["ssim"][:2].mean())


def test_a_method_gets_values_from_0_to_1_and_the_border_is_not_compared():
    problem, seen = restoration.super_resolution(2), []
    image = picture(32, 36)

    def perfect_inside(small: torch.Tensor) -> torch.Tensor:
        seen.append(small)
        found = torch.from_numpy(image.pixels[None, None] / 255)
        spoilt = torch.zeros_like(found)
        spoilt[:, :, 2:-2, 2:-2] = found[:, :, 2:-2, 2:-2]
        return spoilt

    assert restoration.evaluate(perfect_inside, [image], problem).psnr == np.inf
    assert seen[0].shape == (1, 1, 16, 18)
    assert 0.3 < float(seen[0].mean()) < 0.7


def test_a_network_is_left_in_its_mode_and_gets_its_own_type():
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)).double()
    network[1].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    restoration.evaluate(network, [picture(16, 16)], restoration.denoising(25))
    assert network.training
    assert not network[1].training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_a_grey_image_in_colour_is_compared_with_its_own_values():
    image = picture(24, 24)
    problem = restoration.super_resolution(2)
    bicubic = restoration.baselines(problem)["bicubic"]
    grey, colour = (restoration.evaluate(bicubic, [image], problem, colour=each).psnr for each in ("y", "rgb"))
    assert colour == pytest.approx(grey, abs=0.2)


def test_what_cannot_be_measured_is_refused():
    image, problem = [picture(16, 16)], restoration.super_resolution(2)
    with pytest.raises(SettingError, match="unknown colour 'hsv'"):
        restoration.evaluate(lambda batch: batch, image, problem, colour="hsv")
    with pytest.raises(SettingError, match="grey images"):
        restoration.evaluate(lambda batch: batch, image, restoration.denoising(5), colour="rgb")
    with pytest.raises(SettingError, match="no images"):
        restoration.evaluate(lambda batch: batch, [], problem)
    with pytest.raises(NotApplicable, match=r"super-resolution-x2 compares outputs with targets \[1, 1, 16, 16\]"):
        restoration.evaluate(lambda batch: batch, image, problem)


def test_an_image_in_colours_is_restored_channel_by_channel():
    pixels = np.random.default_rng(0).uniform(0, 255, (5, 6, 3))
    found = restored_image(lambda batch: batch, pixels, restoration.denoising(1))
    np.testing.assert_allclose(found, pixels, atol=1e-9)


@pytest.mark.parametrize("sigma", [0, -1, float("nan"), float("inf"), "25", True])
def test_sigma_is_a_positive_number(sigma):
    with pytest.raises(SettingError, match="sigma must be a positive number"):
        restoration.denoising(sigma)


@pytest.mark.parametrize("scale", [1, 0, 2.0, 17, "2"])
def test_a_scale_is_a_whole_number(scale):
    with pytest.raises(SettingError, match="scale must be a whole number"):
        restoration.super_resolution(scale)


@pytest.mark.parametrize("problem", [restoration.denoising(25), restoration.super_resolution(2)])
def test_losses_are_means_over_all_values(problem):
    outputs, targets = torch.randn(2, 3, 3, 4, 5).double().unbind()
    errors = [float(a - b) for a, b in zip(outputs.flatten(), targets.flatten(), strict=True)]
    squared = problem.loss("mean_squared_error", outputs, targets)
    absolute = problem.loss("mean_absolute_error", outputs, targets)
    assert float(squared) == pytest.approx(sum(each**2 for each in errors) / len(errors))
    assert float(absolute) == pytest.approx(sum(map(abs, errors)) / len(errors))
    first = "mean_squared_error" if problem.scale == 1 else "mean_absolute_error"
    assert problem.check_loss(None) == first
