"""Cells as graphs: nodes, the edges that carry an operation, and how an operation looks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from harness.errors import SpaceError
from harness.report.figures.style import COLOURS
from harness.spaces.darts.genotype import INPUTS, Genotype, Pairs
from harness.spaces.darts.genotype import NODES as DARTS_NODES
from harness.spaces.nasbench201.cell import EDGES, NODES, Cell

NONE = "none"
_BLUE, _VERMILLION, _GREEN, _PURPLE, _ORANGE, _SKY = COLOURS
_GREY = "#5F5F5F"


class Look(NamedTuple):
    """How an operation is drawn: what its box says, and the colour of box and line."""

    label: str
    colour: str


# The words tell operations apart; the colours only repeat them.
LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        NONE: Look("none", "#8A8A8A"),
        "skip_connect": Look("skip", _GREY),
        "nor_conv_1x1": Look("conv 1×1", _SKY),
        "nor_conv_3x3": Look("conv 3×3", _BLUE),
        "avg_pool_3x3": Look("avg 3×3", _GREEN),
        "max_pool_3x3": Look("max 3×3", _PURPLE),
        "sep_conv_3x3": Look("sep 3×3", _BLUE),
        "sep_conv_5x5": Look("sep 5×5", _SKY),
        "dil_conv_3x3": Look("dil 3×3", _VERMILLION),
        "dil_conv_5x5": Look("dil 5×5", _ORANGE),
    }
)


class Wiring(NamedTuple):
    """A cell without its operations.

    Attributes:
        labels: of the nodes, in an order in which every edge points forward.
        edges: source and target of each operation.
        plain: source and target of what is passed on without one: the nodes that a DARTS cell concatenates.
    """

    labels: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    plain: tuple[tuple[int, int], ...] = ()


class DrawnCell(NamedTuple):
    """One graph of an architecture: its title (empty if it is the only one), its wiring, and an operation an edge."""

    title: str
    wiring: Wiring
    operations: tuple[str, ...]


NASBENCH201 = Wiring(("in", *map(str, range(1, NODES - 1)), "out"), tuple((source, target) for target, source in EDGES))


def drawn_cells(architecture: object) -> tuple[DrawnCell, ...]:
    """The graphs of an architecture: one of a NAS-Bench-201 cell, the normal and the reduction cell of a genotype.

    Nodes have the numbers of the architecture's text.

    Raises:
        SpaceError: for anything else.
    """
    if isinstance(architecture, Cell):
        return (DrawnCell("", NASBENCH201, architecture.operations),)
    if isinstance(architecture, Genotype):
        return (_darts_cell("normal cell", architecture.normal), _darts_cell("reduction cell", architecture.reduce))
    raise SpaceError(
        f"there is no drawing of {architecture!r:.80}: only NAS-Bench-201 cells and DARTS genotypes have one"
    )


def _darts_cell(title: str, pairs: Pairs) -> DrawnCell:
    nodes = range(INPUTS, INPUTS + DARTS_NODES)
    edges = tuple((source, INPUTS + place // 2) for place, (_, source) in enumerate(pairs))
    output = INPUTS + DARTS_NODES
    wiring = Wiring(("k−2", "k−1", *map(str, nodes), "out"), edges, tuple((node, output) for node in nodes))
    return DrawnCell(title, wiring, tuple(operation for operation, _ in pairs))
