"""What every space of DARTS genotypes has: keys, networks, their sizes and the cells as graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Generic

from harness.errors import SpaceError, unknown
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.darts.forms import parse_as
from harness.spaces.darts.genotype import INPUTS, NODES, G, Pairs, canonical
from harness.spaces.graph import Graph, Wiring
from harness.spaces.image_sizes import image_dimensions
from harness.spaces.images import ImageClassification
from harness.spaces.plain_values import how_to_get
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

STEMS = ("cifar", "imagenet")

SEARCH = {"width": 16, "depth": 8}
"""Size of the networks of DARTS's search on CIFAR-10, for `Darts.build(genotype, **SEARCH)`."""
CIFAR10 = {"width": 36, "depth": 20}
"""Size of the networks whose CIFAR-10 errors papers report; they are trained with `auxiliary=True`."""
IMAGENET = {"width": 48, "depth": 14, "classes": 1000, "stem": "imagenet"}
"""Size of the networks whose ImageNet errors papers report, on images of side 224."""
NASBENCH301 = {"width": 32, "depth": 8}
"""Size of the networks that NAS-Bench-301 trained on CIFAR-10."""


class GenotypeSpace(ImageClassification, Generic[G]):
    """Genotypes of one class and their networks; what a sample and the neighbours are is for each space to say.

    Attributes:
        kind: the class of the architectures.
        no_architecture: words for a value that is none, in messages.
    """

    shape = image_dimensions(
        width=Dimension(SEARCH["width"], 1, "channels of the first cell's operations, C, an even number"),
        depth=Dimension(SEARCH["depth"], 1, "cells"),
    )
    kind: type[G]
    no_architecture: ClassVar[str]

    def parse(self, text: str) -> G:
        """The genotype that `text` holds: `Genotype(…)`, a NAS-Bench-301 configuration or compact tuples."""
        return parse_as(self.kind, text)

    def key(self, architecture: Architecture) -> str:
        """The text of the canonical genotype."""
        return str(canonical(self._own(architecture)))

    def canonical(self, architecture: Architecture) -> G:
        """The representative of the genotypes that describe one network, in another order of pairs or nodes."""
        return canonical(self._own(architecture))

    def minimal(self, architecture: Architecture) -> G:
        """The canonical genotype: no other rule is known by which two genotypes are one network, weight for weight."""
        return canonical(self._own(architecture))

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        stem: str = "cifar",
        auxiliary: bool = False,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of a genotype, by default of the size of DARTS's search (`SEARCH`).

        This space has two more arguments: `stem`, which is `cifar` or `imagenet`, and `auxiliary`, which adds the
        auxiliary head that the papers' trainings use: in train mode the network then gives the pair (logits, auxiliary
        logits). Images of a `cifar` network have sides that can be halved twice. The network's
        `set_drop_path(probability)` turns drop-path on.
        """
        from harness.spaces.darts.network import DartsNetwork
        from harness.spaces.initialisation import drawn

        genotype, full = self._own(architecture), self._full_shape(shape, sizes, stem)
        del full["image_size"]

        def make() -> DartsNetwork:
            return DartsNetwork(genotype, **full, stem=stem, auxiliary=auxiliary)

        return drawn(make, init, derived_seed(seed, "weights", str(genotype)))

    def sizes(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        stem: str = "cifar",
        auxiliary: bool = False,
        **sizes: Unpack[SizeKeywords],
    ) -> Sizes:
        """Parameters and multiply-adds in closed form.

        With `auxiliary`, parameters include the auxiliary head; multiply-adds never do. Papers leave it out of both.
        """
        from harness.spaces.darts import cost

        genotype, full = self._own(architecture), self._full_shape(shape, sizes, stem)
        side = full.pop("image_size")
        return Sizes(
            cost.parameter_count(genotype, **full, stem=stem, auxiliary=auxiliary),
            cost.macs(genotype, **full, stem=stem, image_size=side),
        )

    def graphs(self, architecture: Architecture) -> tuple[Graph, Graph]:
        """The graphs of the normal and the reduction cell; nodes are numbered as in the genotype's text."""
        genotype = self._own(architecture)
        return _graph("normal cell", genotype.normal), _graph("reduction cell", genotype.reduce)

    def _own(self, architecture: object) -> G:
        if isinstance(architecture, self.kind) and type(architecture) is self.kind:
            return architecture
        raise SpaceError(f"{shown(architecture)} is {self.no_architecture}: {how_to_get(architecture, self.parse)}")

    def _full_shape(self, shape: Mapping[str, int] | None, sizes: SizeKeywords, stem: str) -> dict[str, int]:
        full = sizes_within(self.shape, shape, sizes)
        check_shape(full["width"], full["depth"], stem)
        return full


def _graph(title: str, pairs: Pairs) -> Graph:
    nodes, output = range(INPUTS, INPUTS + NODES), INPUTS + NODES
    wiring = Wiring(
        labels=("k−2", "k−1", *map(str, nodes), "out"),
        edges=tuple((source, INPUTS + place // 2) for place, (_, source) in enumerate(pairs)),
        plain=tuple((node, output) for node in nodes),
    )
    return Graph(title, wiring, tuple(operation for operation, _ in pairs))


def check_shape(width: int, depth: int, stem: str) -> None:
    """Refuse sizes and a stem of which there is no network, with a SpaceError."""
    if stem not in STEMS:
        raise SpaceError(unknown("stem", stem, STEMS))
    if depth < 1:
        raise SpaceError(f"depth must be at least 1 cell, got {depth}")
    if width < 2 or width % 2:
        raise SpaceError(f"width must be even and at least 2, got {width}: a factorised reduction halves the channels")
