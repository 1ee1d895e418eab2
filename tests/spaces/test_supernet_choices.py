"""Supernets with one operation an edge, and the architectures that weights stand for.

Oracles: the networks that the spaces build for an architecture, a brute-force reading of the authors' rule, genotypes
as papers print them, the parameter count that DARTS's search code logs.
"""

import itertools
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from harness.errors import SpaceError
from harness.spaces.darts.genotype import nodes_of
from harness.spaces.nasbench201 import Cell
from harness.spaces.nasbench201.cell import text_of_operations
from tests.spaces.darts.genotypes import DARTS_V2, EVERY_OPERATION, PUBLISHED
from tests.spaces.darts.genotypes import genotype as of_pairs
from tests.spaces.supernets import SPACES, generator, gradients, images, supernet

NASBENCH201, DARTS = SPACES["nasbench201"], SPACES["darts"]
OPERATIONS = {name: SPACES[name].supernet(width=2, depth=1).groups for name in SPACES}
CELLS = [
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|none~0|none~1|none~2|",
    "|none~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|none~2|",
    "|avg_pool_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|nor_conv_3x3~2|",
    *map(str, NASBENCH201.sample(4, seed=1)),
]
LARGE = OPERATIONS["nasbench201-large"]["cell"].operations
LARGE_CELLS = [
    ("nasbench201-large", text_of_operations(operations))
    for operations in (LARGE[:6], LARGE[6:12], LARGE[12:18], LARGE[15:], LARGE[5::3])
]
"""Every operation at least once."""
NO_POOLS = of_pairs(
    "sep3,0 dil3,1 skip,0 sep5,2 dil5,1 skip,3 sep3,4 skip,0", "skip,0 sep3,1 skip,1 dil3,2 dil5,0 sep5,3 skip,2 sep3,4"
)


def one_hot(rows, operations):
    return nn.functional.one_hot(torch.tensor([operations.index(name) for name in rows]), len(operations)).double()


def cell_weights(cell, space="nasbench201"):
    return {"cell": one_hot(cell.operations, OPERATIONS[space]["cell"].operations)}


def genotype_choices(genotype):
    """By group and edge (target, source): the operation, and its place in the derived network."""
    return {
        group: {
            (2 + position // 2, source): (operation, position)
            for position, (operation, source) in enumerate(getattr(genotype, group))
        }
        for group in ("normal", "reduce")
    }


def genotype_weights(genotype):
    """One-hot, `none` on the six edges that are not chosen."""
    weights = {}
    for name, group in OPERATIONS["darts"].items():
        chosen = genotype_choices(genotype)[name]
        weights[name] = one_hot([chosen.get(edge, ("none", 0))[0] for edge in group.edges], group.operations)
    return weights


def assert_same(own, full, weights, names):
    """Equal logits, and equal gradients by the parameters that `names` maps from `own`'s to `full`'s.

    Returns the names of `own`'s parameters that the supernet has not: scales and shifts of batch norms.
    """
    theirs = dict(full.named_parameters())
    state = own.state_dict()
    for name in state:
        if names(name) in theirs:
            state[name] = theirs[names(name)].detach()
    own.load_state_dict(state)
    assert {name for name in theirs if ".layers." not in name} <= set(map(names, state))
    shared = [(parameter, theirs[names(name)]) for name, parameter in own.named_parameters() if names(name) in theirs]
    found, expected = full(images(), weights), own(images())
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-11)
    pairs = zip(gradients(found, [b for _, b in shared]), gradients(expected, [a for a, _ in shared]), strict=True)
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10)
    return {name for name, _ in own.named_parameters() if names(name) not in theirs}


@pytest.mark.parametrize(("space", "key"), [*(("nasbench201", key) for key in CELLS), *LARGE_CELLS])
def test_one_hot_weights_give_the_cells_own_network(space, key):
    cell = SPACES[space].parse(key)
    own, full = SPACES[space].build(cell, width=4, depth=2, classes=3).double(), supernet(space, depth=2)

    def is_convolution(edge, place):
        return isinstance(own.get_submodule(f"cells.0.layers.{edge}.op.{place}"), nn.Conv2d)

    def name(theirs):
        def ours(match):
            operation = cell.operations[int(match[1])]
            place = "" if operation.startswith("nor") else f".{int(match[2]) - 1}"
            return f"layers.{match[1]}.{operation}{place}.weight" if is_convolution(match[1], match[2]) else match[0]

        return re.sub(r"layers\.(\d)\.op\.(\d)\.weight", ours, theirs)

    left = assert_same(own, full, cell_weights(cell, space), name)
    assert all(re.fullmatch(r"cells\.\d+\.layers\.\d\.op\.[23]\.(weight|bias)", one) for one in left)


@pytest.mark.parametrize(
    "genotype", [NO_POOLS, EVERY_OPERATION, DARTS_V2, *DARTS.sample(3, seed=1)], ids=lambda found: str(found)[16:60]
)
def test_one_hot_weights_give_the_genotypes_own_network(genotype):
    depth = 3
    own = DARTS.build(genotype, width=4, depth=depth, classes=3).double()
    full = supernet("darts", depth=depth)
    for cell in own.cells:
        for place, operation in enumerate(cell._ops):
            if isinstance(operation, (nn.MaxPool2d, nn.AvgPool2d)):
                assert genotype is not NO_POOLS
                # a search network has batch norm after its pools, a derived one has not
                norm = nn.BatchNorm2d(cell.preprocess1.op[2].num_features, affine=False)
                cell._ops[place] = nn.Sequential(operation, norm.double())
    edges, choices = OPERATIONS["darts"]["normal"].edges, genotype_choices(genotype)

    def name(theirs):
        place = re.fullmatch(r"cells\.(\d+)\._ops\.(\d)\.(.*)", theirs)
        if place is None:
            return theirs
        chosen = choices["reduce" if int(place[1]) in (depth // 3, 2 * depth // 3) else "normal"]
        (edge, operation) = next((e, o) for e, (o, position) in chosen.items() if position == int(place[2]))
        return f"cells.{place[1]}.layers.{edges.index(edge)}.{operation}.{place[3]}"

    left = assert_same(own, full, genotype_weights(genotype), name)
    assert all(re.fullmatch(r"cells\..*\.(op\.2|op\.3|op\.7|bn)\.(weight|bias)", one) for one in left)


def test_parameters_are_those_that_darts_search_logs():
    # "param size = 1.930618MB" in the log of the authors' train_search.py: 8 cells, C = 16, CIFAR-10
    assert sum(parameter.numel() for parameter in DARTS.supernet().parameters()) == 1_930_618


def test_parameters_of_nasbench201_are_counted_by_hand():
    weights = 5 * 6 * (9 + 1) * (16**2 + 32**2 + 64**2)  # cells: six edges, a 3×3 and a 1×1 convolution
    reductions = sum(9 * c * c // 2 + 9 * c * c + c * c // 2 + 4 * c for c in (32, 64))
    outside = 3 * 16 * 9 + 2 * 16 + 2 * 64 + 64 * 10 + 10
    assert sum(parameter.numel() for parameter in NASBENCH201.supernet().parameters()) == (
        weights + reductions + outside
    )


@pytest.mark.parametrize("name", SPACES)
def test_pruning_removes_the_parameters_of_what_is_not_kept(name):
    full = SPACES[name].supernet(width=4, depth=1)
    masks = {group: torch.ones(facts.shape, dtype=torch.bool) for group, facts in full.groups.items()}
    for group, facts in full.groups.items():
        masks[group][1:, 2:] = False
        masks[group][0] = torch.tensor([operation.endswith("conv_3x3") for operation in facts.operations])
    pruned = SPACES[name].supernet(width=4, depth=1, operations=masks)
    kept = dict(pruned.named_parameters())
    in_layers = [key for key in kept if ".layers." in key]
    assert in_layers
    assert all(".layers.0." in key and "conv_3x3" in key for key in in_layers)
    gone = sum(
        parameter.numel()
        for key, parameter in full.named_parameters()
        if ".layers." in key and (".layers.0." not in key or "conv_3x3" not in key)
    )
    total = sum(parameter.numel() for parameter in full.parameters())
    assert sum(parameter.numel() for parameter in kept.values()) == total - gone


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=6, max_size=6), st.integers(0, 2**31))
def test_a_cells_weights_derive_it(choices, seed):
    operations = OPERATIONS["nasbench201"]["cell"].operations
    cell = Cell(tuple(operations[choice] for choice in choices))
    noise = torch.rand(6, 5, generator=generator(seed))
    assert NASBENCH201.derive({"cell": cell_weights(cell)["cell"] + 0.9 * noise}) == cell
    softmax = torch.softmax(3 * cell_weights(cell)["cell"] + 0.9 * noise, dim=1).requires_grad_()
    assert NASBENCH201.derive({"cell": softmax}) == cell


def brute_force(table, edges):
    """Of all pairs of inputs and operations of each node the strongest; of equal ones the first."""
    pairs, row = [], 0
    names = OPERATIONS["darts"]["normal"].operations
    for node in range(2, 6):
        strength = (table * edges[:, None])[row : row + node, 1:]
        options = list(itertools.product(range(node), range(7)))
        best = max(options, key=lambda at: strength[at])
        second = max((at for at in options if at[0] != best[0]), key=lambda at: strength[at])
        pairs += [(names[1 + operation], source) for source, operation in (best, second)]
        row += node
    return tuple(pairs)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), levels=st.sampled_from([2, 3, 1000]), weighted=st.booleans())
def test_a_genotype_is_derived_by_the_authors_rule(seed, levels, weighted):
    source = generator(seed)
    # few levels make many ties
    tables = {group: torch.randint(1, levels + 1, (14, 8), generator=source) / levels for group in OPERATIONS["darts"]}
    edges = {group: torch.ones(14) for group in tables}
    if weighted:
        edges = {group: torch.randint(1, levels + 1, (14,), generator=source) / levels for group in tables}
    found = DARTS.derive(tables, edges if weighted else None)
    assert found.normal == brute_force(tables["normal"], edges["normal"])
    assert found.reduce == brute_force(tables["reduce"], edges["reduce"])


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_genotypes_are_derived_from_weights_that_favour_them(name):
    weights = {group: torch.zeros(14, 8) for group in OPERATIONS["darts"]}
    for group, table in weights.items():
        table[:, 0] = 1  # `none` has the largest weight, as in every DARTS search, and is never chosen
        for node, pairs in enumerate(nodes_of(getattr(PUBLISHED[name], group)), start=2):
            for strength, (operation, source) in zip((0.6, 0.5), pairs, strict=True):
                row = OPERATIONS["darts"][group].edges.index((node, source))
                table[row, OPERATIONS["darts"][group].operations.index(operation)] = strength
    assert DARTS.derive(weights) == PUBLISHED[name]


@pytest.mark.parametrize("name", SPACES)
def test_an_operation_that_is_not_kept_is_never_derived(name):
    groups = OPERATIONS[name]
    weights = {group: torch.rand(facts.shape, generator=generator()) for group, facts in groups.items()}
    masks = {group: torch.zeros(facts.shape, dtype=torch.bool) for group, facts in groups.items()}
    for group, facts in groups.items():
        column = facts.operations.index("skip_connect")
        masks[group][:, column] = True
        weights[group][:, column - 1] = torch.nan  # of no matter
    found = str(SPACES[name].derive(weights, operations=masks))
    assert set(re.findall(r"[a-z]+_[a-z]+(?:_\dx\d)?(?=~|')", found)) == {"skip_connect"}


def test_a_node_that_keeps_too_few_inputs_is_named():
    masks = {group: torch.ones(14, 8, dtype=torch.bool) for group in ("normal", "reduce")}
    masks["reduce"][2:4, 1:] = False
    expected = "node 3 of group 'reduce' keeps fewer than two inputs with an operation other than 'none'"
    with pytest.raises(SpaceError, match=expected):
        DARTS.derive({group: torch.ones(14, 8) for group in masks}, operations=masks)


def test_an_odd_part_of_the_channels_is_refused():
    with pytest.raises(SpaceError, match="width must be even and at least 2, got 3"):
        DARTS.supernet(width=12, partial=4)
