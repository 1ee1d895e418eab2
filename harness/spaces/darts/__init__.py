"""The DARTS space: genotypes of a normal and a reduction cell."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.errors import SpaceError, unknown
from harness.setting import derived_seed
from harness.spaces.darts.derivation import derive
from harness.spaces.darts.forms import parse
from harness.spaces.darts.genotype import INPUTS, NODES, OPERATIONS, Genotype, Pairs

if TYPE_CHECKING:
    from torch import nn

    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.space import Architecture
    from harness.spaces.supernet import Supernet

__all__ = ["CIFAR10", "IMAGENET", "NASBENCH301", "SEARCH", "STEMS", "Darts", "Genotype", "parse"]

STEMS = ("cifar", "imagenet")

SEARCH = {"width": 16, "depth": 8}
"""Size of the networks of DARTS's search on CIFAR-10, for `Darts.build(genotype, **SEARCH)`."""
CIFAR10 = {"width": 36, "depth": 20}
"""Size of the networks whose CIFAR-10 errors papers print; they are trained with `auxiliary=True`."""
IMAGENET = {"width": 48, "depth": 14, "classes": 1000, "stem": "imagenet"}
"""Size of the networks whose ImageNet errors papers print, on images of side 224."""
NASBENCH301 = {"width": 32, "depth": 8}
"""Size of the networks that NAS-Bench-301 trained on CIFAR-10."""


class Darts:
    """The genotypes of Liu, Simonyan and Yang (2019): about 10^18, two cells of four nodes with two inputs each.

    Methods are those of `harness.spaces.space.Space`, which says what they take and raise. The networks have an even
    width, and halve the side and double the channels at a third and at two thirds of their depth.
    """

    name = "darts"
    width = SEARCH["width"]
    depth = SEARCH["depth"]

    def __len__(self) -> int:
        a_cell: int = math.prod(math.comb(node, 2) * len(OPERATIONS) ** 2 for node in range(INPUTS, INPUTS + NODES))
        return a_cell * a_cell

    def __iter__(self) -> Iterator[Genotype]:
        raise SpaceError(f"the DARTS space has {len(self):.2e} genotypes, too many to go through: sample some")

    def parse(self, text: str) -> Genotype:
        """The genotype that `text` holds: `Genotype(…)`, a NAS-Bench-301 configuration or compact tuples."""
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The text of `Genotype.canonical`."""
        return str(_as_genotype(architecture).canonical())

    def in_order(self, keys: Sequence[str]) -> Iterator[Genotype]:
        """Refused: nothing lists this space."""
        raise SpaceError(f"the DARTS space has {len(self):.2e} genotypes: no table has all of them in an order")

    def sample(self, count: int, seed: int = 0) -> list[Architecture]:
        """`count` genotypes of which no two are one network: for each node two inputs, for each an operation."""
        if count < 1:
            raise SpaceError(f"cannot sample {count:,} genotypes: take at least 1")
        generator = random.Random(derived_seed(seed, "sample", self.name))
        drawn: dict[Genotype, Architecture] = {}
        while len(drawn) < count:
            genotype = Genotype(_random_cell(generator), _random_cell(generator))
            drawn.setdefault(genotype.canonical(), genotype)
        return list(drawn.values())

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """The 120 genotypes that differ in one operation (96) or in one input (24)."""
        genotype = _as_genotype(architecture)
        found: list[Architecture] = []
        found += [Genotype(normal, genotype.reduce) for normal in _changed_once(genotype.normal)]
        found += [Genotype(genotype.normal, reduce) for reduce in _changed_once(genotype.reduce)]
        return found

    def build(
        self,
        architecture: Architecture,
        *,
        classes: int = 10,
        width: int = SEARCH["width"],
        depth: int = SEARCH["depth"],
        channels: int = 3,
        init: str = "pytorch",
        seed: int = 0,
        stem: str = "cifar",
        auxiliary: bool = False,
    ) -> nn.Module:
        """The untrained network of a genotype, by default of the size of DARTS's search (`SEARCH`).

        Beside the arguments of every space there are `stem`, `cifar` or `imagenet`, and `auxiliary`, which adds the
        auxiliary head that trainings for the papers' tables have: in train mode the network then gives the pair
        (logits, auxiliary logits). Images of a `cifar` network have sides that can be halved twice. The network's
        `set_drop_path(probability)` turns drop-path on.
        """
        from harness.spaces.darts.network import DartsNetwork
        from harness.spaces.initialisation import initialise, seeded

        genotype = _as_genotype(architecture)
        _check_shape(width, depth, stem)
        with seeded(derived_seed(seed, "weights", str(genotype))):
            network = DartsNetwork(
                genotype,
                classes=classes,
                width=width,
                depth=depth,
                channels=channels,
                stem=stem,
                auxiliary=auxiliary,
            )
            initialise(network, init)
        return network

    def supernet(
        self,
        *,
        classes: int = 10,
        width: int = SEARCH["width"],
        depth: int = SEARCH["depth"],
        channels: int = 3,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
    ) -> Supernet:
        """The untrained supernet of DARTS's search; its groups are `normal` and `reduce`, each [14, 8].

        The width is even also after division by `partial`.
        """
        from harness.spaces.darts.supernet import DartsSupernet
        from harness.spaces.mixing import narrowed
        from harness.spaces.supernet import drawn

        _check_shape(width, depth, "cifar")
        _check_shape(narrowed(width, partial), depth, "cifar")

        def make() -> DartsSupernet:
            return DartsSupernet(
                classes=classes, width=width, depth=depth, channels=channels, partial=partial, operations=operations
            )

        return drawn(make, init, derived_seed(seed, "weights", "supernet", self.name))

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> Genotype:
        """The genotype of the strongest operations but `none`, two inputs a node.

        A strength is the product of an operation's weight and its edge's.
        """
        return derive(weights, edges, operations)

    def parameter_count(
        self,
        architecture: Architecture,
        *,
        classes: int = 10,
        width: int = SEARCH["width"],
        depth: int = SEARCH["depth"],
        channels: int = 3,
        stem: str = "cifar",
        auxiliary: bool = False,
    ) -> int:
        """Trainable parameters; papers leave the auxiliary head out."""
        from harness.spaces.darts import cost

        _check_shape(width, depth, stem)
        return cost.parameter_count(
            _as_genotype(architecture),
            classes=classes,
            width=width,
            depth=depth,
            channels=channels,
            stem=stem,
            auxiliary=auxiliary,
        )

    def multiply_adds(
        self,
        architecture: Architecture,
        *,
        classes: int = 10,
        width: int = SEARCH["width"],
        depth: int = SEARCH["depth"],
        channels: int = 3,
        image_size: int = 32,
        stem: str = "cifar",
    ) -> int:
        """Multiply-adds, without the auxiliary head."""
        from harness.spaces.darts import cost

        _check_shape(width, depth, stem)
        return cost.multiply_adds(
            _as_genotype(architecture),
            classes=classes,
            width=width,
            depth=depth,
            channels=channels,
            stem=stem,
            image_size=image_size,
        )


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


def _as_genotype(architecture: object) -> Genotype:
    if not isinstance(architecture, Genotype):
        raise SpaceError(f"{architecture!r} is not a DARTS genotype: get one from space.parse(text) or space.sample(n)")
    return architecture
