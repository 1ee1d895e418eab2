"""Restorations without training: what a network has to beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.restoration.extra import check_installed
from harness.restoration.problems import Restoration

if TYPE_CHECKING:
    from torch import Tensor

Method = Callable[["Tensor"], "Tensor"]
"""A restoration: degraded images [1, C, H, W] to images [1, C, sH, sW], values about 0 to 1."""
_TV_WEIGHT = 0.1
"""Weight of scikit-image's total variation for noise of sigma 25; it grows with the noise."""


def baselines(problem: Restoration) -> dict[str, Method]:
    """The methods that apply to a problem, by name.

    `input` does nothing to noisy images. `tv` is the total variation of Rudin, Osher and Fatemi by Chambolle's
    algorithm, `nlm` the non-local means of Buades, Coll and Morel, both of scikit-image; the weight of the first is 0.1
    at sigma 25 and in proportion elsewhere, which is our choice. `bicubic` enlarges.
    """
    if problem.scale > 1:
        return {"bicubic": bicubic(problem.scale)}
    return {"input": lambda images: images, "tv": total_variation(problem.sigma), "nlm": non_local_means(problem.sigma)}


def bicubic(scale: int) -> Method:
    """Bicubic enlargement, as MATLAB's (`harness.restoration.resize`), without rounding."""
    from harness.restoration.resize import enlarged

    return _by_image(lambda image: enlarged(image, scale))


def total_variation(sigma: float) -> Method:
    """Total variation for noise of standard deviation `sigma` on the scale from 0 to 255."""
    check_installed("skimage", "total variation")
    from skimage.restoration import denoise_tv_chambolle

    return _by_image(lambda image: denoise_tv_chambolle(image, weight=_TV_WEIGHT * sigma / 25))


def non_local_means(sigma: float) -> Method:
    """Non-local means with patches of 7 x 7, distances up to 11 and h = 0.6 sigma, for grey images."""
    check_installed("skimage", "non-local means")
    from skimage.restoration import denoise_nl_means

    spread = sigma / 255
    return _by_image(
        lambda image: denoise_nl_means(
            image, patch_size=7, patch_distance=11, h=0.6 * spread, sigma=spread, fast_mode=True
        )
    )


def _by_image(change: Callable[[Any], Any]) -> Method:
    """A method that changes one grey image [H, W], or one [H, W, 3], of floating point values."""

    def method(images: Tensor) -> Tensor:
        import torch

        if len(images) != 1:
            raise SettingError(f"a baseline restores one image at a time, got {len(images)}")
        first = images[0].double().movedim(0, 2).cpu().numpy()
        grey = first.shape[2] == 1
        restored = change(first[:, :, 0] if grey else first)
        found = torch.from_numpy(restored.copy()).to(images.dtype)
        return (found[:, :, None] if grey else found).movedim(2, 0)[None].to(images.device)

    return method
