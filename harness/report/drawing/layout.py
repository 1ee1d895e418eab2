"""Where the parts of a drawn cell stand: layers from left to right, lines that touch nothing but their ends.

Every operation is a box in a layer between two layers of nodes. A line that passes a layer has a place of its own
there, as a box has; between layers it is an S. So no line runs through a node or along another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from harness.report.drawing.ordering import Layers, Link, least_crossings
from harness.spaces.graph import Wiring

BOX_WIDTH, BOX_HEIGHT = 40.0, 13.0
NODE_HEIGHT = 14.0
_PORT_GAP = 4.5
_LANE_HEIGHT = 2.0
_SEPARATION = 5.0
_LEAST_GAP, _LARGEST_GAP = 5.5, 36.0
_SLOPE, _SHORT_CLIMB = 0.45, 13.0
ARROW = 5.0
_STRAIGHTNESS = (1.0, 3.0, 8.0)  # of a line with no, one, or both ends on its way


class Rectangle(NamedTuple):
    """Centre and size in points, y downwards."""

    x: float
    y: float
    width: float
    height: float


Route = tuple[tuple[float, float], ...]
"""Points of a line. Between two of them it leaves and arrives horizontally: an S, or straight at equal heights."""


class Layout(NamedTuple):
    """A cell laid out, in points, y downwards.

    Attributes:
        width: of the whole.
        height: of the whole.
        nodes: one a node.
        boxes: one an operation.
        routes: one an operation, then one a plain edge; an operation's passes under its box.
    """

    width: float
    height: float
    nodes: tuple[Rectangle, ...]
    boxes: tuple[Rectangle, ...]
    routes: tuple[Route, ...]


class _Graph(NamedTuple):
    """Items 0.. are the nodes, then the boxes, then the places where lines pass a layer.

    `chains` has one an edge, the items from source to target; `heights` and `widths` one an item.
    """

    layers: Layers
    chains: list[list[int]]
    heights: list[float]
    widths: list[float]

    @property
    def links(self) -> list[Link]:
        return [link for chain in self.chains for link in pairwise(chain)]


class _Heights(NamedTuple):
    """What the linear program finds: the y of every item, and the weighted climb of all lines."""

    y: list[float]
    climb: float


@lru_cache(maxsize=1024)
def laid_out(wiring: Wiring) -> Layout:
    """The layout of a cell; it depends on the wiring alone, so cells that differ in operations look alike.

    Nodes stand in the layer after their last input. Of the orders with the fewest crossings that were found the one is
    taken whose lines climb the least; heights minimise that climb by a linear program (Gansner et al. 1993).
    """
    graph = _graph(wiring)
    candidates = [(order, _heights(graph, order)) for order in least_crossings(graph.layers, graph.links)]
    order, heights = min(candidates, key=lambda candidate: round(candidate[1].climb, 6))
    return _placed(graph, order, heights.y, len(wiring.labels), len(wiring.edges))


def _graph(wiring: Wiring) -> _Graph:
    """Items and layers: even layers hold nodes, odd ones boxes; the output of plain edges follows at once."""
    level = _levels(wiring)
    nodes, boxes = len(wiring.labels), len(wiring.edges)
    layers: Layers = [[] for _ in range(max(level) + 1)]
    for node, number in enumerate(level):
        layers[number].append(node)
    ends = [(place, level[source], level[target]) for place, (source, target) in enumerate(wiring.edges)]
    for place, first, last in sorted(ends, key=lambda end: end[2] - end[1]):
        number = min(range(first + 1, last, 2), key=lambda number: (len(layers[number]), -number))
        layers[number].append(nodes + place)
    box_level = {item: number for number, layer in enumerate(layers) for item in layer if item >= nodes}
    chains, passing = [], nodes + boxes
    for place, (source, target) in enumerate([*wiring.edges, *wiring.plain]):
        chain = [source]
        for number in range(level[source] + 1, level[target]):
            if place < boxes and box_level[nodes + place] == number:
                chain.append(nodes + place)
            else:
                layers[number].append(passing)
                chain.append(passing)
                passing += 1
        chains.append([*chain, target])
    ports = [
        max(sum(end[side] == node for end in (*wiring.edges, *wiring.plain)) for side in (0, 1))
        for node in range(nodes)
    ]
    heights = [max(NODE_HEIGHT, (count + 1) * _PORT_GAP) for count in ports]
    widths = [5.0 + 4.9 * len(label) for label in wiring.labels]
    return _Graph(
        layers,
        chains,
        [*heights, *[BOX_HEIGHT] * boxes, *[_LANE_HEIGHT] * (passing - nodes - boxes)],
        [*widths, *[BOX_WIDTH] * boxes, *[0.0] * (passing - nodes - boxes)],
    )


def _levels(wiring: Wiring) -> list[int]:
    """The layer of each node: two after its last input, one after what it only gathers."""
    level = [0] * len(wiring.labels)
    for node in range(len(level)):
        before = [level[source] + 2 for source, target in wiring.edges if target == node]
        before += [level[source] + 1 for source, target in wiring.plain if target == node]
        level[node] = max(before, default=0)
    return level


def _ports(graph: _Graph, order: Layers) -> dict[tuple[int, int], tuple[float, float]]:
    """By edge and step of its chain: how far from the middle of its two items the line stands.

    The lines of a node leave it, and reach it, in the order of where they come from, so they do not cross there.
    """
    place = {item: number for layer in order for number, item in enumerate(layer)}
    steps = [(edge, step) for edge, chain in enumerate(graph.chains) for step in range(len(chain) - 1)]
    offsets: dict[tuple[int, int], list[float]] = {step: [0.0, 0.0] for step in steps}
    for side in (0, 1):
        at: dict[int, list[tuple[int, int]]] = {}
        for edge, step in steps:
            at.setdefault(graph.chains[edge][step + side], []).append((edge, step))
        for lines in at.values():
            lines.sort(key=lambda line: place[graph.chains[line[0]][line[1] + 1 - side]])
            for number, line in enumerate(lines):
                offsets[line][side] = (number - (len(lines) - 1) / 2) * _PORT_GAP
    return {step: (pair[0], pair[1]) for step, pair in offsets.items()}


def _heights(graph: _Graph, order: Layers) -> _Heights:
    """Heights at which the lines climb the least, nothing nearer to its neighbour than it may be."""
    items, passing_from = len(graph.heights), graph.widths.index(0.0) if 0.0 in graph.widths else len(graph.heights)
    rows: list[tuple[list[tuple[int, float]], float]] = []
    weights = [0.0] * items
    for (edge, step), (leaves, arrives) in _ports(graph, order).items():
        left, right = graph.chains[edge][step : step + 2]
        climb = len(weights)
        weights.append(_STRAIGHTNESS[(left >= passing_from) + (right >= passing_from)])
        for sign in (1.0, -1.0):
            rows.append(([(left, sign), (right, -sign), (climb, -1.0)], sign * (arrives - leaves)))
    for layer in order:
        for upper, lower in pairwise(layer):
            apart = (graph.heights[upper] + graph.heights[lower]) / 2 + _SEPARATION
            rows.append(([(upper, 1.0), (lower, -1.0)], -apart))
    matrix = np.zeros((len(rows), len(weights)))
    for row, (terms, _) in enumerate(rows):
        for column, value in terms:
            matrix[row, column] = value
    limits = np.array([limit for _, limit in rows])
    solved = linprog(np.array(weights), A_ub=matrix, b_ub=limits, bounds=(None, None), method="highs")
    y = np.asarray(solved.x[:items])
    top = min(float(middle) - height / 2 for middle, height in zip(y, graph.heights, strict=True))
    return _Heights([float(middle) - top for middle in y], float(solved.fun))


def _placed(graph: _Graph, order: Layers, y: Sequence[float], nodes: int, boxes: int) -> Layout:
    ports = _ports(graph, order)
    lefts, rights = _columns(graph, order, y, ports, nodes)
    layer_of = {item: number for number, layer in enumerate(order) for item in layer}

    def rectangle(item: int) -> Rectangle:
        number = layer_of[item]
        return Rectangle((lefts[number] + rights[number]) / 2, y[item], graph.widths[item], graph.heights[item])

    routes = []
    for edge, chain in enumerate(graph.chains):
        first, last = rectangle(chain[0]), rectangle(chain[-1])
        points = [(first.x + first.width / 2, y[chain[0]] + ports[edge, 0][0])]
        for step, (left, right) in enumerate(pairwise(chain)):
            leaves, arrives = ports[edge, step]
            points.append((rights[layer_of[left]], y[left] + leaves))
            points.append((lefts[layer_of[right]], y[right] + arrives))
        points.append((last.x - last.width / 2, points[-1][1]))
        routes.append(tuple(dict.fromkeys(points)))
    height = max(middle + extent / 2 for middle, extent in zip(y, graph.heights, strict=True))
    rectangles = [rectangle(item) for item in range(nodes + boxes)]
    return Layout(rights[-1], height, tuple(rectangles[:nodes]), tuple(rectangles[nodes:]), tuple(routes))


def _columns(
    graph: _Graph, order: Layers, y: Sequence[float], ports: dict[tuple[int, int], tuple[float, float]], nodes: int
) -> tuple[list[float], list[float]]:
    """Left and right ends of every layer: the more its lines climb, the wider the gap before it."""
    layer_of = {item: number for number, layer in enumerate(order) for item in layer}
    climbs = [0.0] * len(order)
    for (edge, step), (leaves, arrives) in ports.items():
        left, right = graph.chains[edge][step : step + 2]
        climbs[layer_of[right]] = max(climbs[layer_of[right]], abs(y[left] + leaves - y[right] - arrives))
    lefts, rights, at = [], [], 0.0
    for number, layer in enumerate(order):
        if number:
            has_arrows = any(item < nodes for item in layer)
            at += (
                float(np.clip(_SLOPE * (climbs[number] - _SHORT_CLIMB), _LEAST_GAP, _LARGEST_GAP)) + has_arrows * ARROW
            )
        lefts.append(at)
        at += max(graph.widths[item] for item in layer)
        rights.append(at)
    return lefts, rights
