"""The trilevel space: networks for super-resolution, with their path, operations and widths to choose."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from harness.errors import SpaceError
from harness.restoration.problems import super_resolution
from harness.setting import SizeKeywords, derived_seed
from harness.spaces.graph import Graph, Wiring
from harness.spaces.group import strengths
from harness.spaces.image_restoration import ImageRestoration
from harness.spaces.listed import drawn_sample
from harness.spaces.plain_values import how_to_get
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes
from harness.spaces.trilevel import cost
from harness.spaces.trilevel.nearby import neighbours_of, without_identities
from harness.spaces.trilevel.notation import (
    CELLS,
    FORMS,
    OPERATIONS,
    OPERATIONS_OF_CELL,
    RATIOS,
    SCALE,
    UPSAMPLINGS,
    WIDTHS_OF_CELL,
    CellChoices,
    TrilevelArchitecture,
    parse,
    paths,
)
from harness.spaces.trilevel.searches import searches_of
from harness.text.shown import shown

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

    from harness.spaces.group import EdgeWeights, Masks, OperationWeights
    from harness.spaces.searches import SearchPresets
    from harness.spaces.trilevel.supernet import TrilevelSupernet

__all__ = ["CellChoices", "Trilevel", "TrilevelArchitecture", "parse"]

_CHOICES_OF_CELL = len(OPERATIONS) ** OPERATIONS_OF_CELL * len(RATIOS) ** WIDTHS_OF_CELL
"""640,000."""


class Trilevel(ImageRestoration):
    """The networks of Wu et al. (2021) for super-resolution by 4, in both forms.

    Up to five cells and two upsamplings in any order that begins with a cell, five operations in a cell, four widths
    between them: about 3.9 · 10^30 architectures. The paper was not seen; the space is that of its authors' code as a
    derived repository has it. Form A has both upsamplings, form B up to two. The supernet is that of form B.

    The methods' arguments and errors are documented in `harness.spaces.space.SearchableSpace`.
    """

    name = "trilevel"
    problem = super_resolution(SCALE)
    forms: ClassVar[tuple[str, ...]] = FORMS
    cells: ClassVar[int] = CELLS
    upsamplings: ClassVar[int] = UPSAMPLINGS
    on_bicubic: ClassVar[bool] = False
    searches: ClassVar[SearchPresets] = searches_of("trilevel")
    shape: ClassVar = {
        "image_size": Dimension(32, 1, "pixels on a side of a small image"),
        "channels": Dimension(3, 1, "channels of an image"),
        "width": Dimension(64, 8, "channels of the features, C"),
    }

    @property
    def count(self) -> int:
        """Number of architectures: 640,000 to the number of cells, summed over the paths of both forms."""
        return sum(_CHOICES_OF_CELL ** path.count(0) for _, path in self._paths())

    def _paths(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """The forms with their paths."""
        for form in self.forms:
            for path in paths(form):
                if path.count(0) <= self.cells and path.count(1) <= self.upsamplings:
                    yield form, path

    def _own(self, architecture: object) -> TrilevelArchitecture:
        """The architecture, if it is one of this space.

        Raises:
            SpaceError: for another one.
        """
        own = _as_trilevel(architecture)
        if (own.form, own.path) not in self._paths():
            raise SpaceError(
                f"the space {self.name} has paths of form {' and '.join(self.forms)} with up to {self.cells} cells and "
                f"{self.upsamplings} upsampling{'s' * (self.upsamplings > 1)}, not {shown(str(own))}"
            )
        return own

    def __len__(self) -> int:
        """The largest length that Python allows; `count` is the number of architectures."""
        return sys.maxsize

    def parse(self, text: object) -> TrilevelArchitecture:
        """The architecture that a text encodes (`notation.parse`); `str` gives the text again.

        >>> Trilevel().parse("B 0011 00020/2033 33110/4310").path
        (0, 0, 1, 1)
        """
        return self._own(parse(text))

    def key(self, architecture: Architecture) -> str:
        """The text of the canonical form."""
        return str(self.canonical(architecture))

    def canonical(self, architecture: Architecture) -> TrilevelArchitecture:
        """The same network with each cell's operations that do nothing, `skip` between equal widths, behind the others.

        It is our choice; nobody has published when two of these architectures are one.
        """
        own = self._own(architecture)
        return replace(own, cells=tuple(map(without_identities, own.cells)))

    def minimal(self, architecture: Architecture) -> TrilevelArchitecture:
        """The canonical form, which has the same weights."""
        return self.canonical(architecture)

    def sample(self, count: int, seed: int = 0) -> list[TrilevelArchitecture]:
        """`count` different architectures, all equally likely; since most have five cells, nearly all drawn have."""
        if not isinstance(count, int) or not 1 <= count <= len(self):
            raise SpaceError(f"cannot sample {shown(count)} architectures: ask for 1 or more")
        total = self.count
        return drawn_sample(self, lambda generator: self._numbered(generator.randrange(total)), count, seed)

    def neighbours(self, architecture: Architecture) -> list[TrilevelArchitecture]:
        """The architectures with one change: an operation, a width, the form, or a step of the path.

        Adjacent steps of a path are exchanged, and in form B an upsampling is put in or taken out. Of cells only one
        whose operations do nothing is put in or taken out, so that architectures are neighbours of each other.
        """
        inside = set(self._paths())
        return [each for each in neighbours_of(self._own(architecture)) if (each.form, each.path) in inside]

    def _numbered(self, number: int) -> TrilevelArchitecture:
        """The architecture of a number below `count`; different numbers give different architectures."""
        for form, path in self._paths():
            here = _CHOICES_OF_CELL ** path.count(0)
            if number < here:
                return TrilevelArchitecture(form, path, tuple(_cells(number, path.count(0))))
            number -= here
        raise SpaceError("the space has fewer architectures")

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: Unpack[SizeKeywords],
    ) -> nn.Module:
        """The untrained network of an architecture: images [N, channels, H, W] to larger ones."""
        from harness.spaces.initialisation import drawn
        from harness.spaces.trilevel.network import TrilevelNetwork

        own, full = self._own(architecture), sizes_within(self.shape, shape, sizes)
        del full["image_size"]
        scale, on_bicubic = self.problem.scale, self.on_bicubic
        return drawn(
            lambda: TrilevelNetwork(own, scale=scale, on_bicubic=on_bicubic, **full),
            init, derived_seed(seed, "weights", str(own)),
        )  # fmt: skip

    def sizes(
        self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: Unpack[SizeKeywords]
    ) -> Sizes:
        """Parameters and multiply-adds in closed form."""
        own, full = self._own(architecture), {**sizes_within(self.shape, shape, sizes), "scale": self.problem.scale}
        multiply_adds = cost.macs(own, **full)
        del full["image_size"]
        return Sizes(cost.parameter_count(own, **full), multiply_adds)

    def supernet(
        self,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        partial: int = 1,
        operations: Masks | None = None,
        **sizes: Unpack[SizeKeywords],
    ) -> TrilevelSupernet:
        """All networks of form B in one: images [N, channels, H, W] to [N, channels, sH, sW]."""
        from harness.spaces.supernet import drawn_supernet
        from harness.spaces.trilevel.supernet import TrilevelSupernet

        if partial != 1:
            raise SpaceError(f"partial must be 1: an operation of {self.name} reads all channels; got {shown(partial)}")
        full = sizes_within(self.shape, shape, sizes)
        del full["image_size"]
        made = drawn_supernet(
            lambda: TrilevelSupernet(
                cells=self.cells, upsamplings=self.upsamplings, scale=self.problem.scale, on_bicubic=self.on_bicubic,
                operations=operations, **full,
            ),
            init, derived_seed(seed, "weights", f"{self.name} supernet"),
        )  # fmt: skip
        assert isinstance(made, TrilevelSupernet)
        return made

    def derive(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, operations: Masks | None = None
    ) -> TrilevelArchitecture:
        """The path of the node with the largest weight, with the largest operation and width at each place."""
        from harness.spaces.trilevel.supernet import groups_of, nodes_of

        nodes = nodes_of(self.cells, self.upsamplings)
        found = strengths(weights, edges, operations, groups_of(nodes))
        node, chosen, widths = (
            [row.index(max(row)) for row in found[name]] for name in ("nodes", "operations", "widths")
        )
        path, cells = nodes[node[0]], []
        for length in range(1, len(path) + 1):
            if path[length - 1] == 0:
                place = sum(other[-1] == 0 for other in nodes[: nodes.index(path[:length])])
                of_cell = [
                    tuple(each[place * size : (place + 1) * size])
                    for each, size in ((chosen, OPERATIONS_OF_CELL), (widths, WIDTHS_OF_CELL))
                ]
                cells.append(CellChoices(*of_cell))
        return TrilevelArchitecture("B", path, tuple(cells))

    def inherited(self, supernet: nn.Module, architecture: Architecture) -> nn.Module:
        """The network of an architecture with the weights that it has in a supernet of this space.

        Raises:
            SpaceError: for another module, or a path that its tree does not have.
        """
        import torch

        from harness.spaces.trilevel.supernet import TrilevelSupernet

        own = self._own(architecture)
        if not isinstance(supernet, TrilevelSupernet):
            raise SpaceError(f"{type(supernet).__name__} is no supernet of the space {self.name}")
        width, channels = supernet.stem.weight.shape[:2]
        network = self.build(own, width=width, channels=channels).to(supernet.stem.weight)
        with torch.no_grad():
            for weight, inherited in zip(network.parameters(), supernet.inherited(own), strict=True):
                weight.copy_(inherited)
        return network

    def graphs(self, architecture: Architecture) -> tuple[Graph, ...]:
        """The path, then each cell as a chain whose nodes are the widths."""
        own = self._own(architecture)
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
