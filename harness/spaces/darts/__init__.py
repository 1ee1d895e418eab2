"""The DARTS space: genotypes of a normal and a reduction cell."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SpaceError, unknown
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.darts.derivation import derive, discrete_weights
from harness.spaces.darts.forms import parse
from harness.spaces.darts.genotype import INPUTS, NODES, OPERATIONS, Genotype, Pairs, canonical
from harness.spaces.darts.searches import SEARCHES
from harness.spaces.darts.sequences import SEQUENCES
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

    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.supernet import Supernet

__all__ = ["CIFAR10", "IMAGENET", "NASBENCH301", "SEARCH", "STEMS", "Darts", "Genotype", "parse"]

STEMS = ("cifar", "imagenet")

SEARCH = {"width": 16, "depth": 8}
"""Size of the networks of DARTS's search on CIFAR-10, for `Darts.build(genotype, **SEARCH)`."""
CIFAR10 = {"width": 36, "depth": 20}
"""Size of the networks whose CIFAR-10 errors papers report; they are trained with `auxiliary=True`."""
IMAGENET = {"width": 48, "depth": 14, "classes": 1000, "stem": "imagenet"}
"""Size of the networks whose ImageNet errors papers report, on images of side 224."""
NASBENCH301 = {"width": 32, "depth": 8}
"""Size of the networks that NAS-Bench-301 trained on CIFAR-10."""


class Darts(ImageClassification):
    """The genotypes of Liu, Simonyan and Yang (2019): about 10^18, two cells of four nodes with two inputs each.

    The methods' arguments and errors are documented in `harness.spaces.space.SearchableSpace`. The networks have an
    even width; they halve the side and double the channels at a third and at two thirds of their depth.
    """

    name = "darts"
    shape = image_dimensions(
        width=Dimension(SEARCH["width"], 1, "channels of the first cell's operations, C, an even number"),
        depth=Dimension(SEARCH["depth"], 1, "cells"),
    )
    searches = SEARCHES
    sequences = SEQUENCES
    kind: ClassVar[type[Genotype]] = Genotype
    """Class of the architectures."""

    def __len__(self) -> int:
        a_cell: int = math.prod(math.comb(node, 2) * len(OPERATIONS) ** 2 for node in range(INPUTS, INPUTS + NODES))
        return a_cell * a_cell

    def __iter__(self) -> Iterator[Genotype]:
        raise SpaceError(f"the DARTS space has {len(self):.2e} genotypes, too many to go through: sample some")

    def parse(self, text: str) -> Genotype:
        """The genotype that `text` holds: `Genotype(…)`, a NAS-Bench-301 configuration or compact tuples."""
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The text of the canonical genotype."""
        return str(canonical(self._own(architecture)))

    def canonical(self, architecture: Architecture) -> Genotype:
        """The representative of the genotypes that describe one network, in another order of pairs or nodes."""
        return canonical(self._own(architecture))

    def minimal(self, architecture: Architecture) -> Genotype:
        """The canonical genotype: no other rule is known by which two genotypes are one network, weight for weight."""
        return canonical(self._own(architecture))

    def sample(self, count: int, seed: int = 0) -> list[Genotype]:
        """`count` random genotypes, no two of them one network: for each node two inputs, each with an operation."""
        if count < 1:
            raise SpaceError(f"cannot sample {count:,} genotypes: take at least 1")
        generator = random.Random(derived_seed(seed, "sample", self.name))
        drawn: dict[Genotype, Genotype] = {}
        while len(drawn) < count:
            genotype = Genotype(_random_cell(generator), _random_cell(generator))
            drawn.setdefault(canonical(genotype), genotype)
        return list(drawn.values())

    def neighbours(self, architecture: Architecture) -> list[Genotype]:
        """The 120 genotypes that differ in one operation (96) or in one input (24)."""
        genotype = self._own(architecture)
        found = [Genotype(normal, genotype.reduce) for normal in _changed_once(genotype.normal)]
        return [*found, *(Genotype(genotype.normal, reduce) for reduce in _changed_once(genotype.reduce))]

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

    def supernet(
        self,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
        simplify: bool = False,
        kernel_normalisation: bool = True,
        **sizes: Unpack[SizeKeywords],
    ) -> Supernet:
        """The untrained supernet of DARTS's search; its groups are `normal` and `reduce`, each [14, 8].

        The width must be even after division by `partial` too.
        """
        from harness.spaces.darts.simplified import OwnKernelSupernet, SimplifiedSupernet
        from harness.spaces.darts.supernet import DartsSupernet
        from harness.spaces.mixing import narrowed
        from harness.spaces.supernet import drawn_supernet

        full = self._full_shape(shape, sizes, "cifar")
        del full["image_size"]
        _check_shape(narrowed(full["width"], partial), full["depth"], "cifar")

        simplified = SimplifiedSupernet if kernel_normalisation else OwnKernelSupernet

        def make() -> DartsSupernet:
            kind = simplified if simplify else DartsSupernet
            return kind(**full, partial=partial, operations=operations)

        return drawn_supernet(make, init, derived_seed(seed, "weights", "supernet", self.name))

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> Genotype:
        """The genotype of the strongest operations other than `none`, with two inputs per node.

        The strength of an operation is the product of its weight and its edge's weight.
        """
        return derive(weights, edges, operations)

    def discrete_weights(self, architecture: Architecture) -> dict[str, list[list[int]]]:
        """The operation weights of a genotype by group, as `derive` takes them: rows of the 14 edges, all 0 or 1."""
        return discrete_weights(self._own(architecture))

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

    def _own(self, architecture: object) -> Genotype:
        if type(architecture) is not self.kind:
            raise SpaceError(f"{shown(architecture)} is not a DARTS genotype: {how_to_get(architecture, parse)}")
        return architecture

    def _full_shape(self, shape: Mapping[str, int] | None, sizes: SizeKeywords, stem: str) -> dict[str, int]:
        full = sizes_within(self.shape, shape, sizes)
        _check_shape(full["width"], full["depth"], stem)
        return full


def _graph(title: str, pairs: Pairs) -> Graph:
    nodes, output = range(INPUTS, INPUTS + NODES), INPUTS + NODES
    wiring = Wiring(
        labels=("k−2", "k−1", *map(str, nodes), "out"),
        edges=tuple((source, INPUTS + place // 2) for place, (_, source) in enumerate(pairs)),
        plain=tuple((node, output) for node in nodes),
    )
    return Graph(title, wiring, tuple(operation for operation, _ in pairs))


def _random_cell(generator: random.Random) -> Pairs:
    pairs: list[tuple[str, int]] = []
    for node in range(INPUTS, INPUTS + NODES):
        pairs += [(generator.choice(OPERATIONS), source) for source in sorted(generator.sample(range(node), 2))]
    return tuple(pairs)


def _changed_once(pairs: Pairs) -> Iterator[Pairs]:
    """The cells that differ from `pairs` in one operation or one input."""
    for position, (operation, source) in enumerate(pairs):
        node, other = INPUTS + position // 2, pairs[position ^ 1][1]
        changes = [(new, source) for new in OPERATIONS if new != operation]
        changes += [(operation, new) for new in range(node) if new not in (source, other)]
        for change in changes:
            yield (*pairs[:position], change, *pairs[position + 1 :])


def _check_shape(width: int, depth: int, stem: str) -> None:
    if stem not in STEMS:
        raise SpaceError(unknown("stem", stem, STEMS))
    if depth < 1:
        raise SpaceError(f"depth must be at least 1 cell, got {depth}")
    if width < 2 or width % 2:
        raise SpaceError(f"width must be even and at least 2, got {width}: a factorised reduction halves the channels")
