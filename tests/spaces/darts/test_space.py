"""The DARTS space as a whole: its size, its samples, its neighbours."""

import itertools
from collections import Counter

import pytest
import torch

from harness.errors import SpaceError
from harness.spaces import open_space
from harness.spaces.darts import Genotype
from harness.spaces.darts.genotype import OPERATIONS, canonical
from harness.spaces.listed import all_architectures
from tests.spaces.darts.genotypes import DARTS_V2, EVERY_OPERATION

SPACE = open_space("darts")


def test_the_size_is_counted_out():
    cells = 1
    for node in (2, 3, 4, 5):
        choices = [
            (operations, sources)
            for operations in itertools.product(OPERATIONS, repeat=2)
            for sources in itertools.combinations(range(node), 2)
        ]
        cells *= len(choices)
    assert len(SPACE) == cells**2 == 1_076_746_950_455_072_400


def test_what_would_go_through_the_space_is_refused():
    with pytest.raises(SpaceError, match=r"the DARTS space has 1\.08e\+18 genotypes"):
        list(SPACE)
    with pytest.raises(SpaceError, match=r"the DARTS space has 1\.08e\+18 genotypes"):
        all_architectures(SPACE)


def test_a_smaller_sample_is_the_start_of_a_larger_one():
    assert SPACE.sample(5, seed=2) == SPACE.sample(9, seed=2)[:5]
    assert SPACE.sample(5, seed=2) != SPACE.sample(5, seed=3)
    with pytest.raises(SpaceError, match="at least 1"):
        SPACE.sample(0)


def test_a_sample_is_uniform_over_operations_and_pairs_of_inputs():
    genotypes = SPACE.sample(3000, seed=0)
    assert len({canonical(genotype) for genotype in genotypes}) == 3000
    operations, inputs = Counter(), Counter()
    for genotype in genotypes:
        for pairs in (genotype.normal, genotype.reduce):
            operations.update(operation for operation, _ in pairs)
            for node in range(4):
                inputs[node, tuple(source for _, source in pairs[2 * node : 2 * node + 2])] += 1
    assert len(operations) == 7
    for count in operations.values():
        assert count == pytest.approx(48_000 / 7, rel=0.06)  # five standard errors
    assert Counter(node for node, _ in inputs) == {0: 1, 1: 3, 2: 6, 3: 10}
    for (node, _), count in inputs.items():
        assert count == pytest.approx(6000 / [1, 3, 6, 10][node], rel=0.21)  # five standard errors


@pytest.mark.parametrize("found", [DARTS_V2, EVERY_OPERATION])
def test_neighbours_are_exactly_those_at_distance_one(found):
    """Against all changes of one operation or of one input, made and checked one by one."""
    expected = set()
    for kind, position in itertools.product(("normal", "reduce"), range(8)):
        pairs = getattr(found, kind)
        for operation, source in itertools.product(OPERATIONS, range(5)):
            changed = (*pairs[:position], (operation, source), *pairs[position + 1 :])
            if source == pairs[position ^ 1][1]:
                continue  # a node reads one input twice only where a file has it so
            differing = (operation != pairs[position][0]) + (source != pairs[position][1])
            try:
                genotype = Genotype(**{"normal": found.normal, "reduce": found.reduce, kind: changed})
            except SpaceError:
                continue
            if differing == 1:
                expected.add(genotype)
    neighbours = SPACE.neighbours(found)
    assert len(neighbours) == len(set(neighbours)) == 120
    assert set(neighbours) == expected
    assert all(found in SPACE.neighbours(neighbour) for neighbour in neighbours[::17])


def test_neighbours_of_a_nas_bench_201_cell_are_exactly_those_at_distance_one():
    space = open_space("nasbench201")
    cells = list(space)
    for found in space.sample(3):
        expected = {
            other
            for other in cells
            if sum(a != b for a, b in zip(found.operations, other.operations, strict=True)) == 1
        }
        neighbours = space.neighbours(found)
        assert len(neighbours) == 24
        assert set(neighbours) == expected


def test_an_architecture_of_another_space_is_refused():
    (cell,) = open_space("nasbench201").sample(1)
    for method in (SPACE.build, SPACE.sizes, SPACE.graphs, SPACE.minimal, SPACE.neighbours, SPACE.key):
        with pytest.raises(SpaceError, match="is not a DARTS genotype"):
            method(cell)
    with pytest.raises(SpaceError, match="is not a NAS-Bench-201 cell"):
        open_space("nasbench201").neighbours(DARTS_V2)


@pytest.mark.parametrize("genotype", SPACE.sample(20, seed=3), ids=range(20))
def test_discrete_weights_derive_to_their_genotype(genotype):
    tables = SPACE.discrete_weights(genotype)
    assert all(sum(map(sum, table)) == 8 for table in tables.values())
    assert {(len(table), len(table[0])) for table in tables.values()} == {(14, 8)}
    assert all(row[0] == 0 for table in tables.values() for row in table)
    found = SPACE.derive({name: torch.tensor(table, dtype=torch.float64) for name, table in tables.items()})
    assert SPACE.key(found) == SPACE.key(genotype)


def test_discrete_weights_count_two_operations_on_one_edge():
    twice = Genotype(
        (("skip_connect", 0), ("sep_conv_3x3", 0), *SPACE.sample(1)[0].normal[2:]), SPACE.sample(1)[0].reduce
    )
    row = SPACE.discrete_weights(twice)["normal"][0]
    assert row == [0, 0, 0, 1, 1, 0, 0, 0]
