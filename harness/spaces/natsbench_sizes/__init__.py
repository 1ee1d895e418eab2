"""The size space of NATS-Bench: one cell, and the channels of five layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.errors import SpaceError
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.graph import Graph, Wiring
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.images import ImageClassification
from harness.spaces.listed import changed_once, listed_in_order, listed_sample
from harness.spaces.natsbench_sizes import cost
from harness.spaces.natsbench_sizes.layers import CHOICES, LAYERS, REDUCTIONS, Layers, all_channels, parse
from harness.spaces.plain_values import how_to_get
from harness.spaces.searches import IndexedSpace
from harness.spaces.shape import sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

__all__ = ["Layers", "NatsBenchSizes", "parse"]

WIRING = Wiring(("in", "H", "H/2", "H/2", "H/4", "out"), tuple((place, place + 1) for place in range(LAYERS)))
"""The chain of layers; a node is labelled by the side of its features, H the side of the images."""


class NatsBenchSizes(ImageClassification):
    """All 32,768 choices of channels for the five layers of Dong et al. (2021) and their networks.

    The methods' arguments and errors are documented in `harness.spaces.space.ListedSpace`. The architecture decides
    every width and the depth is fixed, so only the sizes of the images and the number of classes can be set.
    """

    name = "natsbench-sizes"
    shape = image_dimensions()
    choices = IndexedSpace(len(CHOICES), (1,) * LAYERS, official_order=True)

    def __len__(self) -> int:
        return int(len(CHOICES) ** LAYERS)

    def __iter__(self) -> Iterator[Layers]:
        return map(Layers, all_channels())

    def parse(self, text: object) -> Layers:
        """The architecture that a text, or five channels, encode (`layers.parse`); `str` gives the text again.

        >>> NatsBenchSizes().parse("8:16:24:32:40").channels
        (8, 16, 24, 32, 40)
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The architecture's text: no two are one network."""
        return str(_as_layers(architecture))

    def canonical(self, architecture: Architecture) -> Layers:
        """The architecture itself: no two are one network."""
        return _as_layers(architecture)

    def minimal(self, architecture: Architecture) -> Layers:
        """The architecture itself: no two are one network."""
        return _as_layers(architecture)

    def in_order(self, keys: Sequence[str]) -> list[Layers]:
        """All architectures in the order of `keys`; the release's official order is the space's own."""
        return listed_in_order(self, parse, keys)

    def sample(self, count: int, seed: int = 0) -> list[Layers]:
        """`count` of the 32,768 architectures, in random order."""
        return listed_sample(self, list(self), count, seed)

    def neighbours(self, architecture: Architecture) -> list[Layers]:
        """The 35 architectures that differ in one layer's channels, by any amount, as the authors' mutation does."""
        return [Layers(changed) for changed in changed_once(_as_layers(architecture).channels, CHOICES)]

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of an architecture, by default for CIFAR-10's images."""
        from harness.spaces.initialisation import drawn
        from harness.spaces.natsbench_sizes.network import NatsBenchSizesNetwork

        layers, full = _as_layers(architecture), sizes_within(self.shape, shape, sizes)
        del full["image_size"]
        return drawn(lambda: NatsBenchSizesNetwork(layers, **full), init, derived_seed(seed, "weights", str(layers)))

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form, as the release counts them."""
        layers, full = _as_layers(architecture), sizes_within(self.shape, shape, sizes)
        side = full.pop("image_size")
        return Sizes(cost.parameter_count(layers, **full), cost.macs(layers, image_size=side, **full))

    def graphs(self, architecture: Architecture) -> tuple[Graph]:
        """The chain of cells and residual reduction blocks, each with its channels."""
        operations = tuple(
            f"{'block' if place in REDUCTIONS else 'cell'} {channels}"
            for place, channels in enumerate(_as_layers(architecture).channels)
        )
        return (Graph("", WIRING, operations),)


def _as_layers(architecture: object) -> Layers:
    if not isinstance(architecture, Layers):
        raise SpaceError(
            f"{shown(architecture)} is no architecture of NATS-Bench's size space: {how_to_get(architecture, parse)}"
        )
    return architecture
