"""The decoders of TransNAS-Bench-101's tasks whose outputs are images, as lists of convolutions, and their sizes.

Read from the authors' code (github.com/yawen-d/TransNASBench, commit 6c6e8b9, `lib/models/task_models/decoder.py`): the
`GenerativeDecoder` of the autoencoder and of surface normals, the `SegmentationDecoder` of segmentation. Both read
features of a 32nd of the image's side, which they double five times. All kernels are 3 × 3. A convolution has a bias;
batch norm and a leaky ReLU (slope 0.2) follow each but the last.

The authors' decoders have from 1024 channels down to 16 next to a backbone of C = 64. Here these are 16 C down to C / 4
(rounded down), a choice, so that a small network has a small decoder; with C = 64 they are the authors'.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from harness.spaces.transnas_micro.skeleton import last_width

SHRINKS = 32
"""The number of pixels on the side of an image for one of the backbone's last features."""
_TAPS = 9


class DecoderLayer(NamedTuple):
    """One convolution of a decoder.

    Attributes:
        wide_in: channels that it reads.
        wide_out: channels that it gives.
        doubles: whether it is transposed, of stride 2, and doubles the side; else it keeps the side.
    """

    wide_in: int
    wide_out: int
    doubles: bool


_GENERATIVE = (
    (64, False), (64, False), (32, False), (32, False), (16, True), (8, False), (4, True), (4, False), (2, True),
    (2, False), (1, True), (2, False), (1, True),
)  # fmt: skip
_SEGMENTATION = ((64, False), (32, False), (16, True), (8, True), (4, True), (2, True), (2, True))
"""What each layer but the last gives, in quarters of the width, and whether it doubles the side."""


def generative_decoder(width: int, outputs: int) -> list[DecoderLayer]:
    """The fourteen layers of the decoder of pictures, from 8C channels to `outputs`.

    A hyperbolic tangent follows the last of them.
    """
    return _layers(width, _GENERATIVE, outputs)


def segmentation_decoder(width: int, outputs: int) -> list[DecoderLayer]:
    """The eight layers of the decoder of classes, from 8C channels to `outputs`; nothing follows the last of them."""
    return _layers(width, _SEGMENTATION, outputs)


def parameter_count(layers: Iterable[DecoderLayer]) -> int:
    """Trainable parameters of a decoder: weights and biases, and batch norm's scales and shifts but for the last."""
    *before, last = layers
    return sum(_weights(layer) + 3 * layer.wide_out for layer in before) + _weights(last) + last.wide_out


def macs(layers: Iterable[DecoderLayer], side: int) -> int:
    """Multiply-adds of a decoder on one image, for features of `side` × `side` positions; biases count.

    A transposed convolution multiplies each of the positions that it reads by its whole kernel.
    """
    count = 0
    for layer in layers:
        count += _weights(layer) * side**2
        side *= 2 if layer.doubles else 1
        count += layer.wide_out * side**2
    return count


def _layers(width: int, steps: Iterable[tuple[int, bool]], outputs: int) -> list[DecoderLayer]:
    made, wide_in = [], last_width(width)
    for quarters, doubles in steps:
        wide_out = quarters * width // 4
        made.append(DecoderLayer(wide_in, wide_out, doubles))
        wide_in = wide_out
    return [*made, DecoderLayer(wide_in, outputs, doubles=False)]


def _weights(layer: DecoderLayer) -> int:
    return _TAPS * layer.wide_in * layer.wide_out
