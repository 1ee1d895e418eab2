"""The trace of the neural tangent kernel at initialisation (Jacot et al. 2018), in three forms.

Θ0(X, X) = ∇θ f(X) ∇θ f(X)ᵀ is [N·K, N·K] for N samples and K outputs, and tr Θ0 = Σ ‖∇θ f(X)_nk‖². With batch norm in
train mode f(X)_nk depends on the whole batch, so there are several traces:

- `ntk_trace_exact` differentiates every output of every sample through that coupling: N·K backward passes;
- `ntk_trace` is its unbiased estimate by random sign vectors, one backward pass each, with a standard error;
- `ntk_trace_per_sample` ignores the coupling and keeps the gradients through each sample's own activations.

In eval mode `ntk_trace_exact` and `ntk_trace_per_sample` are the same number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.trace import TraceEstimate


@proxy(source="jacot2018")
def ntk_trace(ntk_trace_estimate: TraceEstimate) -> float:
    """Trace of the NTK of the batch function, estimated by random sign vectors: E‖∇θ(vᵀf)‖² = ‖J‖_F².

    Returns:
        A non-negative number with its standard error; larger is better.

    Cost: one forward pass, and one backward pass per probe (`probes` of the setting, 4 by default).
    """
    return ntk_trace_estimate


@proxy(source="jacot2018")
def ntk_trace_exact(ntk_trace_exact: float) -> float:
    """Trace of the NTK of the batch function, exactly: Σ_nk ‖∇θ f(X)_nk‖² through the batch norm coupling.

    Returns:
        A non-negative number; larger is better.

    Cost: one forward and N·K backward passes: 640 at batch 64 with 10 outputs. `all` leaves it out.
    """
    return ntk_trace_exact


@proxy(source="jacot2018")
def ntk_trace_per_sample(ntk_trace_per_sample: float) -> float:
    """Trace of the NTK from per-sample gradients formed layer by layer, without the batch norm coupling.

    Returns:
        A non-negative number; larger is better.

    Cost: one forward and K backward passes. `all` leaves it out.
    """
    return ntk_trace_per_sample
