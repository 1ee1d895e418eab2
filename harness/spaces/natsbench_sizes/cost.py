"""Parameters and multiply-adds of a network of NATS-Bench's size space in closed form, as the release counts them.

A multiply-add counts 1. Convolutions and the classifier (with its bias) count; batch norm, pooling and sums do not.
The release's own numbers for CIFAR-10: 8:8:40:32:40 has 144,834 parameters and 21,827,994 multiply-adds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from harness.spaces.natsbench_sizes.layers import REDUCTIONS, Layers


def parameter_count(layers: Layers, *, classes: int, channels: int) -> int:
    """Trainable parameters, batch norm's scale and shift included."""
    first, last = layers.channels[0], layers.channels[-1]
    count = 9 * channels * first + 2 * first
    for weights, normalised in _layer_sizes(layers):
        count += weights + 2 * normalised
    return count + 2 * last + last * classes + classes


def macs(layers: Layers, *, classes: int, channels: int, image_size: int) -> int:
    """Multiply-adds (MACs) of one forward pass on one image of `image_size` × `image_size` pixels."""
    side, last = image_size, layers.channels[-1]
    count = 9 * channels * layers.channels[0] * side**2
    for place, (weights, _) in enumerate(_layer_sizes(layers)):
        if place in REDUCTIONS:
            side = (side + 1) // 2
        count += weights * side**2
    return count + last * classes + classes


def _layer_sizes(layers: Layers) -> Iterator[tuple[int, int]]:
    """For each layer the weights of its convolutions, and the channels that its batch norms normalise.

    Every convolution of a layer runs on the side that the layer puts out.
    """
    for place, (before, wide) in enumerate(pairwise((layers.channels[0], *layers.channels))):
        if place in REDUCTIONS:
            yield 9 * before * wide + 9 * wide * wide + before * wide, 2 * wide
        else:
            shortcut = before != wide
            yield (2 * 9 + shortcut) * before * wide + 3 * 9 * wide * wide, (5 + shortcut) * wide
