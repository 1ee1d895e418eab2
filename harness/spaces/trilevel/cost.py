"""Parameters and multiply-adds of a network of the trilevel space in closed form; a multiply-add counts 1.

Convolutions count, with their biases where they have them; sums, activations, repetitions and the bicubic enlargement
do not.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.spaces.trilevel.notation import CellChoices, TrilevelArchitecture
from harness.spaces.trilevel.widths import channels_of

_EXPANSION = 4


def parameter_count(architecture: TrilevelArchitecture, *, channels: int, width: int, scale: int) -> int:
    """Trainable parameters."""
    return sum(weights for weights, _ in _layers(architecture, channels, width, scale))


def macs(architecture: TrilevelArchitecture, *, channels: int, width: int, scale: int, image_size: int) -> int:
    """Multiply-adds (MACs) of one forward pass on one small image of `image_size` x `image_size` pixels."""
    layers = _layers(architecture, channels, width, scale)
    return sum(weights * (enlarged * image_size) ** 2 for weights, enlarged in layers)


def _layers(architecture: TrilevelArchitecture, channels: int, width: int, scale: int) -> Iterator[tuple[int, int]]:
    """For each part of the network its weights and biases, and by how much the sides that it runs on are enlarged."""
    enlarging, enlarged = architecture.form == "A", 1
    yield convolution(channels, width), enlarged
    cells = iter(architecture.cells)
    for step in architecture.path:
        if step == 0:
            yield _cell(next(cells), width), enlarged
        else:
            enlarged *= 2 if enlarging else 1
            yield convolution(width, width), enlarged
    yield convolution(width, channels if enlarging else channels * scale**2), enlarged


def convolution(before: int, after: int) -> int:
    """A 3x3 convolution with biases."""
    return 9 * before * after + after


def _cell(cell: CellChoices, width: int) -> int:
    channels = channels_of(width)
    return sum(
        operation_weights(operation, channels[before], channels[after]) for operation, before, after in cell.steps()
    )


def operation_weights(operation: int, before: int, after: int) -> int:
    """Weights of an operation, none of which has a bias."""
    around = before * after if before != after else 0
    if operation == 0:
        return around
    if operation == 1:
        return 9 * before * after
    if operation == 2:
        return 9 * before * after + 9 * after * after + around
    inside = _EXPANSION * before
    return before * inside + 9 * inside + inside * after + around
