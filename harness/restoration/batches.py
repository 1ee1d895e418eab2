"""Batches of image restoration: noise, or crops of photographs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.batches import Batch
from harness.errors import SettingError, unknown
from harness.restoration.colour import in_colour, luma
from harness.restoration.degradations import degraded
from harness.restoration.image_sets import PHOTOGRAPHS, open_images
from harness.restoration.problems import Restoration
from harness.restoration.resize import Pixels
from harness.setting import NOISE, Setting, derived_seed

INPUTS = (*NOISE, PHOTOGRAPHS)
"""Sources of the batches of restoring networks."""


def draw_restoration(
    setting: Setting, problem: Restoration, *, channels: int, image_size: int, data: Path | None = None
) -> Batch:
    """The batch that `setting` describes: degraded images [N, C, H, H] and their targets [N, C, sH, sH].

    Args:
        setting: describes the batch. `gaussian` inputs are standard normal, `uniform` inputs lie in [0, 1).
            `photographs` draws crops of scikit-image's photographs, scaled to [0, 1] and degraded: a crop is shrunk by
            itself in 8 bits, or noise is added to it. Targets are uniform noise in [0, 1) unless they are `true`.
        problem: a denoising or a super-resolution; s is its scale.
        channels: C; of photographs 1 (Y) or 3 (red, green, blue, of those that have them).
        image_size: H.
        data: not used; photographs need no folder.

    Raises:
        SettingError: for an unknown input, photographs without scikit-image, true targets of noise, or sizes that
            photographs do not have.
    """
    if setting.input == "given":
        raise SettingError("a setting with input 'given' needs its batch: pass batch=harness.Batch(inputs, targets)")
    if setting.input not in INPUTS:
        raise SettingError(unknown("input", setting.input, (*INPUTS, "given")))
    if setting.labels == "true" and setting.input in NOISE:
        raise SettingError(f"labels 'true' need images: input {setting.input!r} is noise and has none")
    shape = (setting.batch_size, channels, image_size, image_size)
    generator = torch.Generator().manual_seed(derived_seed(setting.seed, "batch"))
    if setting.input == PHOTOGRAPHS:
        inputs, targets = _drawn_crops(setting, problem, channels, image_size)
    else:
        draw = torch.randn if setting.input == "gaussian" else torch.rand
        inputs = draw(shape, generator=generator, dtype=torch.float32, device="cpu")
    if setting.labels == "random":
        targets = torch.rand(problem.output_shape(shape), generator=generator, dtype=torch.float32, device="cpu")
    return Batch(inputs, targets, problem=problem)


def _drawn_crops(setting: Setting, problem: Restoration, channels: int, image_size: int) -> tuple[Tensor, Tensor]:
    """Degraded crops and the crops, drawn uniformly over photographs and then over places."""
    side = problem.scale * image_size
    photographs = _photographs(channels, side)
    generator = np.random.default_rng(derived_seed(setting.seed, "batch", PHOTOGRAPHS))
    crops, small = [], []
    for number in range(setting.batch_size):
        whole = photographs[generator.integers(len(photographs))]
        top, left = (generator.integers(length - side + 1) for length in whole.shape[:2])
        crops.append(whole[top : top + side, left : left + side])
        small.append(degraded(crops[-1], problem, seed=setting.seed, name=f"crop {number}"))
    return _stacked(small), _stacked(crops)


def _photographs(channels: int, side: int) -> list[Pixels]:
    """The photographs with that many channels that are large enough."""
    if channels not in (1, 3):
        raise SettingError(f"photographs have 1 channel (Y) or 3 (red, green, blue); the setting asks for {channels}")
    pixels = [image.pixels for image in open_images(PHOTOGRAPHS)]
    fitting = (
        [luma(each) for each in pixels] if channels == 1 else [in_colour(each) for each in pixels if each.ndim > 2]
    )
    least = min(min(each.shape[:2]) for each in fitting)
    if side > least:
        raise SettingError(f"crops of {side} x {side} pixels do not fit into photographs with sides from {least}")
    return fitting


def _stacked(images: Sequence[Pixels]) -> Tensor:
    """Images [H, W] or [H, W, C] of values from 0 to 255 as a tensor [N, C, H, W] of values from 0 to 1."""
    stacked = torch.from_numpy(np.stack(images).astype(np.float32) / 255)
    return (stacked[..., None] if stacked.ndim == 3 else stacked).movedim(3, 1).contiguous()
