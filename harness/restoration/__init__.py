"""Image restoration: problems whose targets are images, degradations, image sets and the measure of quality.

    images = restoration.open_images("photographs")
    found = restoration.evaluate(network, images, restoration.super_resolution(2))
    print(found.psnr, found.frame())

It needs the extra `restoration` (`pip install 'nasinit[restoration]'`). Each name below is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.loading.lazy import loaded_on_use

if TYPE_CHECKING:
    from harness.restoration.classical import baselines
    from harness.restoration.image_sets import IMAGE_SETS, NamedImage, open_images
    from harness.restoration.problems import Restoration, denoising, super_resolution
    from harness.restoration.protocol import SetQuality, evaluate
    from harness.restoration.quality import psnr, ssim

__all__ = [
    "IMAGE_SETS",
    "NamedImage",
    "Restoration",
    "SetQuality",
    "baselines",
    "denoising",
    "evaluate",
    "open_images",
    "psnr",
    "ssim",
    "super_resolution",
]

_HOMES = {
    "IMAGE_SETS": "harness.restoration.image_sets",
    "NamedImage": "harness.restoration.image_sets",
    "Restoration": "harness.restoration.problems",
    "SetQuality": "harness.restoration.protocol",
    "baselines": "harness.restoration.classical",
    "denoising": "harness.restoration.problems",
    "evaluate": "harness.restoration.protocol",
    "open_images": "harness.restoration.image_sets",
    "psnr": "harness.restoration.quality",
    "ssim": "harness.restoration.quality",
    "super_resolution": "harness.restoration.problems",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
