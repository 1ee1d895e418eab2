"""The encodings as choices. Oracles: the class of one encoding at a time, and the neighbours of architectures."""

from __future__ import annotations

import random

import numpy as np
import pytest

from harness.errors import SpaceError
from harness.search.query.indexed import choices_of, neighbours
from harness.spaces.nasbench_graph import NasBenchGraph
from harness.spaces.nasbench_graph.encoded import class_numbers
from harness.spaces.nasbench_graph.encoding import OPERATIONS, GraphArchitecture, encodings, representative

CHOICES = NasBenchGraph.encoded.choices


@pytest.fixture(scope="module")
def keys() -> list[str]:
    return list(NasBenchGraph.encoded.keys())


def encoding(place: int) -> GraphArchitecture:
    *links, one, two, three, four = choices_of(CHOICES, np.array([place]))[0].tolist()
    return GraphArchitecture((0, *links), tuple(OPERATIONS[each] for each in (one, two, three, four)))


def test_each_encoding_has_the_key_of_its_class(space: NasBenchGraph, keys: list[str]) -> None:
    assert len(keys) == len(CHOICES) == 2 * 3 * 4 * 9**4
    for place in random.Random(0).sample(range(len(keys)), 500):
        if keys[place]:
            assert keys[place] == space.key(encoding(place))


def test_all_classes_are_there_and_four_skips_are_none(space: NasBenchGraph, keys: list[str]) -> None:
    assert {*keys} - {""} == {str(architecture) for architecture in space}
    empty = [place for place, key in enumerate(keys) if not key]
    assert len(empty) == 24
    for place in empty:
        with pytest.raises(SpaceError, match="four skips"):
            encoding(place)
    assert (class_numbers() < 0).sum() == 24


def test_neighbouring_encodings_are_those_of_neighbouring_architectures(space: NasBenchGraph, keys: list[str]) -> None:
    places = {choices: place for place, choices in enumerate(map(tuple, choices_of(CHOICES, np.arange(len(keys)))))}
    for architecture in space.sample(4, seed=1):
        own = [places[(*each.link[1:], *map(OPERATIONS.index, each.operations))] for each in encodings(architecture)]
        near = {keys[place] for place in neighbours(CHOICES, np.array(own)).flatten().tolist()} - {
            "",
            str(architecture),
        }
        assert near == {str(each) for each in space.neighbours(architecture)}
        assert {keys[place] for place in own} == {str(representative(architecture))}
