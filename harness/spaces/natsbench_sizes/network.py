"""The network of an architecture of NATS-Bench's size space.

Stem, cell, residual reduction block, cell, reduction block, cell, then BN, ReLU, global average pool and a linear
classifier: NAS-Bench-201's network with one cell a stage, but each of the five layers has channels of its own, the stem
those of the first (Dong et al. 2021). All networks share one cell, the best of NAS-Bench-201 on CIFAR-100's validation
images: `|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|`.

Module names are those of the release's networks, so the release's own state dictionaries load with `strict=True`.
Parameters are enumerated stem, layers in order (edges 1←0, 2←0, 2←1, 3←0, 3←1, 3←2; conv a, conv b, shortcut conv; a
convolution before its BN), last BN, classifier.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from harness.spaces.nasbench201.network import ReductionBlock, ReLUConvBN, image_stem, last_activation
from harness.spaces.natsbench_sizes.layers import REDUCTIONS, Layers
from harness.spaces.row_wise import row_wise


@row_wise
class Projection(nn.Module):
    """A cell's `skip_connect` from `wide_in` to other channels: a 1×1 convolution without bias, batch norm, no ReLU."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(wide_in, wide_out, kernel_size=1, bias=False)
        self.bn = nn.BatchNorm2d(wide_out)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H, W]."""
        outputs: Tensor = self.bn(self.conv(inputs))
        return outputs


@row_wise
class CellModule(nn.Module):
    """The cell: its edges from the input go to `wide_out` channels, the others keep them."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                ReLUConvBN(wide_in, wide_out, kernel=3),
                ReLUConvBN(wide_in, wide_out, kernel=3),
                ReLUConvBN(wide_out, wide_out, kernel=3),
                nn.Identity() if wide_in == wide_out else Projection(wide_in, wide_out),
                ReLUConvBN(wide_out, wide_out, kernel=3),
                ReLUConvBN(wide_out, wide_out, kernel=3),
            ]
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H, W]."""
        first: Tensor = self.layers[0](inputs)
        second: Tensor = self.layers[1](inputs) + self.layers[2](first)
        output: Tensor = self.layers[3](inputs) + self.layers[4](first) + self.layers[5](second)
        return output


@row_wise
class NatsBenchSizesNetwork(nn.Module):
    """A classifier of NATS-Bench's size space: [N, channels, H, W] to logits [N, classes]."""

    def __init__(self, layers: Layers, *, classes: int = 10, channels: int = 3) -> None:
        super().__init__()
        first, last = layers.channels[0], layers.channels[-1]
        self.stem = image_stem(channels, first)
        self.cells = nn.ModuleList(
            ReductionBlock(before, wide) if place in REDUCTIONS else CellModule(before, wide)
            for place, (before, wide) in enumerate(pairwise((first, *layers.channels)))
        )
        self.lastact = last_activation(last)
        self.classifier = nn.Linear(last, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [N, classes] of images [N, channels, H, W]."""
        features: Tensor = self.stem(inputs)
        for block in self.cells:
            features = block(features)
        logits: Tensor = self.classifier(self.lastact(features).mean(dim=(2, 3)))
        return logits
