"""The supernet of the trilevel space in form B: a tree of cells and upsamplings, each with its own weights.

A node of the tree is a path; its features are those of the path before it after one more cell or upsampling. What the
tail reads is the sum of all nodes' features by the weights of the group `nodes`, so that any path can be chosen. Each
operation of a cell is a mixture by the group `operations`. Of the group `widths`, the largest weight of a row decides
how many channels there are, and its value multiplies the operations before and behind, for its gradient's sake: widths
share weights, of which an operation takes the first channels, as slimmable networks do (Yu et al. 2019).

With weights that choose one of each, it is the derived network: the way around an operation is the identity where both
widths are equal. In form A the features of nodes have different sizes, and no supernet sums them.

Legend: J nodes, C width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import SpaceError
from harness.spaces.group import Group, Masks
from harness.spaces.mixing import summed
from harness.spaces.supernet import Mixture, Supernet
from harness.spaces.trilevel.network import EXPANSION, STEP, Tail
from harness.spaces.trilevel.notation import (
    OPERATIONS,
    OPERATIONS_OF_CELL,
    RATIOS,
    WIDTHS_OF_CELL,
    TrilevelArchitecture,
    between,
)
from harness.spaces.trilevel.widths import channels_of

NODES, CHOICES, WIDTHS = "nodes", "operations", "widths"
"""Names of the groups: the node that the tail reads, the operations of all cells, the widths between them."""


def nodes_of(cells: int, upsamplings: int) -> list[tuple[int, ...]]:
    """The nodes of the tree, depth first and an upsampling before a cell, as the authors' code numbers them.

    >>> nodes_of(2, 1)
    [(0,), (0, 1), (0, 1, 0), (0, 0), (0, 0, 1)]

    Args:
        cells: most cells of a path, the first of which stands before everything else.
        upsamplings: most upsamplings.
    """
    found: list[tuple[int, ...]] = []
    stack: list[tuple[int, ...]] = [(0,)]
    while stack:
        path = stack.pop()
        found.append(path)
        stack += [(*path, step) for step in (0, 1) if path.count(step) < (cells, upsamplings)[step]]
    return found


def groups_of(nodes: Sequence[tuple[int, ...]]) -> dict[str, Group]:
    """The groups of a tree: a row for each operation and for each width of a cell, and one row for all nodes."""
    cells = sum(path[-1] == 0 for path in nodes)
    size = OPERATIONS_OF_CELL + 1
    edges = [
        [(size * cell + place + 1, size * cell + place) for cell in range(cells) for place in range(places)]
        for places in (OPERATIONS_OF_CELL, WIDTHS_OF_CELL)
    ]
    return {
        NODES: Group(((1, 0),), tuple("".join(map(str, path)) for path in nodes)),
        CHOICES: Group(tuple(edges[0]), OPERATIONS),
        WIDTHS: Group(tuple(edges[1]), RATIOS),
    }


class MixedOperation(nn.Module):
    """All operations at one place of a cell, with the weights of the largest width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inside = EXPANSION * width
        self.skip = nn.Conv2d(width, width, 1, bias=False)
        self.conv3x3 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.residual = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
        self.dwsblock = nn.ModuleList(
            (
                nn.Conv2d(width, inside, 1, bias=False),
                nn.Conv2d(inside, inside, 3, padding=1, groups=inside, bias=False),
                nn.Conv2d(inside, width, 1, bias=False),
            )
        )
        self.around = nn.ModuleList(nn.Conv2d(width, width, 1, bias=False) for _ in range(2))

    def weights(self, operation: int, before: int, after: int) -> list[Tensor]:
        """The weights of an operation from `before` to `after` channels, in the order of its module's parameters."""
        around = [] if before == after or operation < 2 else [_part(self.around[operation - 2], after, before)]
        if operation == 0:
            return [] if before == after else [_part(self.skip, after, before)]
        if operation == 1:
            return [_part(self.conv3x3, after, before)]
        if operation == 2:
            return [_part(self.residual[0], after, before), _part(self.residual[1], after, after), *around]
        inside = EXPANSION * before
        first, depthwise, last = self.dwsblock
        return [_part(first, inside, before), _part(depthwise, inside, 1), _part(last, after, inside), *around]

    def forward(self, inputs: Tensor, before: int, after: int, coefficients: Tensor, live: Sequence[int]) -> Tensor:
        """The weighted sum of the operations `live`, [N, before, H, W] to [N, after, H, W]."""
        terms = [(self._applied(each, inputs, before, after), coefficients[each]) for each in live]
        return summed(terms) if terms else inputs.new_zeros(len(inputs), after, *inputs.shape[2:])

    def _applied(self, operation: int, inputs: Tensor, before: int, after: int) -> Tensor:
        kernels = self.weights(operation, before, after)
        if operation == 0:
            return _convolved(inputs, kernels[0]).relu() if kernels else inputs
        main = _convolved(inputs, kernels[0])
        if operation == 1:
            return main.relu()
        last = 1
        if operation == 3:
            main, last = _convolved(main.relu(), kernels[1], groups=len(kernels[1])), 2
        main = _convolved(main.relu(), kernels[last])
        around = _convolved(inputs, kernels[-1]) if before != after else inputs
        return (main + around).relu()


class MixedCell(nn.Module):
    """A cell whose operations are mixtures and whose widths are the largest of their rows."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.places = nn.ModuleList(MixedOperation(width) for _ in range(OPERATIONS_OF_CELL))
        self.channels = channels_of(width)

    def forward(self, inputs: Tensor, cell: int, operations: Mixture, widths: Mixture) -> Tensor:
        """Map [N, C, H, W] to the same shape, by the rows of the cell with this number."""
        rows = range(WIDTHS_OF_CELL * cell, WIDTHS_OF_CELL * (cell + 1))
        chosen = [_largest(widths, row) for row in rows]
        scores = [None, *(widths.coefficients[row, place] for row, place in zip(rows, chosen, strict=True)), None]
        ends = between(chosen)
        features = inputs
        for place, mixed in enumerate(self.places):
            row = OPERATIONS_OF_CELL * cell + place
            live = [number for number, is_computed in enumerate(operations.computed[row]) if is_computed]
            before, after = self.channels[ends[place]], self.channels[ends[place + 1]]
            features = mixed(features, before, after, operations.coefficients[row], live)
            for score in scores[place : place + 2]:
                features = features if score is None else features * score
        return inputs + STEP * features


class TrilevelSupernet(Supernet):
    """All networks of form B in one; the arguments are those of `SearchableSpace.supernet`.

    Args:
        cells: most cells of a path.
        upsamplings: most upsamplings.
        scale: s, by which images are enlarged.
        on_bicubic: whether what the tail makes is added to the bicubic enlargement.
        channels: channels of an image.
        width: C.
        operations: Boolean masks of the operations that exist; None for all.
    """

    fast_layout = torch.channels_last

    def __init__(
        self,
        *,
        cells: int,
        upsamplings: int,
        scale: int,
        on_bicubic: bool,
        channels: int = 3,
        width: int = 64,
        operations: Masks | None = None,
    ) -> None:
        self.nodes = nodes_of(cells, upsamplings)
        super().__init__(groups_of(self.nodes), operations)
        self.parents = [self.nodes.index(path[:-1]) if path[:-1] else -1 for path in self.nodes]
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        self.steps = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=1) if path[-1] else MixedCell(width) for path in self.nodes
        )
        self.tail = Tail("B", channels, width, scale, on_bicubic=on_bicubic)

    def logits(self, inputs: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Images [N, channels, sH, sW] of images [N, channels, H, W]."""
        chosen = mixtures[NODES]
        needed = self._needed(chosen.computed[0])
        stem: Tensor = self.stem(inputs)
        features: list[Tensor | None] = []
        terms, cells = [], 0
        for node, (parent, step) in enumerate(zip(self.parents, self.steps, strict=True)):
            before = stem if parent < 0 else features[parent]
            after = None
            if needed[node]:
                assert before is not None
                is_cell = isinstance(step, MixedCell)
                after = step(before, cells, mixtures[CHOICES], mixtures[WIDTHS]) if is_cell else step(before)
                if chosen.computed[0][node]:
                    terms.append((after, chosen.coefficients[0, node]))
            cells += isinstance(step, MixedCell)
            features.append(after)
        restored: Tensor = self.tail(summed(terms) if terms else torch.zeros_like(stem), inputs)
        return restored

    def _needed(self, computed: Sequence[bool]) -> list[bool]:
        """The nodes that are computed, and those before them."""
        needed = list(computed)
        for node in range(len(needed) - 1, 0, -1):
            needed[self.parents[node]] = needed[self.parents[node]] or needed[node]
        return needed

    def inherited(self, architecture: TrilevelArchitecture) -> list[Tensor]:
        """The weights of an architecture's network, in the order of its parameters: stem, path, tail.

        Raises:
            SpaceError: for a path that is no node of the tree.
        """
        if architecture.form != "B" or architecture.path not in self.nodes:
            raise SpaceError(f"the supernet has no path {architecture.form} {''.join(map(str, architecture.path))}")
        found: list[Tensor] = list(self.stem.parameters())
        cells = iter(architecture.cells)
        for length in range(1, len(architecture.path) + 1):
            step = self.steps[self.nodes.index(architecture.path[:length])]
            if not isinstance(step, MixedCell):
                found += step.parameters()
                continue
            for mixed, (operation, before, after) in zip(step.places, next(cells).steps(), strict=True):
                assert isinstance(mixed, MixedOperation)
                found += mixed.weights(operation, step.channels[before], step.channels[after])
        return [weight.detach() for weight in (*found, *self.tail.parameters())]


def _largest(widths: Mixture, row: int) -> int:
    """The place of the largest weight of a row among those that are computed; of equal ones the first."""
    weights = widths.coefficients[row].detach().tolist()
    return max((place for place, live in enumerate(widths.computed[row]) if live), key=weights.__getitem__, default=0)


def _part(convolution: nn.Module, after: int, before: int) -> Tensor:
    weight: Tensor = convolution.get_parameter("weight")
    return weight[:after, :before]


def _convolved(inputs: Tensor, weight: Tensor, groups: int = 1) -> Tensor:
    return functional.conv2d(inputs, weight, padding=weight.shape[-1] // 2, groups=groups)
