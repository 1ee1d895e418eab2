"""The sizes of image classifiers and of the images that they read."""

from __future__ import annotations

from harness.spaces.shape import Dimension

CIFAR10 = {"channels": 3, "image_size": 32, "classes": 10}
"""Sizes of CIFAR-10's images, what a setting that leaves them open stands for."""


def image_dimensions(**own: Dimension) -> dict[str, Dimension]:
    """The dimensions of an image classifier: those of the images and classes, and what the space has of its own."""
    return {
        "image_size": Dimension(CIFAR10["image_size"], 4, "pixels on a side"),
        "channels": Dimension(CIFAR10["channels"], 1, "channels of an image"),
        "classes": Dimension(CIFAR10["classes"], 2, "outputs of the network, K"),
        **own,
    }
