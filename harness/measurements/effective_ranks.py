"""Effective ranks of the outputs of layers and ReLUs on the batch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import Forward
from harness.measurements.layers import LAYERS
from harness.measurements.own_weights import generator_for
from harness.measurements.product_hooks import output_of
from harness.setting import Setting


@torch.no_grad()
def effective_ranks(forward: Forward, setting: Setting) -> tuple[float, ...]:
    """Effective ranks of square matrices [C, C] of outputs: of convolutions and linear layers, then of ReLUs.

    The matrix of an output [N, C, ...] has its positions as rows and its channels as columns; C rows in a run are read,
    a run that the setting's seed draws among those that start at a multiple of C. The network's own output is left out.

    Raises:
        NotApplicable: when an output has fewer rows than columns, since its rank is then bounded by the batch; or when
            no ReLU module can be read, as for `Forward.relu_outputs`.
        NotFinite: when an output holds NaN or infinity.

    Cost: no pass in addition to the shared forward; a singular value decomposition for each output.
    """
    generator = generator_for(setting, "effective ranks")
    return tuple(
        effective_rank(run_of(finite(rows, f"outputs of {what}"), what, generator)) for what, rows in _rows(forward)
    )


def _rows(forward: Forward) -> Iterator[tuple[str, Tensor]]:
    """Outputs as rows by channels, each with the name of its layer."""
    relus = forward.relu_outputs()
    last = forward.outputs.grad_fn
    for call in forward.calls:
        if isinstance(call.module, LAYERS) and call.edge is not None and call.edge.node is not last:
            output = output_of(call)
            channel = output.ndim - 1 if isinstance(call.module, nn.Linear) else 1
            yield f"layer {call.name!r}", output.movedim(channel, -1).flatten(0, -2)
    for activation, output in zip(forward.activations, relus, strict=True):
        yield f"ReLU {activation.name!r}", output.movedim(1, -1).flatten(0, -2)


def run_of(rows: Tensor, what: str, generator: torch.Generator) -> Tensor:
    """A run of C rows out of [rows, C].

    Raises:
        NotApplicable: when there are fewer than C rows.
    """
    channels = rows.shape[1]
    runs = len(rows) // channels
    if not runs:
        raise NotApplicable(
            f"the output of {what} has {len(rows)} rows of {channels} channels: its effective rank needs as many rows, "
            "so give a larger batch"
        )
    start = channels * int(torch.randint(runs, (), generator=generator, device="cpu"))
    return rows[start : start + channels]


def effective_rank(matrix: Tensor) -> float:
    """Effective rank: exp of the entropy of the singular values' shares (Roy & Vetterli 2007); 0 for a matrix of zeros.

    >>> round(effective_rank(torch.eye(5)), 9)
    5.0
    """
    values = torch.linalg.svdvals(matrix.double())
    total = float(values.sum())
    if total == 0:
        return 0.0
    shares = values / total
    return float(torch.special.entr(shares).sum().exp())
