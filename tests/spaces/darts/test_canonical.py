"""Which genotypes are one network.

Oracles: isomorphism of labelled graphs by networkx, and the networks themselves, one's weights put into the other.
"""

import random

import networkx
import pytest
import torch

from harness.spaces import open_space
from harness.spaces.darts import Genotype
from harness.spaces.darts.genotype import canonical, numberings, renumbered
from tests.sampling import one_in
from tests.spaces.darts.genotypes import EVERY_OPERATION, PUBLISHED, cell, genotype

SPACE = open_space("darts")
CHAIN = cell("sep3,0 sep3,1 skip,2 max,0 avg,3 dil3,1 dil5,4 sep5,0")
PARALLEL = cell("sep3,0 skip,1 max,0 avg,1 dil3,0 dil5,1 sep5,0 sep3,1")


def graph(pairs):
    """The cell as a directed graph: nodes 0 and 1 are known by number, edges by operation."""
    made = networkx.DiGraph()
    made.add_nodes_from((node, {"input": node if node < 2 else None}) for node in range(6))
    for position, (operation, source) in enumerate(pairs):
        made.add_edge(source, 2 + position // 2, operation=operation)
    return made


def isomorphic(one, other):
    return networkx.is_isomorphic(
        graph(one),
        graph(other),
        node_match=lambda a, b: a["input"] == b["input"],
        edge_match=lambda a, b: a["operation"] == b["operation"],
    )


def rewritten(pairs, generator):
    """The same cell written in another way, and the order of its nodes and pairs in terms of the old ones."""
    order = generator.choice(list(numberings(pairs)))
    swaps = [generator.random() < 0.5 for _ in range(4)]
    new = renumbered(pairs, order)
    nodes = [new[2 * node : 2 * node + 2] for node in range(4)]
    pairs = tuple(pair for node, swap in zip(nodes, swaps, strict=True) for pair in (node[::-1] if swap else node))
    places = [2 * old + (place ^ swap) for old, swap in zip(order, swaps, strict=True) for place in (0, 1)]
    return pairs, order, places


def test_a_chain_has_one_numbering_and_four_parallel_nodes_have_24():
    assert list(numberings(CHAIN)) == [(0, 1, 2, 3)]
    assert len(list(numberings(PARALLEL))) == 24


def test_numberings_are_exactly_the_orders_in_which_no_node_reads_ahead():
    generator = random.Random(0)
    for found in SPACE.sample(50, seed=1):
        pairs = generator.choice([found.normal, found.reduce])
        counted = sum(1 for _ in networkx.all_topological_sorts(graph(pairs).subgraph(range(2, 6))))
        assert len(list(numberings(pairs))) == counted


@pytest.mark.parametrize("seed", range(40))
def test_other_ways_to_write_a_cell_have_one_canonical_form(seed):
    generator = random.Random(seed)
    (found,) = SPACE.sample(1, seed=seed)
    written = Genotype(rewritten(found.normal, generator)[0], rewritten(found.reduce, generator)[0])
    assert isomorphic(found.normal, written.normal)
    assert canonical(written) == canonical(found)
    assert SPACE.minimal(written) == canonical(found)
    assert SPACE.key(written) == SPACE.key(found) == str(canonical(found))
    assert canonical(canonical(found)) == canonical(found)


def test_equal_canonical_forms_are_exactly_the_isomorphic_cells():
    generator = random.Random(3)

    def small_cell():
        pairs = [("skip_connect", 0), ("skip_connect", 1)]
        for _ in range(3):
            sources = generator.sample(range(3), 2)
            pairs += [("sep_conv_3x3" if generator.random() < 0.15 else "skip_connect", s) for s in sources]
        return tuple(pairs)

    cells = [small_cell() for _ in range(100)]
    forms = [canonical(Genotype(pairs, CHAIN)) for pairs in cells]
    pairs = [(one, other) for one in range(100) for other in range(one)]
    same = [(one, other) for one, other in pairs if forms[one] == forms[other]]
    assert len(same) > 20
    assert same == [(one, other) for one, other in pairs if isomorphic(cells[one], cells[other])]


def test_the_two_cells_are_not_exchanged():
    one, other = Genotype(CHAIN, PARALLEL), Genotype(PARALLEL, CHAIN)
    assert canonical(one) != canonical(other)


def test_the_two_inputs_of_a_cell_are_not_exchanged():
    swapped = tuple((operation, {0: 1, 1: 0}.get(source, source)) for operation, source in CHAIN)
    assert canonical(Genotype(CHAIN, CHAIN)) != canonical(Genotype(swapped, CHAIN))


def carried(state, places, orders, wide_of, depth, stem_wide):
    """The state of a network, renamed and permuted to that of the rewritten genotype.

    places: old positions of the pairs, by kind of cell; orders: old nodes, by kind; wide_of: channels of a cell.
    """

    def kind(block):
        return "reduce" if block in (depth // 3, 2 * depth // 3) else "normal"

    def channels_after(block):
        """New order of the channels that `block` hands on; the stem's stay."""
        if block < 0:
            return torch.arange(stem_wide)
        wide = wide_of(block)
        return torch.cat([torch.arange(old * wide, (old + 1) * wide) for old in orders[kind(block)]])

    moved = {}
    for name, tensor in state.items():
        parts = name.split(".")
        if parts[0] == "cells":
            block = int(parts[1])
            if parts[2] == "_ops":
                new = places[kind(block)].index(int(parts[3]))
                name = ".".join([*parts[:3], str(new), *parts[4:]])
            elif parts[2].startswith("preprocess") and tensor.ndim == 4:
                tensor = tensor[:, channels_after(block - 2 + int(parts[2][-1]))]
        elif name == "classifier.weight":
            tensor = tensor[:, channels_after(depth - 1)]
        moved[name] = tensor
    return moved


@pytest.mark.parametrize(
    ("name", "training"),
    one_in(3, [pytest.param(name, training) for name in ("every", *PUBLISHED) for training in (True, False)]),
)
def test_networks_of_one_canonical_form_are_equal_on_equal_weights(name, training):
    found = EVERY_OPERATION if name == "every" else PUBLISHED[name]
    generator = random.Random(name)
    normal, normal_order, normal_places = rewritten(found.normal, generator)
    reduce, reduce_order, reduce_places = rewritten(found.reduce, generator)
    other = Genotype(normal, reduce)
    depth, width = 5, 4
    one, two = (SPACE.build(g, width=width, depth=depth, classes=3).double() for g in (found, other))
    state = {
        key: torch.rand(tensor.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(len(key)))
        if tensor.is_floating_point()
        else tensor
        for key, tensor in one.state_dict().items()
    }
    one.load_state_dict(state)
    two.load_state_dict(
        carried(
            state,
            {"normal": normal_places, "reduce": reduce_places},
            {"normal": normal_order, "reduce": reduce_order},
            lambda block: width * 2 ** ((block >= depth // 3) + (block >= 2 * depth // 3)),
            depth,
            3 * width,
        )
    )
    images = torch.randn(3, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = one.train(training)(images)
    torch.testing.assert_close(two.train(training)(images), expected, rtol=1e-9, atol=1e-12)
    assert expected.std() > 0


def test_equal_cells_at_two_nodes_have_weights_of_their_own():
    twice = genotype("sep3,0 sep3,1 sep3,0 sep3,1 skip,0 skip,1 skip,0 skip,1", "max,0 max,1 " * 4)
    once = genotype("sep3,0 sep3,1 skip,0 skip,1 skip,0 skip,1 skip,0 skip,1", "max,0 max,1 " * 4)
    assert canonical(twice) != canonical(once)
    assert SPACE.sizes(twice).parameters > SPACE.sizes(once).parameters
