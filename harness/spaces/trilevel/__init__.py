"""The trilevel space: networks for super-resolution by 4, with their path, operations and widths to choose."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SpaceError
from harness.restoration.problems import super_resolution
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.graph import Graph, Wiring
from harness.spaces.image_restoration import ImageRestoration
from harness.spaces.plain_values import how_to_get
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.spaces.trilevel import cost
from harness.spaces.trilevel.nearby import neighbours_of, without_identities
from harness.spaces.trilevel.notation import (
    FORMS,
    OPERATIONS,
    OPERATIONS_OF_CELL,
    RATIOS,
    WIDTHS_OF_CELL,
    CellChoices,
    TrilevelArchitecture,
    parse,
    paths,
)
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

__all__ = ["CellChoices", "Trilevel", "TrilevelArchitecture", "parse"]

_CHOICES_OF_CELL = len(OPERATIONS) ** OPERATIONS_OF_CELL * len(RATIOS) ** WIDTHS_OF_CELL
"""640,000."""


class Trilevel(ImageRestoration):
    """The networks of Wu et al. (2021) for super-resolution by 4, in both forms.

    Up to five cells and two upsamplings in any order that begins with a cell, five operations in a cell, four widths
    between them: about 3.9 · 10^30 architectures. The paper was not seen; the space is that of its authors' code as a
    derived repository has it. Form A has both upsamplings, form B up to two.

    The methods' arguments and errors are documented in `harness.spaces.space.Space`.
    """

    name = "trilevel"
    problem = super_resolution(4)
    shape: ClassVar = {
        "image_size": Dimension(32, 1, "pixels on a side of a small image"),
        "channels": Dimension(3, 1, "channels of an image"),
        "width": Dimension(64, 8, "channels of the features, C"),
    }

    @property
    def count(self) -> int:
        """Number of architectures: 640,000 to the number of cells, summed over the paths of both forms."""
        return sum(_CHOICES_OF_CELL ** path.count(0) for form in FORMS for path in paths(form))

    def __len__(self) -> int:
        """The largest length that Python allows; `count` is the number of architectures."""
        return sys.maxsize

    def parse(self, text: object) -> TrilevelArchitecture:
        """The architecture that a text encodes (`notation.parse`); `str` gives the text again.

        >>> Trilevel().parse("B 0011 00020/2033 33110/4310").path
        (0, 0, 1, 1)
        """
        return parse(text)

    def key(self, architecture: Architecture) -> str:
        """The text of the canonical form."""
        return str(self.canonical(architecture))

    def canonical(self, architecture: Architecture) -> TrilevelArchitecture:
        """The same network with each cell's operations that do nothing, `skip` between equal widths, behind the others.

        It is our choice; nobody has published when two of these architectures are one.
        """
        own = _as_trilevel(architecture)
        return replace(own, cells=tuple(map(without_identities, own.cells)))

    def minimal(self, architecture: Architecture) -> TrilevelArchitecture:
        """The canonical form, which has the same weights."""
        return self.canonical(architecture)

    def sample(self, count: int, seed: int = 0) -> list[TrilevelArchitecture]:
        """`count` different architectures, all equally likely; since most have five cells, nearly all drawn have."""
        if not isinstance(count, int) or not 1 <= count <= len(self):
            raise SpaceError(f"cannot sample {shown(count)} architectures: ask for 1 or more")
        generator = random.Random(derived_seed(seed, "sample", self.name))
        total = self.count
        drawn: dict[TrilevelArchitecture, None] = {}
        while len(drawn) < count:
            drawn[_numbered(generator.randrange(total))] = None
        return list(drawn)

    def neighbours(self, architecture: Architecture) -> list[TrilevelArchitecture]:
        """The architectures with one change: an operation, a width, the form, or a step of the path.

        Adjacent steps of a path are exchanged, and in form B an upsampling is put in or taken out. Of cells only one
        whose operations do nothing is put in or taken out, so that architectures are neighbours of each other.
        """
        return neighbours_of(_as_trilevel(architecture))

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of an architecture: images [N, channels, H, W] to [N, channels, 4H, 4W]."""
        from harness.spaces.initialisation import drawn
        from harness.spaces.trilevel.network import TrilevelNetwork

        own, full = _as_trilevel(architecture), sizes_within(self.shape, shape, sizes)
        del full["image_size"]
        return drawn(lambda: TrilevelNetwork(own, **full), init, derived_seed(seed, "weights", str(own)))

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form."""
        own, full = _as_trilevel(architecture), sizes_within(self.shape, shape, sizes)
        multiply_adds = cost.macs(own, **full)
        del full["image_size"]
        return Sizes(cost.parameter_count(own, **full), multiply_adds)

    def graphs(self, architecture: Architecture) -> tuple[Graph, ...]:
        """The path, then each cell as a chain whose nodes are the widths."""
        own = _as_trilevel(architecture)
        cells = (f"cell {number}" for number in range(1, len(own.cells) + 1))
        path = tuple("upsampling" if step else next(cells) for step in own.path)
        graphs = [Graph("path", _chain(("in", *[""] * (len(path) - 1), "out")), path)]
        for number, cell in enumerate(own.cells, start=1):
            widths = ("in", *(RATIOS[ratio] for ratio in cell.ratios), "out")
            named = tuple(OPERATIONS[operation] for operation in cell.operations)
            graphs.append(Graph(f"cell {number}", _chain(widths), named))
        return tuple(graphs)


def _chain(labels: tuple[str, ...]) -> Wiring:
    return Wiring(labels, tuple((place, place + 1) for place in range(len(labels) - 1)))


def _numbered(number: int) -> TrilevelArchitecture:
    """The architecture of a number below `Trilevel.count`; different numbers give different architectures."""
    for form in FORMS:
        for path in paths(form):
            here = _CHOICES_OF_CELL ** path.count(0)
            if number < here:
                return TrilevelArchitecture(form, path, tuple(_cells(number, path.count(0))))
            number -= here
    raise SpaceError("the space has fewer architectures")


def _cells(number: int, count: int) -> list[CellChoices]:
    """The choices of `count` cells, which are the digits of a number."""
    cells = []
    for _ in range(count):
        digits = []
        for options in (len(OPERATIONS),) * OPERATIONS_OF_CELL + (len(RATIOS),) * WIDTHS_OF_CELL:
            number, digit = divmod(number, options)
            digits.append(digit)
        cells.append(CellChoices(tuple(digits[:OPERATIONS_OF_CELL]), tuple(digits[OPERATIONS_OF_CELL:])))
    return cells


def _as_trilevel(architecture: object) -> TrilevelArchitecture:
    if not isinstance(architecture, TrilevelArchitecture):
        raise SpaceError(
            f"{shown(architecture)} is no architecture of the trilevel space: {how_to_get(architecture, parse)}"
        )
    return architecture
