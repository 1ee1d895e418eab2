"""Encodings and their representatives.

Oracle: the authors' own `Arch.valid_hash` (nas-bench-graph 1.4), over a sample here and over all 157,440 encodings in
the slow test, and the keys of its table; enumeration.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterable, Iterator

import pytest

from harness.errors import SpaceError
from harness.spaces.nasbench_graph import NasBenchGraph, parse
from harness.spaces.nasbench_graph.encoding import (
    LINKS,
    OPERATIONS,
    SKIP,
    GraphArchitecture,
    _representative,
    encodings,
    is_representative,
)

RAW_LINKS = list(itertools.product(*(range(node) for node in range(1, 5))))


def raw(count: int) -> Iterator[GraphArchitecture]:
    """Random encodings, with half of the operations skips, where the rules are."""
    generator = random.Random(0)
    while count:
        names = generator.choices(OPERATIONS, [1] * SKIP + [SKIP], k=4)
        if set(names) != {"skip"}:
            yield GraphArchitecture(generator.choice(RAW_LINKS), tuple(names))
            count -= 1


def held_to_the_package(architectures: Iterable[GraphArchitecture]) -> int:
    authors = pytest.importorskip("nas_bench_graph.architecture", reason="nas-bench-graph is not installed")
    count = 0
    for architecture in architectures:
        theirs = authors.Arch(list(architecture.link), list(architecture.operations)).valid_hash()
        assert architecture.number == theirs, str(architecture)
        count += 1
    return count


def test_numbers_are_those_of_the_authors_function() -> None:
    assert held_to_the_package(raw(3000)) == 3000


@pytest.mark.slow
def test_all_numbers_are_those_of_the_authors_function() -> None:
    every = (
        GraphArchitecture(link, names)
        for link in RAW_LINKS
        for names in itertools.product(OPERATIONS, repeat=4)
        if set(names) != {"skip"}
    )
    assert held_to_the_package(every) == 24 * (9**4 - 1)


@pytest.mark.slow
def test_the_quick_answer_is_the_rules() -> None:
    for link in LINKS:
        for places in itertools.product(range(9), repeat=4):
            expected = min(places) < SKIP and _representative(link, places) == (link, places)
            assert is_representative(link, places) == expected, (link, places)


def test_the_classes_are_listed_once_in_the_order_of_their_numbers(space: NasBenchGraph) -> None:
    listed = list(space)
    assert len(listed) == len(space) == 26_206
    digits = [(LINKS.index(each.link), *map(OPERATIONS.index, each.operations)) for each in listed]
    assert digits == sorted(set(digits))
    for each in listed[::500]:
        assert space.canonical(each) == each


def test_an_encoding_has_the_key_of_its_class(space: NasBenchGraph) -> None:
    # a skip that is read is left out, and stands at the front; the sources of equal nodes change places
    for text, key in {
        "0000:fc:gcn:gat:gin": "0000:gat:gcn:gin:fc",
        "0000:fc:skip:skip:skip": "0123:skip:skip:skip:fc",
        "0123:gcn:skip:gcn:skip": "0123:skip:skip:gcn:gcn",
        "0111:fc:fc:skip:skip": "0111:fc:fc:skip:skip",
        "0021:gcn:fc:sage:arma": "0012:gcn:fc:arma:sage",
    }.items():
        assert space.key(parse(text)) == key
        assert space.minimal(parse(text)) == space.canonical(parse(text)) == parse(key)


def test_encodings_are_all_of_a_class(space: NasBenchGraph) -> None:
    own = parse("0123:skip:skip:gcn:gat")
    expected = {each for each in _every_order(own) if space.canonical(each) == own}
    assert encodings(own) == expected
    assert len(expected) > 20


def _every_order(own: GraphArchitecture) -> Iterator[GraphArchitecture]:
    for link, names in itertools.product(RAW_LINKS, set(itertools.permutations(own.operations))):
        yield GraphArchitecture(link, names)


@pytest.mark.parametrize(
    "form",
    [
        "0123:skip:skip:gcn:gcn",
        "88811",
        88811,
        ([0, 1, 2, 3], ["skip", "skip", "gcn", "gcn"]),
        " 0123:skip:skip:gcn:gcn\n",
    ],
)
def test_forms_of_one_architecture(form: object) -> None:
    assert str(parse(form)) == "0123:skip:skip:gcn:gcn"
    assert parse(form).number == 88811
    assert parse(1).link == (0, 0, 0, 0)
    assert parse(1).operations == ("gat", "gat", "gat", "gcn")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0123:skip:skip:gcn", "an architecture reads 0123:skip:skip:gcn:gcn"),
        ("0123:skip:skip:gcn:gcm", "unknown operation 'gcm'. Did you mean 'gcn'?"),
        ("0133:gcn:gcn:gcn:gcn", "node 3 reads an earlier node, 0 to 2, got 3"),
        ("0123:skip:skip:skip:skip", "four skips are no network"),
        ("98811", "it is no key"),
        ("88888", "four skips are no network"),
        ("10", "it is the key of no class: this network has the key 1"),
        ([0, 1, 2, 3], "expected a link and operations"),
    ],
)
def test_what_is_no_architecture(text: object, why: str) -> None:
    with pytest.raises(SpaceError, match=re.escape(why)) as error:
        parse(text)
    assert "\n" not in str(error.value)


def test_neighbours_are_one_choice_away_in_some_encoding(space: NasBenchGraph) -> None:
    own = parse("0123:gcn:gat:fc:sage")
    near = space.neighbours(own)
    assert parse("0123:gcn:gat:fc:arma") in near
    assert parse("0122:gcn:gat:sage:fc") in near
    assert space.canonical(parse("0123:gcn:skip:fc:sage")) in near
    assert parse("0123:gcn:gat:sage:fc") not in near
    assert [each.number for each in near] == sorted(each.number for each in near)
