"""The micro space with the networks of other tasks of TransNAS-Bench-101: jigsaws, and the layout of a room.

The authors' code (github.com/yawen-d/TransNASBench, commit 6c6e8b9) trains the backbone of a cell with a head for each
task. Scenes and objects have the linear classifier of `transnas-micro`; the three tasks whose outputs are images are in
`image_tasks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from harness.problem import REGRESSION
from harness.setting import NOISE, Setting, SizeKeywords, derived_seed
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.spaces.transnas_micro import TransNasMicro
from harness.spaces.transnas_micro.skeleton import TILES, TILES_A_SIDE, last_width

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from harness.batches import Batch


class TransNasMicroJigsaw(TransNasMicro):
    """The cells of TransNAS-Bench-101's micro space with the networks of the jigsaw task.

    A network names the order, one of 1,000, of the nine tiles of an image; the authors' tiles have 64 × 64 pixels.
    """

    name = "transnas-micro-jigsaw"
    tables_of: ClassVar[str] = TransNasMicro.name
    shape = image_dimensions(
        image_size=Dimension(64 * TILES_A_SIDE, 4 * TILES_A_SIDE, "pixels on a side of an image of 3 × 3 tiles"),
        classes=Dimension(1000, 2, "outputs of the network, K"),
        width=Dimension(64, 2, "channels after the stem, C"),
        depth=Dimension(2, 1, "cells in each of the five modules"),
    )
    _network: ClassVar[str] = "JigsawNetwork"

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form."""
        full = sizes_within(self.shape, shape, sizes)
        of_a_tile = super().sizes(architecture, {**full, "image_size": full["image_size"] // TILES_A_SIDE})
        read, classes = last_width(full["width"]) * full["classes"], full["classes"]
        return Sizes(of_a_tile.parameters + (TILES - 1) * read, TILES * of_a_tile.macs - (TILES - 1) * classes)


class TransNasMicroRoomLayout(TransNasMicro):
    """The cells of TransNAS-Bench-101's micro space with the networks of the room layout task, a regression.

    A network gives nine numbers, the place and size of the room's box, which the authors normalise; the targets of a
    batch are standard normal. The authors' loss is the mean of the squared differences; `mean_squared_error` here is
    half their sum over the nine numbers, the same but for a factor.
    """

    name = "transnas-micro-room-layout"
    tables_of: ClassVar[str] = TransNasMicro.name
    problem = REGRESSION
    inputs = NOISE
    shape = image_dimensions(
        image_size=Dimension(256, 4, "pixels on a side"),
        classes=Dimension(9, 1, "outputs of the network, K"),
        width=Dimension(64, 2, "channels after the stem, C"),
        depth=Dimension(2, 1, "cells in each of the five modules"),
    )

    def batch(self, setting: Setting, data: Path | None = None) -> Batch:
        """A batch of noise [N, C, H, H] and standard normal targets [N, K]."""
        import torch

        from harness.batches import Batch

        images = super().batch(setting, data).arguments
        outputs = sizes_within(self.shape, setting.shape)["classes"]
        generator = torch.Generator().manual_seed(derived_seed(setting.seed, "batch", "targets"))
        targets = torch.randn(setting.batch_size, outputs, generator=generator, dtype=torch.float32, device="cpu")
        return Batch(images, targets, problem=self.problem)
