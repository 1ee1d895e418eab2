"""The order within layers that lets the fewest lines cross (Sugiyama, Tagawa and Toda 1981)."""

from __future__ import annotations

import random
from collections.abc import Sequence

Layers = list[list[int]]
Link = tuple[int, int]
"""Two items of neighbouring layers, the left one first."""

_STARTS = 12
_SWEEPS = 6


def least_crossings(layers: Layers, links: Sequence[Link]) -> list[Layers]:
    """Orders with the fewest crossings that were found, all different, the first found first.

    Sweeps to and fro put each item at the mean place of its neighbours; then neighbours change places while that
    helps. From the order given and from a few drawn with a fixed seed: the result is always the same.

    Args:
        layers: items by layer, from the left.
        links: all lines, each between neighbouring layers.
    """
    generator = random.Random(0)
    found: dict[tuple[tuple[int, ...], ...], int] = {}
    for start in range(_STARTS):
        order = [list(layer) for layer in layers]
        if start:
            for layer in order:
                generator.shuffle(layer)
        for sweep in range(_SWEEPS):
            _sweep(order, links, rightwards=sweep % 2 == 0)
        _exchange(order, links)
        found.setdefault(tuple(map(tuple, order)), crossings(order, links))
    fewest = min(found.values())
    return [[list(layer) for layer in order] for order, count in found.items() if count == fewest]


def crossings(order: Layers, links: Sequence[Link]) -> int:
    """How many pairs of lines cross in this order."""
    layer_of = {item: number for number, layer in enumerate(order) for item in layer}
    place = _places(order)
    count = 0
    for number in range(len(order) - 1):
        lines = [(place[left], place[right]) for left, right in links if layer_of[left] == number]
        count += sum(
            (first[0] - second[0]) * (first[1] - second[1]) < 0
            for position, first in enumerate(lines)
            for second in lines[:position]
        )
    return count


def _places(order: Layers) -> dict[int, int]:
    return {item: place for layer in order for place, item in enumerate(layer)}


def _sweep(order: Layers, links: Sequence[Link], *, rightwards: bool) -> None:
    """Put the items of every layer at the mean place of their neighbours in the layer before."""
    before: dict[int, list[int]] = {}
    for left, right in links:
        item, neighbour = (right, left) if rightwards else (left, right)
        before.setdefault(item, []).append(neighbour)
    for layer in order if rightwards else reversed(order):
        place = _places(order)
        means = {
            item: sum(place[neighbour] for neighbour in before[item]) / len(before[item])
            if item in before
            else float(place[item])
            for item in layer
        }
        layer.sort(key=means.__getitem__)


def _exchange(order: Layers, links: Sequence[Link]) -> None:
    """Let neighbours change places as long as fewer lines cross."""
    fewest = crossings(order, links)
    improved = True
    while improved:
        improved = False
        for layer in order:
            for place in range(len(layer) - 1):
                layer[place : place + 2] = reversed(layer[place : place + 2])
                count = crossings(order, links)
                if count < fewest:
                    fewest, improved = count, True
                else:
                    layer[place : place + 2] = reversed(layer[place : place + 2])
