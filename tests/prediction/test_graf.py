"""GRAF's features against paths listed one by one, and the forest."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from harness.errors import SearchError
from harness.prediction.graf import ends, forest_predictions, graf_features
from harness.spaces.nasbench201 import NasBench201
from harness.spaces.searches import IndexedSpace


def paths(edges: list[tuple[int, int]], node: int, last: int) -> list[int]:
    """Lengths of all paths from a node to the last, along edges."""
    if node == last:
        return [0]
    return [1 + rest for source, target in edges if source == node for rest in paths(edges, target, last)]


def plain(space: IndexedSpace, cell: list[int]) -> list[float]:
    nodes, pairs = len(space.edges_of_node), ends(space)
    sets = sorted(
        (
            set(members)
            for size in range(space.operations + 1)
            for members in combinations(range(space.operations), size)
        ),
        key=lambda members: sum(2**one for one in members),
    )
    kept = lambda allowed: [pair for pair, operation in zip(pairs, cell, strict=True) if operation in allowed]  # noqa: E731
    everything = set(range(space.operations))
    found: list[float] = [cell.count(operation) for operation in range(space.operations)]
    found += [min(paths(kept(everything - banned), 0, nodes), default=nodes + 2) for banned in sets[:-1]]
    found += [max(paths(kept(allowed), 0, nodes), default=-1) for allowed in sets[1:]]
    found += [sum(target == nodes for _, target in kept(allowed)) for allowed in sets[1:]]
    found += [sum(source == 0 for source, _ in kept(allowed)) for allowed in sets[1:]]
    return found + [len(kept(allowed)) / (nodes + 1) for allowed in sets[1:]]


@pytest.mark.parametrize("space", [NasBench201.choices, IndexedSpace(3, (1, 2)), IndexedSpace(4, (1, 1, 1))])
def test_features_are_those_of_paths_listed_one_by_one(space: IndexedSpace) -> None:
    choices = np.random.default_rng(0).integers(0, space.operations, (40, space.edges))
    found = graf_features(space, choices)
    assert found.shape == (40, space.operations + 5 * (2**space.operations - 1))
    np.testing.assert_allclose(found, [plain(space, cell) for cell in choices.tolist()], rtol=1e-6)


def test_edges_are_those_of_the_benchmark() -> None:
    assert ends(NasBench201.choices) == [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize("space", [IndexedSpace(9, (1,)), IndexedSpace(2, (2, 1))])
def test_what_has_no_features_is_refused(space: IndexedSpace) -> None:
    with pytest.raises(SearchError, match="GRAF's features are of cells of at most 8 operations"):
        graf_features(space, np.zeros((1, space.edges), dtype=np.int64))


def test_the_forest_is_scikit_learns_with_its_defaults() -> None:
    space, generator = IndexedSpace(3, (1, 2)), np.random.default_rng(0)
    features = graf_features(space, generator.integers(0, 3, (20, 3)))
    values = generator.normal(size=20)
    expected = RandomForestRegressor(random_state=5).fit(features[:15], values[:15]).predict(features[15:])
    np.testing.assert_array_equal(forest_predictions(features[:15], values[:15], features[15:], seed=5), expected)
