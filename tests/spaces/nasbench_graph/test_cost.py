"""Sizes in closed form.

Oracles: the package's own parameters of all architectures on eight data sets, and the real networks, counted.
"""

from __future__ import annotations

import pytest
import torch

from benchmarks import TableError, open_table
from harness.batches import Batch
from harness.errors import SettingError, SpaceError
from harness.measurements import size
from harness.spaces.nasbench_graph import NasBenchGraph, cost, parse
from harness.spaces.nasbench_graph.graphs import node_batch
from tests.sampling import one_in

EXACT = {name: 26_206 for name in cost.PROTOCOLS} | {"physics": 24_639}
"""Architectures whose parameters the closed form gives; the others of Physics are means."""


def equal_parameters(dataset: str, every: int) -> tuple[int, int]:
    """Of every so many architectures of a table, those whose parameters the closed form gives, and their number."""
    try:
        table = open_table(f"nasbench-graph-{dataset}")
    except TableError as error:
        pytest.skip(str(error))
    sizes = cost.PROTOCOLS[dataset]._asdict()
    keys = table.keys[::every]
    ours = [cost.parameter_count(parse(key), **sizes) for key in keys]
    theirs = 1e6 * table.values(keys, f"{dataset}_params_m")
    return sum(abs(one - other) < 0.1 for one, other in zip(ours, theirs, strict=True)), len(keys)


@pytest.mark.parametrize("dataset", one_in(3, [name for name in EXACT if name != "physics"]))
def test_the_closed_form_is_the_packages_number(dataset: str) -> None:
    equal, count = equal_parameters(dataset, every=97)
    assert equal == count > 200


@pytest.mark.slow
@pytest.mark.parametrize("dataset", EXACT)
def test_all_parameters_are_the_packages_numbers(dataset: str) -> None:
    assert equal_parameters(dataset, every=1) == (EXACT[dataset], 26_206)


def test_the_defaults_are_coras(space: NasBenchGraph) -> None:
    # the package's `para` of this class on Cora, 0.502535
    assert space.sizes(parse("0123:skip:skip:gcn:gcn")).parameters == 502_535
    # by hand: 256 nodes, (1433 + 256) · 256 of two convolutions, a linear layer and a classifier with biases
    assert space.sizes(parse("0123:skip:skip:gcn:gcn")).macs == 256 * ((1433 + 256) * 256 + 257 * 256 + 257 * 7)


@pytest.mark.parametrize("linear_before", [False, True])
@pytest.mark.parametrize("head_layers", one_in(3, [1, 2, 3], at=1))
def test_the_closed_form_is_what_networks_measure(space: NasBenchGraph, head_layers: int, linear_before: bool) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    from harness.spaces.nasbench_graph.network import GraphNetwork

    sizes = {"features": 5, "classes": 3, "hidden": 4, "head_layers": head_layers, "linear_before": linear_before}
    batch = graph(9, 5)
    for architecture in space.sample(25, seed=head_layers):
        network = GraphNetwork(architecture, **sizes)  # type: ignore[arg-type]
        assert cost.parameter_count(architecture, **sizes) == size.parameter_count(network)  # type: ignore[arg-type]
        assert cost.macs(architecture, nodes=9, **sizes) == size.macs(network, batch), str(architecture)  # type: ignore[arg-type]


def test_the_layer_before_the_operations_is_a_size_of_the_space(space: NasBenchGraph) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    own = {"nodes": 9, "features": 5, "classes": 3, "hidden": 4, "head_layers": 1, "stem_layers": 1}
    network = space.build(parse("88811"), own)
    # by hand: 5 to 4 with a bias, two convolutions of 4 by 4 with biases, four scales and shifts, 4 to 3 with a bias
    assert size.parameter_count(network) == 6 * 4 + 2 * 5 * 4 + 4 * 2 * 4 + 5 * 3
    assert space.sizes(parse("88811"), own).parameters == size.parameter_count(network)
    assert space.sizes(parse("88811"), own).macs == size.macs(network, graph(9, 5))


def graph(nodes: int, features: int) -> Batch:
    ring = torch.arange(nodes)
    ends = torch.stack([ring, ring.roll(1)])
    return node_batch(torch.ones(nodes, features), torch.cat([ends, ends.flip(0)], dim=1), ring[:4], ring[:4] % 2)


def test_sizes_that_no_network_has_are_refused(space: NasBenchGraph) -> None:
    for call in (space.sizes, space.build):
        with pytest.raises(SpaceError, match="hidden must be even, for the two heads of gat, got 7"):
            call(parse("88811"), {"hidden": 7})
        with pytest.raises(SpaceError, match="stem_layers must be 0 or 1, got 2"):
            call(parse("88811"), {"stem_layers": 2})
        with pytest.raises(SettingError, match="unknown size of this space's networks 'width'"):
            call(parse("88811"), width=7)
