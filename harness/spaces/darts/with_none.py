"""DARTS genotypes whose nodes may have `none` and may read one input twice, as random samplers draw them."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness.errors import SpaceError
from harness.setting import SizeKeywords
from harness.spaces.darts import Darts
from harness.spaces.darts.forms import parse_as
from harness.spaces.darts.genotype import INPUTS, NODES, NONE, OPERATIONS, GenotypeWithNone, Pairs, canonical
from harness.spaces.graph import Graph
from harness.spaces.images import ImageClassification
from harness.spaces.listed import drawn_sample
from harness.spaces.plain_values import how_to_get
from harness.spaces.searches import IndexedSpace, SequenceSpace
from harness.spaces.space import Architecture, Sizes
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

_NODES = range(INPUTS, INPUTS + NODES)
_CHOICES = tuple(count for node in _NODES for count in (node, len(OPERATIONS) + 1) * 2)
"""Options of a cell's sixteen choices: what a pair reads, and its operation."""
GENOTYPES: int = math.prod(math.comb(len(OPERATIONS) * node + 2, 2) for node in _NODES) ** 2
"""Number of genotypes, each node with two of its pairs or one twice; `none` is one pair, whatever it reads."""


class _Networks(Darts):
    """The networks of the space `darts`, of genotypes with `none` too."""

    kind = GenotypeWithNone


_NETWORKS = _Networks()


def tokens(genotype: GenotypeWithNone) -> tuple[int, ...]:
    """The 32 choices of a genotype: of each pair its input and the number of its operation, the normal cell first."""
    return tuple(
        number
        for pairs in (genotype.normal, genotype.reduce)
        for operation, source in pairs
        for number in (source, genotype.operations.index(operation))
    )


class DartsWithNone(ImageClassification):
    """The genotypes of `darts` with two freedoms more: an operation may be `none`, and a node may read one input twice.

    Published samples are of this kind, such as the 1,000 genotypes of `darts-1000`, whose two cells are equal. The
    networks are those of the space `darts`, in which `none` gives zeros and has no parameters.
    """

    name = "darts-none"
    shape = Darts.shape
    sequences = SequenceSpace(
        IndexedSpace(max(_CHOICES), (1,) * (2 * len(_CHOICES)), options=_CHOICES * 2),
        tokens,
    )

    def __len__(self) -> int:
        return min(GENOTYPES, sys.maxsize)  # no length is larger

    def __iter__(self) -> Iterator[GenotypeWithNone]:
        raise SpaceError(f"the space {self.name} has {GENOTYPES:.2e} genotypes, too many to go through: sample some")

    def parse(self, text: str) -> GenotypeWithNone:
        """The genotype that `text` holds, in the forms of the space `darts`."""
        return parse_as(GenotypeWithNone, text)

    def key(self, architecture: Architecture) -> str:
        """The text of the canonical genotype."""
        return str(self.canonical(architecture))

    def canonical(self, architecture: Architecture) -> GenotypeWithNone:
        """The representative of the genotypes that describe one network, with pairs or nodes in another order."""
        return canonical(_as_genotype(architecture))

    def minimal(self, architecture: Architecture) -> GenotypeWithNone:
        """The canonical genotype: no other rule is known by which two genotypes are one network, weight for weight."""
        return self.canonical(architecture)

    def sample(self, count: int, seed: int = 0) -> list[GenotypeWithNone]:
        """`count` random canonical genotypes: of each pair, the operation and the node that it reads are drawn."""
        return drawn_sample(self, lambda generator: canonical(_random_genotype(generator)), count, seed)

    def neighbours(self, architecture: Architecture) -> list[GenotypeWithNone]:
        """The genotypes that differ in one operation (112), or in one input of an operation other than `none`.

        An operation that becomes `none` loses its input, so that not every neighbour has the genotype as its own.
        """
        genotype = _as_genotype(architecture)
        found = [GenotypeWithNone(normal, genotype.reduce) for normal in _changed_once(genotype.normal)]
        return [*found, *(GenotypeWithNone(genotype.normal, reduce) for reduce in _changed_once(genotype.reduce))]

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of a genotype, by default of the size of DARTS's search."""
        return _NETWORKS.build(_as_genotype(architecture), shape, init=init, seed=seed, **sizes)

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form."""
        return _NETWORKS.sizes(_as_genotype(architecture), shape, **sizes)

    def graphs(self, architecture: Architecture) -> tuple[Graph, Graph]:
        """The graphs of the normal and the reduction cell; nodes are numbered as in the genotype's text."""
        return _NETWORKS.graphs(_as_genotype(architecture))


def _random_genotype(generator: random.Random) -> GenotypeWithNone:
    def cell() -> Pairs:
        return tuple(
            (generator.choice(GenotypeWithNone.operations), generator.randrange(node))
            for node in _NODES
            for _ in range(2)
        )

    return GenotypeWithNone(cell(), cell())


def _changed_once(pairs: Pairs) -> Iterator[Pairs]:
    for place, (operation, source) in enumerate(pairs):
        changes = [(new, source) for new in GenotypeWithNone.operations if new != operation]
        if operation != NONE:
            changes += [(operation, new) for new in range(INPUTS + place // 2) if new != source]
        for change in changes:
            yield (*pairs[:place], change, *pairs[place + 1 :])


def _as_genotype(architecture: object) -> GenotypeWithNone:
    if not isinstance(architecture, GenotypeWithNone):
        raise SpaceError(
            f"{shown(architecture)} is no genotype of the space darts-none: {how_to_get(architecture, _parse)}"
        )
    return architecture


def _parse(text: str) -> GenotypeWithNone:
    return parse_as(GenotypeWithNone, text)
