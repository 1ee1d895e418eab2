"""The common part of spaces of image classifiers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SettingError
from harness.problem import CLASSIFICATION
from harness.setting import INPUTS, Setting

if TYPE_CHECKING:
    from harness.batches import Batch


class ImageClassification:
    """The common part of spaces of image classifiers: problem, sources of batches, and the images' sizes."""

    problem = CLASSIFICATION
    inputs: ClassVar[tuple[str, ...]] = INPUTS

    def batch(self, setting: Setting, data: Path | None = None) -> Batch:
        """A batch of images [N, C, H, H] and classes [N]; see `harness.spaces.image_batches.draw_images`."""
        from harness.spaces.image_batches import draw_images

        return draw_images(setting, data)

    def shape_of(self, batch: Batch) -> dict[str, int]:
        """The channels and the side of a batch of square images."""
        images = batch.arguments[0]
        if len(batch.arguments) > 1 or images.ndim != 4 or images.shape[2] != images.shape[3]:
            given = " and ".join(str(list(each.shape)) for each in batch.arguments)
            raise SettingError(f"a run scores square images [N, C, H, H]; the batch has shape {given}")
        return {"channels": images.shape[1], "image_size": images.shape[3]}
