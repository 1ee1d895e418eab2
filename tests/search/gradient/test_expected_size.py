"""The expected number of parameters: exact for one-hot weights, and a mean over the networks of a distribution."""

import itertools
import math

import pytest
import torch

from harness.search import SearchSetting
from harness.search.gradient.expected_size import expected_size
from harness.spaces import open_space
from harness.spaces.darts.genotype import OPERATIONS as CHOSEN
from harness.spaces.darts.genotype import Genotype
from harness.spaces.nasbench201.cell import OPERATIONS
from tests.search.gradient.searches import SPACES, generator

SETTING = SearchSetting(width=8, depth=2)
DARTS = SearchSetting(width=16, depth=8)


def sizes_of(space, setting=SETTING):
    return expected_size(space, space.supernet(width=4, depth=1).groups, setting)


def one_hot(cell, operations):
    return torch.nn.functional.one_hot(torch.tensor([operations.index(one) for one in cell]), len(operations)).double()


def test_one_hot_weights_have_the_parameters_of_their_cell():
    space, sizes = SPACES["nasbench201"], sizes_of(SPACES["nasbench201"])
    for cell in space.sample(40, seed=2):
        count = space.sizes(cell, {"width": 8, "depth": 2}).parameters
        assert float(sizes({"cell": one_hot(cell.operations, OPERATIONS)})) == count
        assert sizes.least <= count <= sizes.most


def test_the_mean_over_all_cells_is_that_of_their_distribution():
    space, sizes = SPACES["nasbench201"], sizes_of(SPACES["nasbench201"])
    weights = torch.randn(6, 5, generator=generator(4), dtype=torch.float64).softmax(dim=1)
    chances = [row.tolist() for row in weights]
    mean = math.fsum(
        space.sizes(cell, {"width": 8, "depth": 2}).parameters
        * math.prod(row[OPERATIONS.index(one)] for row, one in zip(chances, cell.operations, strict=True))
        for cell in space
    )
    assert float(sizes({"cell": weights})) == pytest.approx(mean, rel=1e-12)


def test_in_a_large_space_one_hot_weights_have_the_parameters_of_their_cell():
    space = open_space("nasbench201-large")
    sizes = sizes_of(space)
    (group,) = space.supernet(width=4, depth=1).groups.values()
    for cell in space.sample(10, seed=1):
        weights = {"cell": one_hot(cell.operations, group.operations)}
        assert float(sizes(weights)) == space.sizes(cell, {"width": 8, "depth": 2}).parameters


def test_in_the_darts_space_it_is_the_mean_over_the_inputs_that_a_node_may_keep():
    """One operation on all edges of each cell: every choice of two inputs at each node, of which all are listed."""
    space, sizes = SPACES["darts"], sizes_of(SPACES["darts"], DARTS)
    groups = space.supernet(width=4, depth=1).groups
    for name, group in groups.items():
        for operation in CHOSEN:
            pairs = [list(itertools.combinations(range(node), 2)) for node in range(2, 6)]
            counts = []
            for chosen in itertools.product(*pairs):
                cell = tuple((operation, source) for pair in chosen for source in pair)
                other = tuple(("max_pool_3x3", source) for pair in chosen for source in pair)
                genotype = Genotype(cell, other) if name == "normal" else Genotype(other, cell)
                counts.append(space.sizes(genotype, {"width": 16, "depth": 8}).parameters)
            weights = {
                each: one_hot([operation if each == name else "max_pool_3x3"] * 14, group.operations) for each in groups
            }
            assert float(sizes(weights)) == pytest.approx(math.fsum(counts) / len(counts), rel=1e-12)


def test_the_counts_of_the_darts_space_are_those_of_the_papers_code_with_batch_norm():
    """C² + k²C for each depthwise separable convolution, two in sep_conv, 2C for a batch norm; all cells together."""
    sizes = sizes_of(SPACES["darts"], DARTS)
    group = SPACES["darts"].supernet(width=4, depth=1).groups["normal"]
    wide = [16, 16, 32, 32, 64, 64]  # cells of 16, 16, R, 32, 32, R, 64, 64
    expected = {
        "none": 0, "skip_connect": 0, "avg_pool_3x3": 0,
        "sep_conv_3x3": sum(2 * (c * c + 9 * c + 2 * c) for c in wide),
        "dil_conv_5x5": sum(c * c + 25 * c + 2 * c for c in wide),
    }  # fmt: skip
    for edge, (target, _) in enumerate(group.edges):
        for operation, count in expected.items():
            found = float(sizes.tables["normal"][edge, group.operations.index(operation)])
            assert found == pytest.approx(2 / target * count)
    first = sizes.tables["reduce"][0, group.operations.index("skip_connect")]  # a factorised reduction
    assert float(first) == sum(c * c + 2 * c for c in (32, 64))


def test_its_gradient_is_the_table():
    sizes = sizes_of(SPACES["nasbench201"])
    weights = torch.full((6, 5), 0.2, requires_grad=True)
    (slope,) = torch.autograd.grad(sizes({"cell": weights}), weights)
    torch.testing.assert_close(slope.double(), sizes.tables["cell"])
