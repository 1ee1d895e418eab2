"""The sizes of image classifiers and of their images."""

from __future__ import annotations

from harness.spaces.shape import Dimension

CIFAR10 = {"channels": 3, "image_size": 32, "classes": 10}
"""Sizes of CIFAR-10's images and classes, the default of a setting that does not give them."""


def image_dimensions(**own: Dimension) -> dict[str, Dimension]:
    """The dimensions of an image classifier: images, classes, and the space's own dimensions."""
    return {
        "image_size": Dimension(CIFAR10["image_size"], 4, "pixels on a side"),
        "channels": Dimension(CIFAR10["channels"], 1, "channels of an image"),
        "classes": Dimension(CIFAR10["classes"], 2, "outputs of the network, K"),
        **own,
    }
