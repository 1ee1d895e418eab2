"""A space of cells as integers, so that steps of many searches are arithmetic on arrays.

A cell of E edges with O operations each is given by its index among the O^E cells, in the order in which the space
lists them: the first edge varies slowest. Edges may have different numbers of operations. Random numbers are passed in
as uniform numbers in [0, 1).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from harness.errors import SearchError
from harness.spaces import openable_spaces
from harness.spaces.searches import EncodedSpace, IndexedSpace
from harness.spaces.space import Space

FloatArray: TypeAlias = npt.NDArray[np.float64]
CellArray: TypeAlias = npt.NDArray[np.int64]


def indexed(space: Space) -> IndexedSpace:
    """A space as integers, in the order in which it lists its architectures, or their encodings.

    Raises:
        SearchError: for a space that does not state how its architectures are made of choices.
    """
    if isinstance(encoded := getattr(space, "encoded", None), EncodedSpace):
        return encoded.choices
    choices = getattr(space, "choices", None)
    if not isinstance(choices, IndexedSpace):
        others = [one.name for one in openable_spaces() if hasattr(one, "choices") or hasattr(one, "encoded")]
        raise SearchError(
            f"searches query tables of {', '.join(others)}; the space {space.name} does not state its architectures as "
            "choices"
        )
    if len(choices) != len(space):
        raise SearchError(f"the space {space.name} has {len(space):,} architectures, its choices make {len(choices):,}")
    return choices


def integers_below(uniforms: FloatArray, count: int | npt.NDArray[Any]) -> CellArray:
    """Random integers from 0 to `count` - 1, of the shape of the uniform numbers that they are made from."""
    return np.asarray(uniforms * count, dtype=np.int64)


def cells_of(space: IndexedSpace, choices: CellArray) -> CellArray:
    """Cells [R] with the operations [R, E] on their edges."""
    return np.asarray(choices @ _strides(space))


def choices_of(space: IndexedSpace, cells: CellArray) -> CellArray:
    """The operations [R, E] on the edges of cells [R]."""
    return np.asarray(cells[:, None] // _strides(space) % np.array(space.options))


def is_empty(space: IndexedSpace, cells: CellArray) -> npt.NDArray[np.bool_]:
    """Whether each of the cells [R] is no architecture, [R]."""
    if space.empty is None:
        return np.zeros(cells.shape, dtype=np.bool_)
    edges, operation = space.empty
    return np.asarray((choices_of(space, cells)[:, list(edges)] == operation).all(axis=1))


def mutated(space: IndexedSpace, cells: CellArray, uniforms: FloatArray) -> CellArray:
    """Mutated cells, each with another operation on one edge.

    Args:
        space: the space of the cells.
        cells: the cells to mutate, shape [R].
        uniforms: uniform numbers for the node, for the edge among those that end in it, and for the new operation,
            shape [R, 3].

    As in the scripts of NAS-Bench-201 the node is drawn first, so that the only edge of the first node changes as often
    as all three edges of the last node together.
    """
    sizes = np.array(space.edges_of_node)
    nodes = integers_below(uniforms[:, 0], len(sizes))
    edges = (np.cumsum(sizes) - sizes)[nodes] + integers_below(uniforms[:, 1], sizes[nodes])
    strides, options = _strides(space)[edges], np.array(space.options)[edges]
    old = cells // strides % options
    new = (old + 1 + integers_below(uniforms[:, 2], options - 1)) % options
    return np.asarray(cells + (new - old) * strides)


def neighbours(space: IndexedSpace, cells: CellArray) -> CellArray:
    """The cells that differ from each cell in one edge's operation, shape [R, Σ (O - 1)], edge by edge."""
    counts = np.array(space.options)
    edges = np.repeat(np.arange(len(counts)), counts - 1)
    steps = np.concatenate([np.arange(1, count) for count in space.options])
    strides, options = _strides(space)[edges], counts[edges]
    old = cells[:, None] // strides % options
    return np.asarray(cells[:, None] + ((old + steps) % options - old) * strides)


def _strides(space: IndexedSpace) -> CellArray:
    """Change of a cell's index by one step in the operation of each edge, shape [E]."""
    after = np.cumprod(np.array([1, *space.options[:0:-1]], dtype=np.int64))
    return np.asarray(after[::-1])
