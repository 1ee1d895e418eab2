"""Parameters and multiply-adds of a network of the MoD-NAS space in closed form; a multiply-add counts 1.

Convolutions count, with their biases; sums, activations and the steps of data consistency (but for their two numbers
δ and η) do not.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.spaces.mod_nas.notation import ModNasArchitecture, channels_of

_NUMBERS = 2
"""Parameters of a stage: δ and η."""


def parameter_count(
    architecture: ModNasArchitecture, *, channels: int, width: int, depth: int, consistent: bool = True
) -> int:
    """Trainable parameters; those of the convolutions are shared by all stages."""
    return sum(_layers(architecture, channels, width)) + _NUMBERS * depth * consistent


def macs(architecture: ModNasArchitecture, *, channels: int, width: int, depth: int, image_size: int) -> int:
    """Multiply-adds (MACs) of one forward pass on one image of `image_size` x `image_size` pixels, biases included."""
    return depth * image_size**2 * sum(_layers(architecture, channels, width))


def operation_weights(operation: str, before: int, after: int) -> int:
    """Weights and biases of an operation between so many channels."""
    return {
        "conv_3x3": 9 * before * after + after,
        "dil_conv_3x3": 9 * before * after + after,
        "sep_conv_3x3": 9 * before + before * after + after,
        "residual_3x3": 9 * before * after + after + 9 * after * after + after,
        "skip_connect": 0,
    }[operation]


def _layers(architecture: ModNasArchitecture, channels: int, width: int) -> Iterator[int]:
    """Weights and biases of each part of D, all of which runs at the image's size."""
    wide = (width, *(channels_of(width, node.quarters) for node in architecture.nodes))
    yield 9 * channels * width + width
    for number, node in enumerate(architecture.nodes, start=1):
        for operation, source in node.terms:
            yield operation_weights(operation, wide[source], wide[number])
    yield 9 * wide[-1] * channels + channels
