"""GRAF: features of a cell as a graph, and a random forest on them.

Kadlecová et al., "Surprisingly Strong Performance Prediction with Neural Graph Features", ICML 2024. Paths and degrees
are taken for every set of operations, as in the authors' code for NAS-Bench-201, where an edge without an operation
(`none`) is an edge like the others. There the names of the in- and out-degree are swapped, and the two mean degrees are
equal numbers; both are kept here once, under their meaning, and the mean once.

Legend: N cells, E edges, O operations, S = 2^O - 1 sets of them, F features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from harness.errors import SearchError

if TYPE_CHECKING:
    from harness.spaces.searches import IndexedSpace

FloatArray = npt.NDArray[np.float64]
ChoiceArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MOST_OPERATIONS = 8
NO_PATH = -1
"""The longest path where there is none."""


def ends(space: IndexedSpace) -> list[tuple[int, int]]:
    """The nodes (source, target) of each edge: a node with k edges has them from the k nodes before it."""
    return [
        (source, target)
        for target, count in enumerate(space.edges_of_node, start=1)
        for source in range(target - count, target)
    ]


def has_features(space: IndexedSpace) -> bool:
    """Whether a space's cells are graphs of few operations, the same on all edges, as GRAF's features need."""
    return space.operations <= MOST_OPERATIONS and space.is_even and all(source >= 0 for source, _ in ends(space))


def graf_features(space: IndexedSpace, choices: ChoiceArray) -> npt.NDArray[np.float32]:
    """The features of cells, [N, F], F = O + 5 S.

    They are, in this order: how often each operation is in the cell (O), and for each set of operations the shortest
    path from the first to the last node without them (S; for no operations banned up to all but one; the number of
    nodes + 1 where there is none), the longest path with them alone (S; -1 where there is none), the edges with them
    that enter the last node (S) and that leave the first (S), and the edges with them for each node (S).

    Args:
        space: the space of the cells.
        choices: number of the operation on each edge, [N, E].

    Raises:
        SearchError: more than 8 operations, not as many on all edges, or a node with more edges than there are nodes
            before it.
    """
    pairs, operations = ends(space), space.operations
    if not has_features(space):
        raise SearchError(
            f"GRAF's features are of cells of at most {MOST_OPERATIONS} operations, as many on all edges, whose nodes "
            f"have edges from nodes before them; got {operations} operations, and {space.edges_of_node} edges into the "
            "nodes"
        )
    nodes = len(space.edges_of_node) + 1
    sets = (np.arange(2**operations)[:, None] >> np.arange(operations) & 1).astype(np.bool_)  # [S + 1, O]
    counts = [(choices == operation).sum(axis=1) for operation in range(operations)]
    shortest = [_paths(~banned[choices], pairs, nodes)[0] for banned in sets[:-1]]
    allowed = [members[choices] for members in sets[1:]]
    longest = [_paths(edges, pairs, nodes)[1] for edges in allowed]
    into = np.array([target == nodes - 1 for _, target in pairs])
    out_of = np.array([source == 0 for source, _ in pairs])
    degrees = [edges[:, chosen].sum(axis=1) for chosen in (into, out_of) for edges in allowed]
    means = [edges.sum(axis=1) / nodes for edges in allowed]
    return np.stack([*counts, *shortest, *longest, *degrees, *means], axis=1, dtype=np.float32, casting="unsafe")


def _paths(there: BoolArray, pairs: list[tuple[int, int]], nodes: int) -> tuple[FloatArray, FloatArray]:
    """Lengths of the shortest and of the longest path from the first to the last node along edges that are there."""
    shortest = np.full((len(there), nodes), np.inf)
    longest = np.full((len(there), nodes), -np.inf)
    shortest[:, 0] = longest[:, 0] = 0
    for edge, (source, target) in enumerate(pairs):  # edges into a node stand behind those into its source
        step = np.where(there[:, edge], 1.0, np.inf)
        shortest[:, target] = np.minimum(shortest[:, target], shortest[:, source] + step)
        longest[:, target] = np.where(
            there[:, edge], np.maximum(longest[:, target], longest[:, source] + 1), longest[:, target]
        )
    last = shortest[:, -1], longest[:, -1]
    return np.where(np.isinf(last[0]), nodes + 1.0, last[0]), np.where(np.isinf(last[1]), float(NO_PATH), last[1])


def forest_predictions(
    features: npt.NDArray[np.float32], values: FloatArray, others: npt.NDArray[np.float32], seed: int = 0
) -> FloatArray:
    """Predictions [K] of scikit-learn's random forest with its default settings, as the paper has it.

    Args:
        features: of the cells with values, [N, F].
        values: their values, [N].
        others: features of the cells to predict, [K, F].
        seed: seed of the forest.
    """
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(random_state=seed).fit(features, values)
    return np.asarray(forest.predict(others), dtype=np.float64)
