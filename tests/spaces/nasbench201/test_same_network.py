"""Which cells are the same network, against graph isomorphism by networkx and against the networks themselves."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict

import networkx
import pytest
import torch

import harness
from harness.spaces.nasbench201 import NasBench201
from harness.spaces.nasbench201.cell import EDGES, Cell
from harness.spaces.nasbench201.same_network import minimal, network_form

POOL = "avg_pool_3x3"


def wiring(cell: Cell) -> networkx.MultiDiGraph:
    """The live network as a graph: a vertex an operation, an edge a use; pools of one value are one vertex.

    An independent way to the same question: vertices are merged and removed on an explicit graph.
    """
    graph = networkx.MultiDiGraph()
    graph.add_node("x", kind="input")
    sums: list[list[object]] = [["x"]]
    for target in (1, 2, 3):
        total: list[object] = []
        for edge, (node, source) in enumerate(EDGES):
            operation = cell.operations[edge]
            if node != target or operation == "none" or (operation == POOL and not sums[source]):
                continue
            if operation == "skip_connect":
                total += sums[source]
                continue
            name: object = (POOL, tuple(sorted(map(repr, sums[source])))) if operation == POOL else edge
            if name not in graph:
                graph.add_node(name, kind=operation)
                graph.add_edges_from((used, name) for used in sums[source])
            total.append(name)
        sums.append(total)
    graph.add_node("out", kind="output")
    graph.add_edges_from((used, "out") for used in sums[3])
    live = networkx.ancestors(graph, "out") | {"out", "x"}
    return graph.subgraph(live).copy()


def same_graph(first: Cell, second: Cell) -> bool:
    return networkx.is_isomorphic(
        wiring(first), wiring(second), node_match=lambda one, other: one["kind"] == other["kind"]
    )


@pytest.fixture(scope="module")
def classes() -> dict[Cell, list[Cell]]:
    members: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in NasBench201():
        members[minimal(cell)].append(cell)
    return members


def test_there_are_5875_networks_and_each_minimal_cell_is_its_own(classes: dict[Cell, list[Cell]]) -> None:
    """The test below finds the same number by networkx."""
    assert len(classes) == 5875
    assert all(cell in members and minimal(cell) == cell for cell, members in classes.items())


def test_members_are_isomorphic_by_networkx(classes: dict[Cell, list[Cell]]) -> None:
    crowded = [(cell, members) for cell, members in classes.items() if len(members) > 1]
    for cell, members in random.Random(0).sample(crowded, 300):
        assert same_graph(cell, random.Random(1).choice(members)), (cell, members)


def test_cells_that_look_alike_but_are_not_isomorphic_stay_apart(classes: dict[Cell, list[Cell]]) -> None:
    """Among minimal cells with equal degree-and-kind fingerprints, networkx finds no two that are isomorphic."""
    buckets: dict[str, list[Cell]] = defaultdict(list)
    for cell in classes:
        graph = wiring(cell)
        marks = sorted((data["kind"], graph.in_degree(v), graph.out_degree(v)) for v, data in graph.nodes(data=True))
        buckets[repr(marks)].append(cell)
    pairs = [pair for bucket in buckets.values() for pair in itertools.combinations(bucket, 2)]
    assert len(pairs) > 1000
    for first, second in random.Random(2).sample(pairs, 1500):
        assert not same_graph(first, second), (first, second)


@pytest.mark.filterwarnings("ignore:The hashes produced:UserWarning")  # we keep no hash
@pytest.mark.parametrize("cells", [2000, pytest.param(None, marks=pytest.mark.slow)])
def test_the_partition_is_that_of_networkx(cells: int | None) -> None:
    """Of a sample, and of the whole space."""
    space = NasBench201()
    drawn = list(space) if cells is None else space.sample(cells, seed=4)
    found: dict[str, list[Cell]] = defaultdict(list)
    for cell in drawn:
        graph = wiring(cell)
        simple = networkx.DiGraph()
        simple.add_nodes_from(graph.nodes(data=True))
        simple.add_edges_from((a, b, {"uses": str(graph.number_of_edges(a, b))}) for a, b in set(graph.edges()))
        mark = networkx.weisfeiler_lehman_graph_hash(simple, node_attr="kind", edge_attr="uses", iterations=6)
        for other in found[mark]:
            if same_graph(cell, other):
                assert minimal(cell) == minimal(other), (cell, other)
                break
        else:
            found[mark].append(cell)
    assert sum(len(others) for others in found.values()) == len({minimal(cell) for cell in drawn})


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        # f(x) + g(x) is two convolutions, f(x) + f(x) is one used twice
        ("|none~0|+|nor_conv_1x1~0|none~1|+|nor_conv_1x1~0|none~1|skip_connect~2|",
         "|nor_conv_1x1~0|+|none~0|skip_connect~1|+|none~0|skip_connect~1|skip_connect~2|", False),
        # nodes 1 and 2 exchanged
        ("|nor_conv_1x1~0|+|avg_pool_3x3~0|none~1|+|none~0|skip_connect~1|nor_conv_3x3~2|",
         "|avg_pool_3x3~0|+|nor_conv_1x1~0|none~1|+|none~0|nor_conv_3x3~1|skip_connect~2|", True),
        # what nobody reads is not there
        ("|none~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|none~1|none~2|",
         "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|", True),
        # a convolution of zero still adds its batch norm's shift
        ("|none~0|+|none~0|none~1|+|skip_connect~0|nor_conv_3x3~1|none~2|",
         "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|", False),
        # a pool has no weights: two pools of one value are the pool used twice
        ("|avg_pool_3x3~0|+|avg_pool_3x3~0|none~1|+|none~0|skip_connect~1|skip_connect~2|",
         "|avg_pool_3x3~0|+|none~0|skip_connect~1|+|none~0|skip_connect~1|skip_connect~2|", True),
    ],
)  # fmt: skip
def test_by_hand(first: str, second: str, same: bool) -> None:
    space = NasBench201()
    one, other = space.parse(first), space.parse(second)
    assert (network_form(one) == network_form(other)) is same
    assert (minimal(one) == minimal(other)) is same
    assert same_graph(one, other) is same


def live_edges(cell: Cell) -> list[int]:
    """Edges of the live convolutions."""
    return sorted(vertex for vertex in wiring(cell) if isinstance(vertex, int))


@pytest.mark.slow
def test_the_minimal_network_has_no_dead_weight_and_the_same_outputs_and_gradients(
    classes: dict[Cell, list[Cell]],
) -> None:
    """For sampled members some assignment of their live convolutions' weights makes both networks equal."""
    space = NasBench201()
    crowded = [(cell, members) for cell, members in classes.items() if len(members) > 1]
    inputs = torch.randn(3, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for smallest, members in random.Random(3).sample(crowded, 25):
        member = random.Random(4).choice(members)
        convolutions = [edge for edge, operation in enumerate(smallest.operations) if operation.startswith("nor_conv")]
        assert live_edges(smallest) == convolutions
        one, other = (space.build(cell, classes=3, width=2, depth=1).double() for cell in (member, smallest))
        assert any(
            agrees(one, other, list(zip(order, convolutions, strict=True)), inputs)
            for order in itertools.permutations(live_edges(member))
        ), (member, smallest)


def agrees(one: torch.nn.Module, other: torch.nn.Module, pairs: list[tuple[int, int]], inputs: torch.Tensor) -> bool:
    """Whether both give the same logits once `other` has `one`'s weights, edge for edge of `pairs`."""
    given = dict(one.state_dict())
    renamed = {name: tensor for name, tensor in given.items() if ".layers." not in name}
    for name, tensor in given.items():
        block, mark, rest = name.partition(".layers.")
        edge, _, tail = rest.partition(".")
        for source, target in pairs:
            if mark and int(edge) == source:
                renamed[f"{block}.layers.{target}.{tail}"] = tensor
    wanted = other.state_dict()
    if any(renamed[name].shape != tensor.shape for name, tensor in wanted.items()):
        return False
    other.load_state_dict(renamed)
    return torch.allclose(one(inputs), other(inputs), rtol=1e-10, atol=1e-12) and all(
        norm_of_gradient(one, inputs, bn) == pytest.approx(norm_of_gradient(other, inputs, bn), rel=1e-9)
        for bn in ("train", "eval")
    )


def norm_of_gradient(network: torch.nn.Module, inputs: torch.Tensor, bn: str) -> float:
    """Over all parameters, shifts included."""
    batch = harness.Batch(inputs, torch.tensor([0, 1, 2]))
    return harness.score(network, batch, ["nasi_trace"], bn=bn)["nasi_trace"].value
