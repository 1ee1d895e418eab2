"""The networks of a cell of TransNAS-Bench-101's micro space, one for each kind of task.

Two convolutions of stride 2 to C channels, five modules of `depth` cells (`skeleton`) to 8C channels and an eighth of
the side, then what the task reads of them: global average pool and a linear classifier, or a decoder that gives images
(Duan et al. 2021). Sizes and order of the layers are those of the authors' code (github.com/yawen-d/TransNASBench,
commit 6c6e8b9, `MacroNet` with `FFDecoder`, `SiameseDecoder`, `GenerativeDecoder` and `SegmentationDecoder`). No batch
norm or ReLU follows the last cell.

Three things are choices here. Decoders grow with the width (`decoders`). Weights are drawn by the setting's `init`; the
authors draw convolutions as `kaiming_fan_out` does. And the authors' tasks have 47 classes (scenes) or 75 (objects) and
images of 256 × 256 pixels, of which the first are the defaults; NAS-Bench-Suite-Zero builds scene networks with 63
classes.

Parameters come in the order stem, cells (edges 1←0, 2←0, 2←1, 3←0, 3←1, 3←2; a convolution before its BN), classifier
or decoder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.spaces.nasbench201.cell import EDGES
from harness.spaces.nasbench201.network import CellModule, NodeReLU, ReLUConvBN, operation_module
from harness.spaces.row_wise import row_wise
from harness.spaces.transnas_micro.decoders import DecoderLayer, generative_decoder, segmentation_decoder
from harness.spaces.transnas_micro.skeleton import TILES, TILES_A_SIDE, Place, last_width, places

_KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
_SLOPE = 0.2


@row_wise
class SkipToHalfSide(nn.Module):
    """`skip_connect` in a cell that halves the side: ReLU, two concatenated 1×1 convolutions, batch norm.

    Both have stride 2; the second reads the features shifted by one pixel, with zeros beyond the border.
    """

    def __init__(self, wide_in: int, wide_out: int, activation: nn.ReLU) -> None:
        super().__init__()
        self.relu = activation
        self.convs = nn.ModuleList(nn.Conv2d(wide_in, wide_out // 2, 1, stride=2, bias=False) for _ in range(2))
        self.bn = nn.BatchNorm2d(wide_out)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map [N, wide_in, H, W] to [N, wide_out, H / 2, W / 2], sides rounded up."""
        active = self.relu(inputs)
        shifted = functional.pad(active, (0, 1, 0, 1))[:, :, 1:, 1:]
        outputs: Tensor = self.bn(torch.cat([self.convs[0](active), self.convs[1](shifted)], dim=1))
        return outputs


@row_wise
class MicroCellModule(CellModule):
    """One cell at its place: edges from the input go to the place's channels and side, the others keep them."""

    def __init__(self, operations: Sequence[str], place: Place) -> None:
        super().__init__(operations, place.wide_out)
        for edge, (operation, (_, source)) in enumerate(zip(operations, EDGES, strict=True)):
            if source == 0 and place.stride > 1:
                self.layers[edge] = _halving(operation, place)
        self.place = place

    def zeros(self, inputs: Tensor) -> Tensor:
        """Zeros of the shape of a node that no operation enters."""
        side = [(size + self.place.stride - 1) // self.place.stride for size in inputs.shape[2:]]
        return inputs.new_zeros((len(inputs), self.place.wide_out, *side))


def _halving(operation: str, place: Place) -> nn.Module:
    """The module of an operation on an edge that halves the side."""
    if operation in _KERNELS:
        return ReLUConvBN(place.wide_in, place.wide_out, _KERNELS[operation], stride=2, activation=NodeReLU())
    if operation == "skip_connect":
        return SkipToHalfSide(place.wide_in, place.wide_out, NodeReLU())
    return operation_module(operation, place.wide_out)


class Backbone(nn.Module):
    """The part that the networks of all tasks have: the stem and the cells."""

    def __init__(self, operations: Sequence[str], *, width: int, depth: int, channels: int) -> None:
        super().__init__()
        half = width // 2
        self.stem = nn.Sequential(
            nn.Conv2d(channels, half, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(half),
            ReLUConvBN(half, width, kernel=3, stride=2),
        )
        self.cells = nn.ModuleList(MicroCellModule(operations, place) for place in places(width, depth))

    def features(self, inputs: Tensor) -> Tensor:
        """The last cell's features [N, 8C, H / 32, W / 32] of images [N, channels, H, W], sides rounded up."""
        features: Tensor = self.stem(inputs)
        for cell in self.cells:
            features = cell(features)
        return features


@row_wise
class TransNasMicroNetwork(Backbone):
    """A classifier of cells of these operations: [N, channels, H, W] to logits [N, classes]."""

    def __init__(
        self, operations: Sequence[str], *, classes: int = 47, width: int = 64, depth: int = 2, channels: int = 3
    ) -> None:
        super().__init__(operations, width=width, depth=depth, channels=channels)
        self.classifier = nn.Linear(last_width(width), classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [N, classes] of images [N, channels, H, W]."""
        logits: Tensor = self.classifier(self.pooled(inputs))
        return logits

    def pooled(self, inputs: Tensor) -> Tensor:
        """The last cell's features of images [N, channels, H, W], averaged over positions, [N, 8C]."""
        return self.features(inputs).mean(dim=(2, 3))


@row_wise
class JigsawNetwork(TransNasMicroNetwork):
    """The network of the jigsaw task: [N, channels, H, W] to logits [N, classes] of the order of nine tiles.

    The image is cut into 3 × 3 tiles, what remains at the right and below is left. Each tile passes the backbone by
    itself, and batch norm has the statistics of the batch's tiles of that place; a linear layer reads all nine.
    """

    def __init__(
        self, operations: Sequence[str], *, classes: int = 1000, width: int = 64, depth: int = 2, channels: int = 3
    ) -> None:
        super().__init__(operations, classes=classes, width=width, depth=depth, channels=channels)
        self.classifier = nn.Linear(TILES * last_width(width), classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [N, classes] of images [N, channels, H, W]."""
        height, wide = (side // TILES_A_SIDE for side in inputs.shape[2:])
        tiles = [
            inputs[:, :, row * height : (row + 1) * height, column * wide : (column + 1) * wide]
            for row in range(TILES_A_SIDE)
            for column in range(TILES_A_SIDE)
        ]
        logits: Tensor = self.classifier(torch.cat([self.pooled(tile) for tile in tiles], dim=1))
        return logits


@row_wise
class GenerativeNetwork(Backbone):
    """A network of pictures: [N, channels, H, W] to values [N, classes, H, W] from -1 to 1; 32 divides the sides."""

    def __init__(
        self, operations: Sequence[str], *, classes: int = 3, width: int = 64, depth: int = 2, channels: int = 3
    ) -> None:
        super().__init__(operations, width=width, depth=depth, channels=channels)
        self.decoder = nn.Sequential(*_modules(generative_decoder(width, classes)), nn.Tanh())

    def forward(self, inputs: Tensor) -> Tensor:
        """The pictures [N, classes, H, W] of images [N, channels, H, W]."""
        pictures: Tensor = self.decoder(self.features(inputs))
        return pictures


@row_wise
class SegmentationNetwork(Backbone):
    """A network of classes of pixels: [N, channels, H, W] to logits [N, classes, H, W]; 32 divides the sides."""

    def __init__(
        self, operations: Sequence[str], *, classes: int = 17, width: int = 64, depth: int = 2, channels: int = 3
    ) -> None:
        super().__init__(operations, width=width, depth=depth, channels=channels)
        self.decoder = nn.Sequential(*_modules(segmentation_decoder(width, classes)))

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [N, classes, H, W] of images [N, channels, H, W]."""
        logits: Tensor = self.decoder(self.features(inputs))
        return logits


def _modules(layers: Iterable[DecoderLayer]) -> list[nn.Module]:
    *before, last = layers
    made: list[nn.Module] = []
    for layer in before:
        made += [_convolution(layer), nn.BatchNorm2d(layer.wide_out), nn.LeakyReLU(_SLOPE)]
    return [*made, _convolution(last)]


def _convolution(layer: DecoderLayer) -> nn.Module:
    if layer.doubles:
        return nn.ConvTranspose2d(layer.wide_in, layer.wide_out, 3, stride=2, padding=1, output_padding=1)
    return nn.Conv2d(layer.wide_in, layer.wide_out, 3, padding=1)
