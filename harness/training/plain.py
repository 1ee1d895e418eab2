"""Plain residual networks of image restoration, which a searched network stands beside.

A chain of 3x3 convolutions with ReLU between them on the degraded image; its last one makes s x s pixels of each one
(PixelShuffle, Shi et al. 2016), which are added to the bicubic enlargement, or to the noisy image (Zhang et al. 2017).

Legend: C channels of the images, W width, L layers, s scale.
"""

from __future__ import annotations

from torch import Tensor, nn

from harness.errors import SettingError, check_whole
from harness.restoration.enlarging import Enlarged
from harness.restoration.problems import Restoration
from harness.setting import derived_seed
from harness.spaces.initialisation import drawn

LAYERS = 6
_MOST_WIDTH = 4096


class PlainNetwork(nn.Module):
    """A chain of convolutions that corrects the enlarged image.

    Args:
        problem: a denoising or a super-resolution.
        width: W.
        layers: L, at least 2.
        channels: C.
    """

    def __init__(self, problem: Restoration, width: int, layers: int = LAYERS, channels: int = 1) -> None:
        super().__init__()
        check_whole("width", width, 1, SettingError, _MOST_WIDTH)
        check_whole("layers", layers, 2, SettingError)
        self.base = Enlarged(problem.scale)
        self.chain = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.ReLU())
        for _ in range(layers - 2):
            self.chain.extend([nn.Conv2d(width, width, 3, padding=1), nn.ReLU()])
        self.chain.append(nn.Conv2d(width, channels * problem.scale**2, 3, padding=1))
        self.pixels = nn.PixelShuffle(problem.scale)

    def forward(self, images: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, sH, sW]."""
        corrected: Tensor = self.base(images) + self.pixels(self.chain(images))
        return corrected


def plain_network(
    problem: Restoration, width: int, *, layers: int = LAYERS, channels: int = 1, seed: int = 0
) -> PlainNetwork:
    """An untrained plain network whose weights follow from the seed (He et al. 2015, biases 0).

    The weights of its last layer are 0, so that it begins as the bicubic enlargement, or as the noisy image.
    """
    make = lambda: PlainNetwork(problem, width, layers, channels)  # noqa: E731
    network = drawn(make, "kaiming_fan_in", derived_seed(seed, "weights", "plain"))
    nn.init.zeros_(network.chain[-1].get_parameter("weight"))
    return network


def plain_parameters(problem: Restoration, width: int, *, layers: int = LAYERS, channels: int = 1) -> int:
    """Number of parameters of a plain network."""
    out = channels * problem.scale**2
    return (9 * channels + 1) * width + (layers - 2) * (9 * width + 1) * width + (9 * width + 1) * out


def width_of(problem: Restoration, parameters: int, *, layers: int = LAYERS, channels: int = 1) -> int:
    """The smallest width of a plain network with at least that many parameters.

    Raises:
        SettingError: for more parameters than any width up to 4,096 has.
    """
    for width in range(1, _MOST_WIDTH + 1):
        if plain_parameters(problem, width, layers=layers, channels=channels) >= parameters:
            return width
    raise SettingError(f"no plain network of {layers} layers has {parameters:,} parameters")
