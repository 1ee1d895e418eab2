"""PC-DARTS: operations read part of the channels, and each edge has a weight (Xu et al., ICLR 2020)."""

from __future__ import annotations

from harness.search.gradient.bilevel import first_order
from harness.search.gradient.method import Method, Moment, Parameters, Relaxed
from harness.search.gradient.relaxation import input_softmax, softmax


def edge_normalised(parameters: Parameters, moment: Moment, purpose: str = "") -> Relaxed:
    """Softmax weights of the operations, times a softmax of β over each node's inputs (equations 1 and 3).

    The inputs of a DARTS cell are chosen by that product.
    """
    edges = {name: input_softmax(beta, moment.groups[name]) for name, beta in parameters.edges.items()}
    return Relaxed(softmax(parameters, moment).weights, edges)


METHOD = Method(
    name="pc-darts",
    summary="operations on a quarter of the channels, edge weights, α from epoch 15 on",
    source="Xu et al., PC-DARTS: Partial Channel Connections for Memory-Efficient Architecture Search, ICLR 2020",
    relax=edge_normalised,
    mean=edge_normalised,
    architecture_step=first_order,
    edge_parameters=True,
)
