"""DARTS genotypes whose nodes may have `none` and may read one input twice, as random samplers draw them."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator

from harness.errors import SpaceError
from harness.spaces.darts.genotype import INPUTS, NODES, NONE, OPERATIONS, GenotypeWithNone, Pairs, canonical
from harness.spaces.darts.genotype_space import GenotypeSpace
from harness.spaces.listed import drawn_sample
from harness.spaces.searches import IndexedSpace, SequenceSpace
from harness.spaces.space import Architecture

_NODES = range(INPUTS, INPUTS + NODES)
_CHOICES = tuple(count for node in _NODES for count in (node, len(OPERATIONS) + 1) * 2)
"""Options of a cell's sixteen choices: what a pair reads, and its operation."""
GENOTYPES: int = math.prod(math.comb(len(OPERATIONS) * node + 2, 2) for node in _NODES) ** 2
"""Number of genotypes, each node with two of its pairs or one twice; `none` is one pair, whatever it reads."""


def tokens(genotype: GenotypeWithNone) -> tuple[int, ...]:
    """The 32 choices of a genotype: of each pair its input and the number of its operation, the normal cell first."""
    return tuple(
        number
        for pairs in (genotype.normal, genotype.reduce)
        for operation, source in pairs
        for number in (source, genotype.operations.index(operation))
    )


class DartsWithNone(GenotypeSpace[GenotypeWithNone]):
    """The genotypes of `darts` with two freedoms more: an operation may be `none`, and a node may read one input twice.

    Published samples are of this kind, such as the 1,000 genotypes of `darts-1000`, whose two cells are equal. The
    networks are those of the space `darts`, in which `none` gives zeros and has no parameters.
    """

    name = "darts-none"
    sequences = SequenceSpace(
        IndexedSpace(max(_CHOICES), (1,) * (2 * len(_CHOICES)), options=_CHOICES * 2),
        tokens,
    )
    kind = GenotypeWithNone
    no_architecture = "no genotype of the space darts-none"

    def __len__(self) -> int:
        return min(GENOTYPES, sys.maxsize)  # no length is larger

    def __iter__(self) -> Iterator[GenotypeWithNone]:
        raise SpaceError(f"the space {self.name} has {GENOTYPES:.2e} genotypes, too many to go through: sample some")

    def sample(self, count: int, seed: int = 0) -> list[GenotypeWithNone]:
        """`count` random canonical genotypes: of each pair, the operation and the node that it reads are drawn."""
        return drawn_sample(self, lambda generator: canonical(_random_genotype(generator)), count, seed)

    def neighbours(self, architecture: Architecture) -> list[GenotypeWithNone]:
        """The genotypes that differ in one operation (112), or in one input of an operation other than `none`.

        An operation that becomes `none` loses its input, so that not every neighbour has the genotype as its own.
        """
        genotype = self._own(architecture)
        found = [GenotypeWithNone(normal, genotype.reduce) for normal in _changed_once(genotype.normal)]
        return [*found, *(GenotypeWithNone(genotype.normal, reduce) for reduce in _changed_once(genotype.reduce))]


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
