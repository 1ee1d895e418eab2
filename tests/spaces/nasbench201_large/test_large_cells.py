"""Cells of nasbench201-large and their strings.

Oracles: NAS-Bench-201's format as its paper prints it, and its own reader for cells of both spaces; arithmetic.
"""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import SpaceError
from harness.spaces import nasbench201, open_space
from harness.spaces.listed import all_architectures
from harness.spaces.nasbench201_large import LargeCell, NasBench201Large, parse
from harness.spaces.nasbench201_large.cell import OPERATIONS

SPACE = NasBench201Large()
TEMPLATE = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"
GOOD = TEMPLATE.format("sep_conv_7x7", "none", "bot4_conv_5x5", "skip_connect", "max_pool_3x3", "nor_conv_5x5")
SIX = st.tuples(*[st.sampled_from(OPERATIONS)] * 6)


def test_there_are_21_operations_on_six_edges_and_the_first_five_are_nasbench201s():
    assert len(OPERATIONS) == len(set(OPERATIONS)) == 21
    assert OPERATIONS[:5] == nasbench201.cell.OPERATIONS
    assert len(SPACE) == 21**6 == 85_766_121


@given(SIX)
def test_a_cell_prints_in_the_papers_format_and_parses_back(operations):
    cell = LargeCell(operations)
    assert str(cell) == TEMPLATE.format(*operations) == SPACE.key(cell)
    assert parse(str(cell)) == parse(f"\ufeff {str(cell).replace('+', ' + ')}\n") == cell
    assert SPACE.canonical(cell) == SPACE.minimal(cell) == cell


def test_a_cell_of_both_spaces_has_one_text_and_is_two_values():
    for theirs in open_space("nasbench201").sample(50):
        ours = parse(str(theirs))
        assert (str(ours), ours.operations) == (str(theirs), theirs.operations)
        assert ours != theirs


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GOOD.replace("sep_conv_7x7", "sep_conv_7x8"), "operation 'sep_conv_7x8'. Did you mean 'sep_conv_7x7'?"),
        (GOOD.replace("bot4", "bot3"), "unknown operation 'bot3_conv_5x5'. Did you mean 'bot"),
        (GOOD.replace("~2", "~1"), "edge 3←2 'nor_conv_5x5~1' names source '1', expected 2"),
        (GOOD.replace("max_pool_3x3~1|", ""), "node 3 has 2 edges, expected 3"),
        ("(4, 0, 3, 1, 4, 3)", "it has 1 nodes between '+', expected 3"),
    ],
)
def test_what_is_no_cell_is_refused_in_a_line_with_the_nearest_name(text, complaint):
    with pytest.raises(SpaceError, match=re.escape(complaint)) as error:
        parse(text)
    assert str(error.value).startswith("malformed nasbench201-large cell '")
    assert "\n" not in str(error.value)


def test_other_operations_and_other_numbers_of_them_are_no_cell():
    with pytest.raises(SpaceError, match=r"unknown operation 'nor_conv_7x7'\. Did you mean 'nor_conv_"):
        LargeCell(("nor_conv_7x7",) * 6)
    with pytest.raises(SpaceError, match="a nasbench201-large cell has 6 operations, got 5"):
        LargeCell(("none",) * 5)
    with pytest.raises(SpaceError, match=r"is not a nasbench201-large cell: get one from space\.parse\(text\), here"):
        SPACE.build(open_space("nasbench201").parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**64), fewer=st.integers(1, 60), more=st.integers(0, 60))
def test_the_same_seed_gives_the_same_sample_and_a_smaller_one_is_its_start(seed, fewer, more):
    larger = SPACE.sample(fewer + more, seed)
    assert len(set(larger)) == fewer + more
    assert SPACE.sample(fewer, seed) == larger[:fewer]


def test_a_sample_is_uniform_over_the_operations_of_every_edge_and_over_pairs_of_edges():
    # 8,820 draws: 420 of an operation on an edge, of which 20 is a standard deviation; 20 of a pair, and 4.5
    sample = SPACE.sample(8_820, seed=1)
    for edge in range(6):
        counts = Counter(cell.operations[edge] for cell in sample)
        assert set(counts) == set(OPERATIONS)
        assert all(abs(count - 420) < 100 for count in counts.values())
    pairs = Counter(cell.operations[1::4] for cell in sample)
    assert len(pairs) == 441
    assert max(pairs.values()) < 50


@pytest.mark.parametrize("count", [0, -1, 21**6 + 1])
def test_a_sample_of_no_cell_or_more_than_there_are_is_refused(count):
    with pytest.raises(SpaceError, match=re.escape("the space has 85,766,121 (allowed: 1 to 85,766,121)")):
        SPACE.sample(count)


def test_the_space_cannot_be_listed():
    with pytest.raises(SpaceError, match=re.escape("nasbench201-large has 8.58e+07 architectures, too many to list")):
        all_architectures(SPACE)


def test_neighbours_differ_in_one_operation():
    cell = parse(GOOD)
    neighbours = SPACE.neighbours(cell)
    assert len(set(neighbours)) == 6 * 20
    for other in neighbours:
        assert sum(a != b for a, b in zip(cell.operations, other.operations, strict=True)) == 1
