"""The bound ν on the trace in NASI's objective (Shu et al., ICLR 2022, equation 13), over the steps of a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from harness.search.gradient.setting import SearchSetting

TRACES = "trace_by_step"
"""Name of the traces in the memory of a search."""
_MOST = 0.5


def nu_by_step(traces: Tensor, nu: float, *, adaptive: bool) -> Tensor:
    """ν of each step [T] in float64: constant, or the running mean of ν₀ and the traces of the steps before.

    The rule of the mean is recalled and not checked: the paper states it in an appendix that was not seen.

    Args:
        traces: trace ‖∇θ L‖² of each step, [T].
        nu: ν, or ν₀ where it adapts.
        adaptive: whether it adapts.
    """
    counts = torch.arange(1, len(traces) + 1, dtype=torch.float64)
    if not adaptive:
        return torch.full_like(counts, nu)
    before = torch.cat([torch.zeros(1, dtype=torch.float64), traces.double().cumsum(0)[:-1]])
    return (nu + before) / counts


def remark_on_descent(memory: Mapping[str, Tensor], setting: SearchSetting) -> str:
    """A warning where a search has mostly descended the trace that it should ascend; else an empty text.

    For μ above 1 the objective t − μ max(0, t − ν) falls with t above ν, so that a step there has the gradient
    (1 − μ) ∇t: it descends the trace.

    Args:
        memory: what NASI keeps of its steps, of which the traces are read.
        setting: setting of the search.
    """
    traces = memory.get(TRACES)
    if setting.mu <= 1 or traces is None or not len(traces):
        return ""
    share = float((traces > nu_by_step(traces, setting.nu, adaptive=setting.adaptive)).double().mean())
    if share <= _MOST:
        return ""
    return (
        f"{share:.0%} of the steps have a trace above ν, where μ = {setting.mu:g} descends it: the search has mostly "
        "made small what it should make large. Take a μ of at most 1, or a larger ν (the traces' median is "
        f"{float(traces.median()):.3g})"
    )
