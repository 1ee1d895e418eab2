"""Cells and their texts.

Oracles: the format and the example of the authors' README (github.com/yawen-d/TransNASBench), enumeration, properties.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.keys import space_of_key
from harness.errors import SpaceError
from harness.spaces.listed import all_architectures
from harness.spaces.space import ListedSpace, searchable
from harness.spaces.transnas_micro import MicroCell, TransNasMicro, parse
from harness.spaces.transnas_micro.cell import OPERATIONS

SIX = st.tuples(*[st.integers(0, 3)] * 6)


def text_of(digits: tuple[int, ...]) -> str:
    return "{}_{}{}_{}{}{}".format(*digits)


def test_the_example_of_the_authors() -> None:
    """1_02_333: node 1 skips; node 2 none and a 1×1 convolution; node 3 three 3×3 convolutions."""
    expected = ("skip_connect", "none", "nor_conv_1x1", "nor_conv_3x3", "nor_conv_3x3", "nor_conv_3x3")
    assert parse("64-41414-1_02_333").operations == parse("1_02_333").operations == expected
    assert OPERATIONS == ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")


def test_the_space_has_its_4096_cells_each_once_in_the_order_of_their_digits(space: TransNasMicro) -> None:
    found = list(space)
    assert len(space) == len(found) == 4**6 == 4_096
    assert [str(each) for each in found] == [text_of(digits) for digits in itertools.product(range(4), repeat=6)]
    assert all_architectures(space) == found
    assert isinstance(space, ListedSpace)


def test_in_order_keeps_any_order_and_refuses_what_is_none(space: TransNasMicro) -> None:
    keys = [str(each) for each in space]
    random.Random(0).shuffle(keys)
    assert [str(each) for each in space.in_order(keys)] == keys
    with pytest.raises(SpaceError, match=re.escape("got 4,095 keys of which 4,095 differ")):
        space.in_order(keys[:-1])


@given(digits=SIX)
def test_every_form_of_a_cell_is_read(digits: tuple[int, ...]) -> None:
    text = text_of(digits)
    cell = parse(text)
    assert str(cell) == text
    forms: tuple[object, ...] = (
        f" {text}\n", f"64-41414-{text}", digits, list(digits), np.array(digits), torch.tensor(digits), str(digits),
        ",".join(map(str, digits)),
    )  # fmt: skip
    assert {parse(form) for form in forms} == {cell}
    assert space_of_key(text) == space_of_key(f"64-41414-{text}") == "transnas-micro"


def test_neighbours_are_the_18_cells_with_one_other_operation(space: TransNasMicro) -> None:
    for cell in space.sample(5):
        nearby = space.neighbours(cell)
        assert len(set(nearby)) == len(nearby) == 18
        for each in nearby:
            assert sum(one != two for one, two in zip(cell.operations, each.operations, strict=True)) == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1_02_33", "it is not six digits in three groups"),
        ("64-2311-basic", "it is not six digits in three groups"),
        ("64-1111-1_02_333", "it is not six digits in three groups"),
        ("", "it is not six digits in three groups"),
        (None, "it is not six digits in three groups"),
        ("1_02_334", "edge 3←2 has operation 4, allowed are 0 to 3"),
        ("(1, 0, -2, 3, 3, 3)", "edge 2←1 has operation -2"),
        ("(1, 0, 2, 3, 3, True)", "it is not six digits"),
        ("(1, 0, 2, 3, 3)", "it is not six digits"),
        ("٣_02_333", "it is not six digits"),
    ],
)
def test_a_malformed_text_is_refused(text: object, complaint: str) -> None:
    with pytest.raises(SpaceError, match=re.escape(complaint)) as error:
        parse(text)
    assert f"malformed TransNAS-Bench-101 cell {str(text)!r}: " in str(error.value)
    assert "A cell reads 1_02_333" in str(error.value)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: MicroCell(("none",) * 5), "has 6 operations, got 5"),
        (lambda: MicroCell(("avg_pool_3x3",) * 6), "unknown operation 'avg_pool_3x3'"),
    ],
)
def test_a_cell_of_other_operations_is_refused(make: Callable[[], MicroCell], complaint: str) -> None:
    with pytest.raises(SpaceError, match=complaint):
        make()


@pytest.mark.parametrize("method", ["key", "canonical", "minimal", "neighbours", "build", "sizes", "graphs"])
def test_a_text_in_place_of_a_cell_is_refused_with_the_call_that_makes_one(space: TransNasMicro, method: str) -> None:
    with pytest.raises(SpaceError, match=re.escape("here space.parse('1_02_333')")):
        getattr(space, method)("1_02_333")


def test_gradient_searches_say_that_there_is_no_supernet(space: TransNasMicro) -> None:
    with pytest.raises(SpaceError, match="the space transnas-micro has no supernet"):
        searchable(space)
