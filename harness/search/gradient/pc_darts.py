"""PC-DARTS: operations read part of the channels, and each edge has a weight (Xu et al., ICLR 2020)."""

from __future__ import annotations

from harness.search.gradient.bilevel import first_order
from harness.search.gradient.method import Method, Moment, Parameters, Relaxed
from harness.search.gradient.presets import DARTS, NASBENCH201, presets
from harness.search.gradient.relaxation import input_softmax, softmax


def edge_normalised(parameters: Parameters, moment: Moment, purpose: str = "") -> Relaxed:
    """Softmax weights of the operations, times a softmax of β over each node's inputs (equations 1 and 3).

    The inputs of a DARTS cell are chosen by that product.
    """
    edges = {name: input_softmax(beta, moment.groups[name]) for name, beta in parameters.edges.items()}
    return Relaxed(softmax(parameters, moment).weights, edges)


_CHANGES = {
    "batch_size": 256, "weight_lr": 0.1, "weight_lr_min": 0.001, "alpha_lr": 6e-4, "alpha_warm_up": 15, "partial": (4,)
}  # fmt: skip

METHOD = Method(
    name="pc-darts",
    summary="operations on a quarter of the channels, edge weights, α from epoch 15 on",
    source="Xu et al., PC-DARTS: Partial Channel Connections for Memory-Efficient Architecture Search, ICLR 2020",
    relax=edge_normalised,
    mean=edge_normalised,
    architecture_step=first_order,
    edge_parameters=True,
    presets=presets(
        NASBENCH201.changed({**_CHANGES, "weight_decay": 3e-4, "nesterov": False}),
        DARTS.changed(_CHANGES),
        {
            "nasbench201": {"batch_size": 64, "alpha_warm_up": 4},
            "darts": {"batch_size": 64, "alpha_warm_up": 2},
        },
        {"nasbench201": "the paper searches the DARTS space only; these are the same values with C = 16 and N = 5"},
    ),
)
