"""The networks of a DARTS genotype: for CIFAR, including the small network of the search, and for ImageNet.

Module names are those of the authors' code (`cnn/model.py`), so its state dictionaries load with `strict=True`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.errors import SettingError
from harness.spaces.darts.genotype import INPUTS, Genotype, Pairs, nodes_of
from harness.spaces.darts.layout import (
    AUXILIARY_CHANNELS,
    AUXILIARY_POOL,
    STEM_MULTIPLIER,
    CellShape,
    cell_shapes,
    reductions,
)
from harness.spaces.darts.operations import FactorizedReduce, ReLUConvBN, operation_module
from harness.spaces.row_wise import row_wise


def drop_path(outputs: Tensor, probability: float) -> Tensor:
    """Drop-path: each sample of outputs [N, C, H, W] is zeroed with that probability, others are scaled up."""
    kept = torch.empty(len(outputs), 1, 1, 1, dtype=outputs.dtype, device=outputs.device).bernoulli_(1 - probability)
    return outputs * kept / (1 - probability)


def preprocessings(shape: CellShape) -> tuple[nn.Module, nn.Module]:
    """The modules that bring a cell's two inputs to its width, and the first input to its side."""
    before = FactorizedReduce if shape.halved_last else ReLUConvBN
    return before(shape.wide_before, shape.wide), ReLUConvBN(shape.wide_last, shape.wide)


@row_wise
class CellModule(nn.Module):
    """One cell: each node sums its two operations, the output concatenates the four nodes.

    Args:
        pairs: (operation, input) pairs of the normal or the reduction cell.
        shape: dimensions of the cell.
    """

    def __init__(self, pairs: Pairs, shape: CellShape) -> None:
        super().__init__()
        self.preprocess0, self.preprocess1 = preprocessings(shape)
        self._ops = nn.ModuleList(
            operation_module(operation, shape.wide, stride=2 if shape.halves and source < INPUTS else 1)
            for operation, source in pairs
        )
        self.nodes = [tuple(source for _, source in node) for node in nodes_of(pairs)]
        self.drop_path_probability = 0.0

    def forward(self, before: Tensor, last: Tensor) -> Tensor:
        """Map the outputs of the two cells before to [N, 4 · wide, H, W], or half that side."""
        states = [self.preprocess0(before), self.preprocess1(last)]
        for node, sources in enumerate(self.nodes):
            first, second = (
                self._dropped(self._ops[2 * node + place], states[source]) for place, source in enumerate(sources)
            )
            states.append(first + second)
        return torch.cat(states[INPUTS:], dim=1)

    def _dropped(self, operation: nn.Module, inputs: Tensor) -> Tensor:
        outputs: Tensor = operation(inputs)
        if self.training and self.drop_path_probability > 0 and not isinstance(operation, nn.Identity):
            return drop_path(outputs, self.drop_path_probability)
        return outputs


@row_wise
class AuxiliaryHead(nn.Module):
    """The auxiliary head: a second classifier at two thirds of the depth, which some trainings add.

    Args:
        wide: input channels.
        classes: number of outputs, K.
        stride: stride of the average pool: 3 on CIFAR (side 8), 2 on ImageNet (side 7).
        second_norm: whether batch norm follows the second convolution: true on CIFAR, false on ImageNet, where the
            authors left it out by mistake in the published code.
    """

    def __init__(self, wide: int, classes: int, *, stride: int, second_norm: bool) -> None:
        super().__init__()
        narrow, broad = AUXILIARY_CHANNELS
        self.stride = stride
        self.features = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(AUXILIARY_POOL, stride=stride, padding=0, count_include_pad=False),
            nn.Conv2d(wide, narrow, 1, bias=False),
            nn.BatchNorm2d(narrow),
            nn.ReLU(),
            nn.Conv2d(narrow, broad, 2, bias=False),
            *([nn.BatchNorm2d(broad)] if second_norm else []),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(broad, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [N, classes] of features [N, wide, H, W], whose side is 8 for 32×32 images, 7 for 224×224."""
        if any((side - AUXILIARY_POOL) // self.stride != 1 for side in inputs.shape[2:]):
            raise SettingError(
                f"the auxiliary head reads a side of {AUXILIARY_POOL + self.stride} to "
                f"{AUXILIARY_POOL + 2 * self.stride - 1}, got {list(inputs.shape[2:])}: take images of side 32 (cifar) "
                "or 224 (imagenet), or auxiliary=False"
            )
        logits: Tensor = self.classifier(self.features(inputs).flatten(1))
        return logits


@row_wise
class DartsNetwork(nn.Module):
    """A DARTS classifier: [N, channels, H, W] to logits [N, classes].

    With an auxiliary head, in train mode, it gives the pair (logits, auxiliary logits).

    Args:
        genotype: the genotype of the cells.
        classes: number of outputs, K.
        width: channels of the nodes of the first cells, C.
        depth: number of cells.
        channels: channels of an image.
        stem: `cifar` (one convolution, side kept) or `imagenet` (three convolutions, side / 8).
        auxiliary: whether there is an auxiliary head after the second reduction cell.
    """

    def __init__(
        self,
        genotype: Genotype,
        *,
        classes: int = 10,
        width: int = 16,
        depth: int = 8,
        channels: int = 3,
        stem: str = "cifar",
        auxiliary: bool = False,
    ) -> None:
        super().__init__()
        imagenet = stem == "imagenet"
        if imagenet:
            self.stem0, self.stem1 = _imagenet_stem(channels, width)
        else:
            self.stem = cifar_stem(channels, width)
        self.imagenet, self.auxiliary_after = imagenet, reductions(depth)[1] if auxiliary else None
        self.cells = nn.ModuleList()
        for place, shape in enumerate(cell_shapes(width, depth, stem)):
            self.cells.append(CellModule(genotype.reduce if shape.halves else genotype.normal, shape))
            if place == self.auxiliary_after:
                self.auxiliary_head = AuxiliaryHead(
                    shape.wide_out, classes, stride=2 if imagenet else 3, second_norm=not imagenet
                )
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(shape.wide_out, classes)

    def set_drop_path(self, probability: float) -> None:
        """Turn drop-path on: in train mode, drop operations' outputs (not skips) per sample with that probability.

        Random draws come from torch's global generator, as with `nn.Dropout`.
        """
        if not 0 <= probability < 1:
            raise SettingError(f"a drop-path probability is from 0 to below 1, got {probability!r}")
        for module in self.modules():
            if isinstance(module, CellModule):
                module.drop_path_probability = probability

    def forward(self, inputs: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Logits [N, classes] of images [N, channels, H, W]; in train mode also those of an auxiliary head."""
        before: Tensor = self.stem0(inputs) if self.imagenet else self.stem(inputs)
        last: Tensor = self.stem1(before) if self.imagenet else before
        auxiliary: Tensor | None = None
        for place, cell in enumerate(self.cells):
            before, last = last, cell(before, last)
            if self.training and place == self.auxiliary_after:
                auxiliary = self.auxiliary_head(last)
        logits: Tensor = self.classifier(self.global_pooling(last).flatten(1))
        return logits if auxiliary is None else (logits, auxiliary)


def cifar_stem(channels: int, width: int) -> nn.Sequential:
    """One convolution that keeps the side, [N, channels, H, W] to [N, 3 · width, H, W]."""
    wide = STEM_MULTIPLIER * width
    return nn.Sequential(nn.Conv2d(channels, wide, 3, padding=1, bias=False), nn.BatchNorm2d(wide))


def _imagenet_stem(channels: int, width: int) -> tuple[nn.Sequential, nn.Sequential]:
    first = nn.Sequential(
        nn.Conv2d(channels, width // 2, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width // 2),
        nn.ReLU(),
        nn.Conv2d(width // 2, width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
    )
    second = nn.Sequential(
        nn.ReLU(), nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width)
    )
    return first, second
