"""The norm of the weights (Abdelfattah et al. 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor


@proxy(source="abdelfattah2021")
def l2_norm(weights: dict[str, Tensor]) -> float:
    """Weight norm Σ_layers ‖W‖₂ over the weights (Abdelfattah et al. 2021).

    A sum of one norm per weight: of convolutions and linear layers, as in the authors' code, and of every other matrix
    (`harness.measurements.weights`); biases and norm layers do not count. At initialisation it depends on the number of
    layers and their widths, and on almost nothing else.

    Args:
        weights: W by name.

    Returns:
        A non-negative number; larger is better.

    Cost: no pass.
    """
    return sum(float(weight.double().norm()) for weight in weights.values())
