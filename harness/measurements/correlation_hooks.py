"""Hooks that form correlations between samples of the gradients at ReLUs, while a backward pass holds these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from harness.measurements.activation_calls import Activation
from harness.measurements.correlation import sample_correlation
from harness.measurements.forward import Forward


@contextmanager
def recorded_correlations(forward: Forward | None) -> Iterator[dict[int, Tensor | None]]:
    """Inside, a backward pass fills in the correlations of gradients, by the place of the call; none for None."""
    found: dict[int, Tensor | None] = {}
    handles = [
        call.edge.node.register_prehook(_recorder(call, place, found))
        for place, call in enumerate(forward.activations if forward else ())
        if call.edge is not None
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _recorder(
    call: Activation, place: int, found: dict[int, Tensor | None]
) -> Callable[[tuple[Tensor | None, ...]], None]:
    def record(gradients: tuple[Tensor | None, ...]) -> None:
        assert call.edge is not None
        gradient = gradients[call.edge.output_nr]
        if gradient is not None:
            with torch.no_grad():
                found[place] = sample_correlation(gradient * (call.output > 0))

    return record
