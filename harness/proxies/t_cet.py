"""T-CET (2023): NASWOT by layer, times the signal-to-noise ratio of the layer's saliencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor

    from harness.measurements.flow import Flow


@proxy(source="tcet2023")
def t_cet(relu_grams: tuple[Tensor, ...], synaptic_flow: dict[str, Flow]) -> float:
    """T-CET Σ_l log|det K_l| × Σ s_l / std(s_l), K_l NASWOT's kernel of a ReLU, s_l SynFlow's terms of a weight.

    Args:
        relu_grams: K_l, [N, N], by call of a ReLU.
        synaptic_flow: |W| and ∂R/∂|W| by weight name; the saliencies are s = |W ⊙ ∂R/∂|W||.

    Returns:
        Any real number; larger is better. It fails where no pair has both a regular kernel and saliencies that differ.

    Known here from a third party's code alone; the paper was not read. There the calls of ReLUs and the weights are
    paired by their places, the first with the first: the longer list is cut, and a pair need not be of the same layer.
    So it is here. A pair with a singular kernel or equal saliencies counts 0, which is our choice: on NAS-Bench-201 the
    ReLUs behind an edge `none` have singular kernels.

    Cost: one forward pass, shared, and SynFlow's pass, shared with `synflow`.
    """
    total, counted = 0.0, 0
    for gram, (weight, gradient) in zip(relu_grams, synaptic_flow.values(), strict=False):
        determinant, ratio = _log_determinant(gram), signal_to_noise((weight * gradient).abs())
        if determinant is not None and ratio is not None:
            total += determinant * ratio
            counted += 1
    if not counted:
        raise NotApplicable("no pair of a ReLU and a weight has both a regular kernel and saliencies that differ")
    return total


def signal_to_noise(saliencies: Tensor) -> float | None:
    """Σ s / std(s), the deviation with n − 1 below; None for one entry, or for equal ones."""
    values = saliencies.double()
    deviation = float(values.std()) if values.numel() > 1 else 0.0
    return float(values.sum()) / deviation if deviation > 0 else None


def _log_determinant(gram: Tensor) -> float | None:
    """log|det K|; None where K is singular within rounding."""
    import torch

    eigenvalues = torch.linalg.eigvalsh(gram)
    rounding = len(gram) * torch.finfo(gram.dtype).eps * float(eigenvalues[-1])
    return float(eigenvalues.log().sum()) if float(eigenvalues[0]) > rounding else None
