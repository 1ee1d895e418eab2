"""The DARTS space: genotypes of a normal and a reduction cell."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness.errors import SpaceError
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.darts.derivation import derive, discrete_weights
from harness.spaces.darts.forms import parse
from harness.spaces.darts.genotype import INPUTS, NODES, OPERATIONS, Genotype, Pairs, canonical
from harness.spaces.darts.genotype_space import (
    CIFAR10,
    IMAGENET,
    NASBENCH301,
    SEARCH,
    STEMS,
    GenotypeSpace,
    check_shape,
)
from harness.spaces.darts.searches import SEARCHES
from harness.spaces.darts.sequences import SEQUENCES
from harness.spaces.space import Architecture

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.supernet import Supernet

__all__ = ["CIFAR10", "IMAGENET", "NASBENCH301", "SEARCH", "STEMS", "Darts", "Genotype", "parse"]


class Darts(GenotypeSpace[Genotype]):
    """The genotypes of Liu, Simonyan and Yang (2019): about 10^18, two cells of four nodes with two inputs each.

    The methods' arguments and errors are documented in `harness.spaces.space.SearchableSpace`. The networks have an
    even width; they halve the side and double the channels at a third and at two thirds of their depth.
    """

    name = "darts"
    searches = SEARCHES
    sequences = SEQUENCES
    kind = Genotype
    no_architecture = "not a DARTS genotype"

    def __len__(self) -> int:
        a_cell: int = math.prod(math.comb(node, 2) * len(OPERATIONS) ** 2 for node in range(INPUTS, INPUTS + NODES))
        return a_cell * a_cell

    def __iter__(self) -> Iterator[Genotype]:
        raise SpaceError(f"the DARTS space has {len(self):.2e} genotypes, too many to go through: sample some")

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
        check_shape(narrowed(full["width"], partial), full["depth"], "cifar")

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
