"""NASGraph's graph the slow way: the layers of a cell's small network, joined and tried channel by channel.

Imports nothing under test. Weights are given as lists of numbers by layer; nothing is a module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
Weights = Callable[[int, int, int], "np.ndarray"]
"""Draws a weight [C_out, C_in, k, k] from C_out, C_in and k."""


def convolved_is_positive(kernel: np.ndarray, side: int, stride: int) -> bool:
    """Whether a plane of ones under this kernel, padded with zeros, has a positive number anywhere."""
    pad = len(kernel) // 2
    plane = np.pad(np.ones((side, side)), pad)
    return any(
        float((plane[top : top + len(kernel), left : left + len(kernel)] * kernel).sum()) > 0
        for top in range(0, side, stride)
        for left in range(0, side, stride)
    )


def degrees(operations: tuple[str, ...], draw: Weights, side: int = 32, width: int = 16) -> list[int]:
    """Sorted degrees of the nodes that have an edge. Operations are those of the edges 1←0, 2←0, 2←1, 3←0, 3←1, 3←2."""
    answers: list[tuple[list[int], list[tuple[int, int]]]] = []

    def convolution(sources: list[int], given: int, made: int, kernel: int, side: int, stride: int = 1) -> int:
        weight = draw(made, given, kernel)
        pairs = [(i, j) for i in range(given) for j in range(made) if convolved_is_positive(weight[j, i], side, stride)]
        answers.append((sources, pairs))
        return len(answers) - 1

    def passing(sources: list[int], wide: int, handed_on: bool = True) -> int:
        answers.append((sources, [(i, i) for i in range(wide)] if handed_on else []))
        return len(answers) - 1

    read = [convolution([passing([], 3)], 3, width, 3, side)]
    for stage in range(3):
        if stage:
            first = convolution(read, width, 2 * width, 3, side, 2)
            second = convolution([first], 2 * width, 2 * width, 3, side // 2)
            read = [convolution(read, width, 2 * width, 1, side // 2), second]
            width, side = 2 * width, side // 2
        nodes: list[list[int]] = [read, [], [], []]
        for (target, source), operation in zip(EDGES, operations, strict=True):
            if operation in KERNELS:
                place = convolution(nodes[source], width, width, KERNELS[operation], side)
            else:
                place = passing(nodes[source], width, operation != "none")
            nodes[target].append(place)
        read = nodes[3]
    passing(read, width)
    counted: Counter[tuple[int, int]] = Counter()
    for layer, (sources, pairs) in enumerate(answers):
        for source in sources:
            for i, j in pairs:
                counted[source, i] += 1
                counted[layer, j] += 1
    return sorted(counted.values())
