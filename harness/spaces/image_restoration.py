"""The common part of spaces of restoring networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SettingError
from harness.setting import NOISE, Setting
from harness.spaces.shape import Dimensions, sizes_within

if TYPE_CHECKING:
    from harness.batches import Batch
    from harness.restoration.problems import Restoration


class ImageRestoration:
    """The common part of spaces of restoring networks: sources of batches, and the images' sizes.

    A space has `problem`, a `Restoration`, and among its sizes `image_size`, the side of the degraded images, and
    `channels`.
    """

    problem: ClassVar[Restoration]
    shape: ClassVar[Dimensions]
    inputs = (*NOISE, "photographs")

    def batch(self, setting: Setting, data: Path | None = None) -> Batch:
        """Degraded images [N, C, H, H] and targets [N, C, sH, sH]; see `harness.restoration.batches`."""
        from harness.restoration.batches import draw_restoration

        sizes = sizes_within(self.shape, setting.shape)
        return draw_restoration(
            setting, self.problem, channels=sizes["channels"], image_size=sizes["image_size"], data=data
        )

    def shape_of(self, batch: Batch) -> dict[str, int]:
        """The channels and the side of a batch of square degraded images."""
        images = batch.arguments[0]
        square = len(batch.arguments) == 1 and images.ndim == 4 and images.shape[2] == images.shape[3]
        if not square or tuple(batch.targets.shape) != self.problem.output_shape(images.shape):
            given = " and ".join(str(list(each.shape)) for each in batch.arguments)
            raise SettingError(
                f"{self.problem.name} maps square images [N, C, H, H] to images whose sides are {self.problem.scale} "
                f"times as long; the batch has shape {given}, and targets {list(batch.targets.shape)}"
            )
        return {"channels": images.shape[1], "image_size": images.shape[3]}
