"""Correlations between samples of what ReLUs read, and of the loss's gradients by that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor, nn

from harness.measurements.forward import Forward
from harness.measurements.gradient import Gradients
from harness.measurements.sample_rows import SampleRows


class ReluCorrelations(NamedTuple):
    """Correlations [N, N] in float64 at the calls of ReLUs; None where a sample's row is constant.

    Attributes:
        activations: of the samples' inputs, by call.
        gradients: of the gradients of the loss by these inputs, by call.
        cells: place of the call's cell among the network's `cells`, by call; −1 before the first cell, and their number
            after the last.
        cell_count: number of cells; 0 for a network without a module list called `cells`.
    """

    activations: tuple[Tensor | None, ...]
    gradients: tuple[Tensor | None, ...]
    cells: tuple[int, ...]
    cell_count: int


def relu_correlations(
    network: nn.Module, forward: Forward, loss_gradient: Gradients, sample_rows: SampleRows
) -> ReluCorrelations:
    """Correlations between samples, of the inputs of each call of a ReLU and of the gradients by them.

    The gradient is the one through this ReLU, not what arrives at its input by other ways. Hooks of the shared forward
    pass and of the pass for `loss_gradient` form the matrices.

    Raises:
        NotApplicable: when no ReLU module can be read, as for `Forward.relu_outputs`.

    Cost: no pass in addition to `loss_gradient`.
    """
    forward.relu_outputs()  # raises an error for what cannot be read
    sample_rows.check_activations()
    sample_rows.check_outputs(forward)
    cells = getattr(network, "cells", None)
    count = len(cells) if isinstance(cells, nn.ModuleList) else 0
    names = [call.name for call in forward.activations]
    return ReluCorrelations(
        tuple(call.correlation for call in forward.activations),
        tuple(loss_gradient.correlations.get(place) for place in range(len(names))),
        tuple(_cells_of(names, count)),
        count,
    )


def _cells_of(names: list[str], count: int) -> Iterator[int]:
    seen = False
    for name in names:
        first, _, rest = name.partition(".")
        inside = first == "cells" and count > 0
        seen = seen or inside
        if inside:
            yield int(rest.partition(".")[0])
        else:
            yield count if seen else -1
