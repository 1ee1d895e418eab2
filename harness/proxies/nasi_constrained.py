"""NASI's trace with the penalty of its search (Shu et al., ICLR 2022, equation 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.nasi import nasi_trace
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.gradient import Gradients


@proxy(source="shu2022nasi")
def nasi_constrained(loss_gradient: Gradients, nu: float = 100.0, mu: float = 2.0) -> float:
    """NASI's trace t = ‖Θ̃0‖_tr with a penalty, t − μ max(0, t − ν), ν = 100, μ = 2 (Shu et al. 2022, equation 13).

    ν and μ are those of NASI-FIX in the DARTS space at batch 64; those for NAS-Bench-201 are not known here.
    There the penalty matters: cells have traces on both sides of 100 (0.5 to 4,130 among six), and beyond 100 the order
    is reversed. A trace scales with width, classes and batch size, so other settings need other constants.
    `harness.proxies.combined.nasi_penalised` takes them as arguments for a frame of scores, and has the adaptive ν too.

    Args:
        loss_gradient: gradient of the mean loss by every trainable parameter.
        nu: ν, the trace above which training at the given learning rate would diverge.
        mu: μ, the weight of the penalty; for μ above 1 the score falls with the trace beyond ν.

    Returns:
        A number of at most ν for μ of at least 1; larger is better.

    Cost: one forward and one backward pass, shared with `nasi_trace`.
    """
    trace = nasi_trace(loss_gradient)
    return float(trace - mu * max(0.0, trace - nu))
