"""Cells and their strings.

Oracles: the format as printed by the paper (a template of this file's own), the official client's reader
(`nats_bench.genotype_utils`), the order of the official table, and properties.
"""

import itertools
import random
import re

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nats_bench.genotype_utils import topology_str2structure

from harness.errors import SpaceError
from harness.spaces.nasbench201 import Cell, NasBench201, parse

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")  # Dong & Yang 2020, section 2.1
TEMPLATE = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"
GOOD = TEMPLATE.format(*["none"] * 6)
QUOTED = 60
"""Characters of a longer text that a message quotes at least."""
SIX_OPERATIONS = st.tuples(*[st.sampled_from(OPERATIONS)] * 6)


@pytest.fixture(scope="module")
def cells(space):
    return list(space)


def test_the_space_has_its_15625_cells_each_once(space, cells):
    assert len(space) == len(cells) == len(set(cells)) == 5**6
    assert {cell.operations for cell in cells} == set(itertools.product(OPERATIONS, repeat=6))
    assert list(space) == cells


def test_every_cell_prints_in_the_papers_format_and_parses_back(cells, space):
    texts = [str(cell) for cell in cells]
    assert texts == [TEMPLATE.format(*cell.operations) for cell in cells]
    assert [space.parse(text) for text in texts] == cells
    assert len(set(texts)) == 5**6


def test_the_official_client_reads_every_string_as_the_same_edges(cells):
    for cell in cells:
        read = topology_str2structure(str(cell))
        assert [edge for node in read.nodes for edge in node] == list(
            zip(cell.operations, (0, 0, 1, 0, 1, 2), strict=True)
        )


def test_equal_cells_are_one_member_of_a_set():
    assert len({parse(GOOD), parse(GOOD), Cell(("none",) * 6)}) == 1


def test_in_order_gives_the_official_index_order(space, official):
    keys = official["architecture"].tolist()
    ordered = list(space.in_order(keys))
    assert [str(cell) for cell in ordered] == keys
    assert set(ordered) == set(space)
    # NAS-Bench-201's API, index 1835: the cell that skips everything; 9930: the one that DrNAS reports.
    assert ordered[1835] == Cell(("skip_connect",) * 6)
    assert str(ordered[9930]) == TEMPLATE.format(
        "nor_conv_3x3", "nor_conv_3x3", "nor_conv_3x3", "skip_connect", "nor_conv_3x3", "nor_conv_3x3"
    )


def test_in_order_keeps_any_order(space, cells):
    shuffled = [str(cell) for cell in cells]
    random.Random(0).shuffle(shuffled)
    assert [str(cell) for cell in space.in_order(shuffled)] == shuffled


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda keys: keys[:-1], "got 15,624 keys of which 15,624 differ"),
        (lambda keys: keys[:-1] + keys[:1], "got 15,625 keys of which 15,624 differ"),
        (lambda keys: keys + keys[:1], "got 15,626 keys of which 15,625 differ"),
        (lambda keys: [*keys[:-1], f" {keys[0]} "], "got 15,625 keys of which 15,624 differ"),
        (lambda keys: [], "got 0 keys of which 0 differ"),
        (lambda keys: [*keys[:-1], "|a|"], "malformed NAS-Bench-201 cell '|a|'"),
    ],
)
def test_in_order_refuses_what_is_no_order_of_the_space(space, cells, change, complaint):
    keys = change([str(cell) for cell in cells])
    with pytest.raises(SpaceError, match=re.escape(complaint)):
        space.in_order(keys)


@pytest.mark.parametrize("count", [1, 2, 500, 15_625])
def test_a_sample_has_different_cells_of_the_space(space, cells, count):
    sample = space.sample(count)
    assert len(sample) == len(set(sample)) == count
    assert set(sample) <= set(cells)


@pytest.mark.slow
@settings(max_examples=20)
@given(seed=st.integers(0, 2**64), fewer=st.integers(1, 60), more=st.integers(0, 60))
@example(seed=0, fewer=15_000, more=625)
def test_the_same_seed_gives_the_same_sample_and_a_smaller_one_is_its_start(seed, fewer, more):
    space = NasBench201()
    larger = space.sample(fewer + more, seed)
    assert space.sample(fewer + more, seed) == larger
    assert space.sample(fewer, seed) == larger[:fewer]


@pytest.mark.slow
def test_seeds_give_different_samples(space):
    samples = {tuple(space.sample(20, seed)) for seed in range(50)}
    assert len(samples) == 50


def test_a_sample_is_uniform_over_the_operations_of_every_edge(space):
    # 3,000 draws of 5 operations: mean 600, standard deviation 22; 110 is five of them.
    sample = space.sample(3000, seed=1)
    for edge in range(6):
        counts = [sum(cell.operations[edge] == name for cell in sample) for name in OPERATIONS]
        assert max(abs(count - 600) for count in counts) < 110


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (-3, "-3"), (15_626, "15,626")])
def test_a_sample_that_cannot_be_drawn_is_refused(space, count, shown):
    message = f"cannot sample {shown} architectures: the space has 15,625 (allowed: 1 to 15,625)"
    with pytest.raises(SpaceError, match=re.escape(message)):
        space.sample(count)


def test_no_global_random_state_matters_to_a_sample_or_moves(space):
    samples = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        samples.append(space.sample(50, seed=7))
        assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before
    assert samples[0] == samples[1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            GOOD.replace("none~2", "nor_conv_3x2~2"),
            "unknown operation 'nor_conv_3x2'. Did you mean 'nor_conv_3x3'? Known: avg_pool_3x3, none, nor_conv_1x1, "
            "nor_conv_3x3, skip_connect",
        ),
        (GOOD.replace("none~2", "skip~2"), "unknown operation 'skip'."),
        (GOOD.replace("none~2", "None~2"), "unknown operation 'None'. Did you mean 'none'?"),
        (GOOD.replace("none~2", " none~2"), "unknown operation ' none'. Did you mean 'none'?"),
        (GOOD.replace("none~2", "~2"), "unknown operation ''."),
        ("|none~0|+|none~0|none~1|", "it has 2 nodes between '+', expected 3"),
        (GOOD + "+|none~0|none~1|none~2|none~3|", "it has 4 nodes between '+', expected 3"),
        (GOOD.removesuffix("none~2|"), "node 3 has 2 edges, expected 3"),
        (GOOD + "none~3|", "node 3 has 4 edges, expected 3"),
        (GOOD.replace("|none~0|+", "|none~0|none~0|+", 1), "node 1 has 2 edges, expected 1"),
        (GOOD.replace("none~2", "none~1"), "edge 3←2 'none~1' names source '1', expected 2"),
        (GOOD.replace("none~2", "none~02"), "edge 3←2 'none~02' names source '02', expected 2"),
        (GOOD.replace("none~2", "none~٢"), "edge 3←2 'none~٢' names source '٢', expected 2"),
        (GOOD.replace("none~2", "none~"), "edge 3←2 'none~' names source '', expected 2"),
        (GOOD.replace("none~2", "none"), "edge 3←2 'none' is not 'operation~source'"),
        (GOOD.replace("none~2", "none~2~2"), "edge 3←2 'none~2~2' is not 'operation~source'"),
        (GOOD.replace("none~2", ""), "edge 3←2 '' is not 'operation~source'"),
        (GOOD[:-1], "node 3 '|none~0|none~1|none~2' does not stand between '|'"),
        (GOOD[1:], "node 1 'none~0|' does not stand between '|'"),
        (GOOD.replace("|none~0|+", "none~0+", 1), "node 1 'none~0' does not stand between '|'"),
        (GOOD.replace("|none~0|+", "|+", 1), "node 1 '|' does not stand between '|'"),
        (GOOD.replace("|none~0|+", "||+", 1), "edge 1←0 '' is not 'operation~source'"),
        ("", "it has 1 nodes between '+', expected 3"),
        ("++", "node 1 '' does not stand between '|'"),
        (None, "it has 1 nodes between '+', expected 3"),
        (4711, "it has 1 nodes between '+', expected 3"),
        (("none",) * 6, "it is no tuple of six indices"),
        (GOOD.encode(), "does not stand between '|'"),
    ],
)
def test_a_malformed_string_is_refused_by_name_and_place(text, complaint):
    with pytest.raises(SpaceError, match=re.escape(complaint)) as error:
        parse(text)
    assert f"malformed NAS-Bench-201 cell {str(text)!r}: " in str(error.value)
    assert str(error.value).endswith("A cell reads |op~0|+|op~0|op~1|+|op~0|op~1|op~2|")


@pytest.mark.parametrize("around", [" {}", "{}\n", "\t {} \r\n"])
def test_white_space_around_a_string_is_no_matter(around):
    assert str(parse(around.format(GOOD))) == GOOD


@given(operations=SIX_OPERATIONS)
def test_a_cell_is_its_own_string(operations):
    cell = Cell(operations)
    assert parse(TEMPLATE.format(*operations)) == cell == parse(str(cell))
    assert hash(parse(str(cell))) == hash(cell)


@st.composite
def damaged(draw):
    """A cell's string with a few characters taken out, put in or exchanged."""
    text = list(TEMPLATE.format(*draw(SIX_OPERATIONS)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        text[place : place + draw(st.integers(0, 2))] = draw(st.text("|~+012 \nnoe", max_size=2))
    return "".join(text)


def check_parses_or_is_refused(text):
    refusal = ""
    printed = None
    try:
        printed = str(parse(text))
    except SpaceError as error:
        refusal = str(error)
    assert printed == text.strip() or repr(text)[:QUOTED] in refusal


@given(text=st.text() | st.text("|~+012 none_skip", max_size=60))
@example(text="0" * 147)
def test_any_text_parses_to_itself_or_is_refused(text):
    check_parses_or_is_refused(text)


@given(text=damaged())
@example(text=GOOD)
def test_a_damaged_string_parses_to_itself_or_is_refused(text):
    check_parses_or_is_refused(text)


@pytest.mark.parametrize(
    ("operations", "complaint"),
    [
        (("none",) * 5, "a NAS-Bench-201 cell has 6 operations, got 5"),
        ((), "a NAS-Bench-201 cell has 6 operations, got 0"),
        (("none",) * 5 + ("avg_pool",), "unknown operation 'avg_pool'. Did you mean 'avg_pool_3x3'?"),
    ],
)
def test_a_cell_of_other_operations_is_refused(operations, complaint):
    with pytest.raises(SpaceError, match=re.escape(complaint)):
        Cell(operations)
