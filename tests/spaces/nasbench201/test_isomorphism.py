"""Which cells are one graph.

Oracles: `isomorph_index` of the official table (data folder), the official client's own rule
(`nats_bench`: `to_unique_str(consider_zero=True)`), trees instead of text (tests/reference), and equal networks.
"""

import random
from collections import defaultdict

import pytest
import torch
from nats_bench.genotype_utils import topology_str2structure

from harness.spaces.nasbench201 import Cell
from harness.spaces.nasbench201.isomorphism import representative
from tests.reference import spaces_isomorphism as reference

WEIGHTS = {"nor_conv_1x1": 1, "nor_conv_3x3": 9}  # of one channel pair
LETTERS = {".": "none", "s": "skip_connect", "1": "nor_conv_1x1", "3": "nor_conv_3x3", "p": "avg_pool_3x3"}


@pytest.fixture(scope="module")
def cells(space):
    return list(space)


@pytest.fixture(scope="module")
def classes(cells):
    """Members by representative."""
    members = defaultdict(list)
    for cell in cells:
        members[representative(cell)].append(cell)
    return members


def spelt(letters):
    """The cell of six letters in the order 1←0, 2←0, 2←1, 3←0, 3←1, 3←2."""
    return Cell(tuple(LETTERS[letter] for letter in letters))


def partition(cells, label):
    members = defaultdict(set)
    for cell in cells:
        members[label(cell)].add(cell)
    return {frozenset(group) for group in members.values()}


def is_refined_by(coarse, fine):
    """Whether every group of `fine` lies in one group of `coarse`."""
    group_of = {cell: number for number, group in enumerate(coarse) for cell in group}
    return all(len({group_of[cell] for cell in group}) == 1 for group in fine)


def weights(operations):
    return sum(WEIGHTS.get(operation, 0) for operation in operations)


def test_the_classes_are_those_of_the_official_table(official, classes):
    index_of = dict(zip(official["architecture"], official["isomorph_index"], strict=True))
    assert len(set(index_of.values())) == 6466
    ours = {frozenset(map(str, group)) for group in classes.values()}
    theirs = defaultdict(set)
    for architecture, index in index_of.items():
        theirs[index].add(architecture)
    assert ours == {frozenset(group) for group in theirs.values()}


def test_the_classes_are_those_of_the_official_client(cells, classes):
    theirs = partition(cells, lambda cell: topology_str2structure(str(cell)).to_unique_str(consider_zero=True))
    assert len(theirs) == 6466
    assert {frozenset(group) for group in classes.values()} == theirs


def test_the_classes_lie_between_graphs_with_nested_and_with_flat_sums(cells, classes):
    ours = {frozenset(group) for group in classes.values()}
    nested, flat, functions = (
        partition(cells, lambda cell, tree=tree: tree(cell.operations))
        for tree in (reference.nested_graph, reference.flat_graph, reference.function)
    )
    assert [len(groups) for groups in (nested, ours, flat, functions)] == [6900, 6466, 5755, 4930]
    assert is_refined_by(ours, nested)
    assert is_refined_by(flat, ours)
    assert is_refined_by(functions, flat)


def test_a_sample_of_pairs_agrees_with_the_trees(cells):
    pairs = random.Random(0).sample(cells, 400)
    for first in pairs:
        for second in pairs[:40]:
            same = representative(first) == representative(second)
            assert same >= (reference.nested_graph(first.operations) == reference.nested_graph(second.operations))
            assert same <= (reference.flat_graph(first.operations) == reference.flat_graph(second.operations))


def test_the_representative_is_a_member_and_its_own_representative(classes):
    for first, members in classes.items():
        assert first in members
        assert representative(first) == first


def test_the_representative_has_the_fewest_parameters(space, classes):
    for first, members in classes.items():
        assert space.sizes(first).parameters == min(space.sizes(each).parameters for each in members)


def test_ties_go_to_the_first_in_the_order_of_the_space(cells, classes):
    place = {cell: number for number, cell in enumerate(cells)}
    for first, members in classes.items():
        lightest = min(weights(cell.operations) for cell in members)
        tied = [cell for cell in members if weights(cell.operations) == lightest]
        assert first == min(tied, key=place.__getitem__)


@pytest.mark.parametrize(
    ("letters", "canonical", "why"),
    [
        ("......", "......", "nothing to take out"),
        ("3..s..", "...s..", "node 1 leads nowhere"),
        ("..3p1.", "...p..", "node 1 is never fed"),
        ("....3.", "......", "what a single zero feeds is zero"),
        ("s..s.3", "...s.3", "node 1 leads nowhere, and the sum of zeros in node 2 is not a single zero"),
    ],
)
def test_dead_edges_are_taken_out_by_hand(letters, canonical, why):
    assert representative(spelt(letters)) == spelt(canonical), why


def test_what_is_left_disconnected_reads_a_sum_of_zeros(classes):
    left = [cell for cell in classes if weights(reference.connected(cell.operations)) < weights(cell.operations)]
    assert len(left) == 120
    for cell in left:
        assert cell.operations[1] == cell.operations[2] == "none"  # node 2 sums two zeros
        assert cell.operations[5] in WEIGHTS
        assert weights((*cell.operations[:5], "none")) == weights(reference.connected(cell.operations))


def test_members_may_have_more_connected_weights_where_the_representative_uses_one_result_twice(cells, classes):
    # The published rule compares text, and so does not see that an operation is shared. The counts are this file's.
    heavier = [
        cell
        for cell in cells
        if weights(reference.connected(cell.operations))
        != weights(reference.connected(representative(cell).operations))
    ]
    assert (len(heavier), len({representative(cell) for cell in heavier})) == (1302, 430)
    assert spelt(".1.1.s") in heavier  # f(x) + g(x) with weights of their own
    assert representative(spelt(".1.1.s")) == spelt("1.s.ss")  # f(x) + f(x)


@pytest.mark.parametrize(
    ("letters", "canonical"),
    [  # the same convolutions on the same edges, and dead edges beside them
        ("3..1..", "...1.."),
        ("..31..", "...1.."),
        (".1p.11", ".1...1"),
        (".33s.p", ".3.s.p"),
        ("s..s.3", "...s.3"),
        ("1331p.", "1..1p."),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_a_representative_computes_what_its_member_computes(space, letters, canonical, training):
    member = spelt(letters)
    assert representative(member) == spelt(canonical)
    assert_equal_networks(space, member, representative(member), training)


def test_sampled_representatives_compute_what_their_members_compute(space, cells):
    """Those whose convolutions stand on the edges of the member's, so that weights copy by name."""
    pairs = [(cell, representative(cell)) for cell in random.Random(1).sample(cells, 600)]
    pairs = [(cell, other) for cell, other in pairs if cell != other and has_the_live_weights_of(cell, other)]
    assert len(pairs) > 100
    for member, first in pairs[:24]:
        assert_equal_networks(space, member, first, training=True)


def has_the_live_weights_of(member, representative):
    live = reference.connected(member.operations), reference.connected(representative.operations)
    return all(mine == theirs for mine, theirs in zip(*live, strict=True) if mine in WEIGHTS or theirs in WEIGHTS)


def assert_equal_networks(space, member, representative, training):
    first = space.build(member, width=4, depth=1, seed=1).double().train(training)
    second = space.build(representative, width=4, depth=1, seed=2).double().train(training)
    weights_of_first = first.state_dict()
    shared = {name: weights_of_first.get(name, tensor) for name, tensor in second.state_dict().items()}
    second.load_state_dict(shared)
    images = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(second(images), first(images), rtol=1e-12, atol=1e-12)
