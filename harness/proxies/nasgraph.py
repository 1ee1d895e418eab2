"""NASGraph (Huang et al., AutoML Workshop 2024): measures of the graph of a small network's channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor


@proxy(source="huang2024nasgraph")
def nasgraph_degree(channel_graph: Tensor) -> float:
    """NASGraph's score 2 E / V, the average degree of the graph of channels (Huang et al. 2024).

    Args:
        channel_graph: degrees of the V nodes, in- and outgoing edges, of a network of one cell in each stage and 16
            channels, with standard normal weights.

    Returns:
        A positive number; larger is better. It is another one for cells that are the same network: each operation has
        nodes, `none` and `skip_connect` too.

    For cells of NAS-Bench-201 alone. As in the authors' code, nodes without edges do not count, and the weights are
    drawn once: two draws rank 250 random cells alike (Spearman 0.9997). Their code for other spaces joins layers by
    other rules.

    Cost: for each layer of that network, one pass of as many planes as it has channels; no batch is read.
    """
    return float(channel_graph.double().mean())


@proxy(source="huang2024nasgraph")
def nasgraph_density(channel_graph: Tensor) -> float:
    """Density E / (V (V − 1)) of NASGraph's directed graph of channels (Huang et al. 2024).

    Args:
        channel_graph: degrees, as for `nasgraph_degree`.

    Returns:
        A number from 0 to 1; larger is better.

    Cost: as for `nasgraph_degree`, shared.
    """
    nodes = len(channel_graph)
    return float(channel_graph.sum()) / 2 / (nodes * (nodes - 1))


@proxy(source="huang2024nasgraph")
def nasgraph_wedge(channel_graph: Tensor) -> float:
    """Wedges Σ_v d_v (d_v − 1) / 2 of NASGraph's graph of channels: pairs of edges at a node (Huang et al. 2024).

    Args:
        channel_graph: degrees d_v, as for `nasgraph_degree`.

    Returns:
        A whole number; larger is better.

    Cost: as for `nasgraph_degree`, shared.
    """
    return float((channel_graph * (channel_graph - 1)).sum()) / 2


@proxy(source="huang2024nasgraph")
def nasgraph_resilience(channel_graph: Tensor) -> float:
    """Resilience Σ_v d_v² / Σ_v d_v of NASGraph's graph of channels (Huang et al. 2024).

    Args:
        channel_graph: degrees d_v, as for `nasgraph_degree`.

    Returns:
        At least the average degree; larger is better.

    Cost: as for `nasgraph_degree`, shared.
    """
    return float(channel_graph.square().sum() / channel_graph.sum())
