"""The micro space with the networks of the three tasks of TransNAS-Bench-101 whose outputs are images.

Decoders, losses and sizes are those of the authors' code (github.com/yawen-d/TransNASBench, commit 6c6e8b9; losses and
sizes in its configurations, which commit fcd4e9c has). Choices:

- The authors train autoencoder and surface normals as a GAN: 0.99 times the mean absolute error, and 0.01 times what a
  discriminator says. The absolute error alone is the loss here, since a discriminator that is not trained says nothing
  of an image.
- The decoder's channels grow with the width (`decoders`); at the default width they are the authors'.
- Targets are random, those of images uniform from -1 to 1 (the authors' surface normals are from 0 to 1), unless
  `labels` is `true` for the autoencoder, whose targets are its inputs; Gaussian ones go beyond what the decoder gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SettingError
from harness.problem import PICTURES, SEGMENTATION
from harness.setting import NOISE, Setting, SizeKeywords, derived_seed
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.spaces.transnas_micro import TransNasMicro, cost, decoders
from harness.spaces.transnas_micro.decoders import SHRINKS, DecoderLayer

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from typing_extensions import Unpack

    from harness.batches import Batch


def _shape(classes: Dimension) -> dict[str, Dimension]:
    return image_dimensions(
        image_size=Dimension(256, SHRINKS, "pixels on a side, a multiple of 32"),
        classes=classes,
        width=Dimension(64, 4, "channels after the stem, C"),
        depth=Dimension(2, 1, "cells in each of the five modules"),
    )


class ImageTask(TransNasMicro):
    """The common part of the three spaces: sizes, batches of noise with targets of the images' size, and costs.

    A space has a `name`, a `problem`, a network in `network` and the layers of its decoder. Sides of images are
    multiples of 32, since the backbone leaves a 32nd of the side and the decoder doubles it five times.
    """

    tables_of: ClassVar[str] = TransNasMicro.name
    inputs = NOISE

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of a cell, by default of the benchmark's width and depth.

        Raises:
            SettingError: for a side of images that is no multiple of 32.
        """
        return super().build(architecture, self._full(shape, sizes), init=init, seed=seed)

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form: those of the backbone and of the decoder."""
        full = self._full(shape, sizes)
        scenes = super().sizes(architecture, full)
        layers = self._decoder(full["width"], full["classes"])
        classifier = cost.classifier_size(full["width"], full["classes"])
        return Sizes(
            scenes.parameters - classifier + decoders.parameter_count(layers),
            scenes.macs - classifier + decoders.macs(layers, full["image_size"] // SHRINKS),
        )

    def batch(self, setting: Setting, data: Path | None = None) -> Batch:
        """A batch of noise [N, C, H, H] and targets [N, K, H, H].

        Raises:
            SettingError: for an input that is no noise, a side that is no multiple of 32, or true labels of noise.
        """
        import torch

        from harness.batches import Batch

        full = self._full(setting.shape, {})
        images = super().batch(replace(setting, labels="random"), data).only_argument
        self._check_labels(setting)
        if setting.labels == "true":
            return Batch(images, images.clone(), problem=self.problem)
        generator = torch.Generator().manual_seed(derived_seed(setting.seed, "batch", "targets"))
        shape = (setting.batch_size, full["classes"], *images.shape[2:])
        return Batch(images, self._targets(shape, generator), problem=self.problem)

    def shape_of(self, batch: Batch) -> dict[str, int]:
        """Channels and side of the images of a batch, and channels of its targets."""
        found = super().shape_of(batch)
        images, targets = batch.only_argument, batch.targets
        if targets.ndim != 4 or targets.shape[2:] != images.shape[2:]:
            raise SettingError(
                f"{self.name} maps images [N, C, H, H] to targets [N, K, H, H]; the batch has shape "
                f"{list(images.shape)}, and targets {list(targets.shape)}"
            )
        return {**found, "classes": targets.shape[1]}

    def _full(self, shape: Mapping[str, int] | None, sizes: SizeKeywords) -> dict[str, int]:
        """All sizes, if the decoder's images are as large as the network's."""
        full = sizes_within(self.shape, shape, sizes)
        if full["image_size"] % SHRINKS:
            raise SettingError(
                f"image_size of {self.name} must be a multiple of {SHRINKS}, so that the decoder's images are as large "
                f"as the network's; got {full['image_size']}"
            )
        return full

    def _check_labels(self, setting: Setting) -> None:
        if setting.labels == "true":
            raise SettingError(f"labels 'true' need images with targets: input {setting.input!r} is noise and has none")

    def _decoder(self, width: int, outputs: int) -> list[DecoderLayer]:
        raise NotImplementedError

    def _targets(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        raise NotImplementedError


class TransNasMicroNormal(ImageTask):
    """The cells of TransNAS-Bench-101's micro space with the networks of the task of surface normals.

    A network gives for each pixel the direction that the surface faces, as three colours, from -1 to 1.
    """

    name = "transnas-micro-normal"
    problem = PICTURES
    shape = _shape(Dimension(3, 1, "channels of the output, K"))
    _network: ClassVar[str] = "GenerativeNetwork"

    def _decoder(self, width: int, outputs: int) -> list[DecoderLayer]:
        return decoders.generative_decoder(width, outputs)

    def _targets(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Uniform in [-1, 1)."""
        import torch

        return 2 * torch.rand(shape, generator=generator, dtype=torch.float32, device="cpu") - 1


class TransNasMicroAutoencoder(TransNasMicroNormal):
    """The cells of TransNAS-Bench-101's micro space with the networks of the autoencoder task.

    The network is that of surface normals; with `labels` `true` its targets are the images that it is given.
    """

    name = "transnas-micro-autoencoder"

    def _check_labels(self, setting: Setting) -> None:
        full = sizes_within(self.shape, setting.shape)
        if setting.labels == "true" and full["classes"] != full["channels"]:
            raise SettingError(
                f"with labels 'true' the targets are the images, of {full['channels']} channels; the network gives "
                f"{full['classes']}: give as many classes as channels"
            )


class TransNasMicroSegmentation(ImageTask):
    """The cells of TransNAS-Bench-101's micro space with the networks of semantic segmentation.

    A network gives for each pixel the logits of 17 classes; the loss is their cross-entropy.
    """

    name = "transnas-micro-segmentation"
    problem = SEGMENTATION
    shape = _shape(Dimension(17, 2, "classes of a pixel, K"))
    _network: ClassVar[str] = "SegmentationNetwork"

    def _decoder(self, width: int, outputs: int) -> list[DecoderLayer]:
        return decoders.segmentation_decoder(width, outputs)

    def _targets(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """For each pixel 1 at one class, uniformly drawn, and 0 at the others."""
        import torch
        from torch.nn import functional

        classes = torch.randint(shape[1], (shape[0], *shape[2:]), generator=generator, device="cpu")
        return functional.one_hot(classes, shape[1]).movedim(3, 1).to(torch.float32).contiguous()
