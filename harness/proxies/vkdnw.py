"""VKDNW (Tybl & Neumann, CVPR 2025): how evenly the Fisher information's eigenvalues are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor

    from harness.measurements.logit_jacobian import LogitJacobian

_SMOOTHED = 0.05
"""Share of the uniform distribution in the class probabilities of the authors' code."""
_SMALL = 1e-10
"""Added to the norm and inside the logarithm, in the authors' code."""


@proxy(source="tybl2025vkdnw")
def vkdnw(logit_jacobian: LogitJacobian) -> float:
    """VKDNW −Σ_i t_i log t_i, t the deciles of the Fisher matrix's eigenvalues over their sum (Tybl & Neumann 2025).

    F = (1/N) Σ_n J_nᵀ (diag p_n − p_n p_nᵀ) J_n with class probabilities p_n; no labels.

    Args:
        logit_jacobian: derivatives J_n of the logits by the first entry of each weight, and p_n.

    Returns:
        A number from 0 to log 9; larger (eigenvalues that are more alike) is better.

    Which weights the authors' runs on NAS-Bench-201 read is not known: the number of entries of each of the first 128
    parameters is an argument of their code whose value is not published. One entry of each of the first 128 weights of
    convolutions and linear layers is our choice. Their networks have weights of He's normal draw (`init=
    "kaiming_fan_in"`) and see Gaussian images; each sample is normalised by itself there, by the batch here. Their code
    multiplies the factors of F in another order: `vkdnw_code`. What their table ranks by is `vkdnw_single`.

    Cost: K backward passes. `all` leaves it out.
    """
    rows, p = logit_jacobian.rows, logit_jacobian.probabilities
    centred = rows - (p[:, :, None] * rows).sum(dim=1, keepdim=True)
    return _decile_entropy((p.sqrt()[:, :, None] * centred).flatten(0, 1), len(rows))


@proxy(source="tybl2025vkdnw")
def vkdnw_code(logit_jacobian: LogitJacobian) -> float:
    """VKDNW of the authors' code, with (1/N) Σ_n J_nᵀ L_nᵀ L_n J_n in the place of the Fisher matrix.

    L_n is the Cholesky factor of diag q_n − q_n q_nᵀ for smoothed probabilities q_n = 0.95 p_n + 0.05 / K. The Fisher
    matrix of the paper has L_n L_nᵀ in the middle.

    Args:
        logit_jacobian: derivatives J_n of the logits, and the class probabilities p_n, the same as for `vkdnw`.

    Returns:
        A number from 0 to log 9; larger is better.

    Cost: K backward passes, shared with `vkdnw`. `all` leaves it out.
    """
    p = logit_jacobian.probabilities
    factors = covariance_factor((1 - _SMOOTHED) * p + _SMOOTHED / p.shape[1])
    return _decile_entropy((factors @ logit_jacobian.rows).flatten(0, 1), len(p))


@proxy(source="tybl2025vkdnw")
def vkdnw_single(logit_jacobian: LogitJacobian) -> float:
    """VKDNW_single ℵ + VKDNW, ℵ the number of layers with weights (Tybl & Neumann 2025).

    Args:
        logit_jacobian: as for `vkdnw`, with the number of weights of convolutions and linear layers.

    Returns:
        A positive number; larger is better.

    ℵ moves in whole layers, on NAS-Bench-201 by 15 for a convolution of the cell, and VKDNW is at most 2.2: the score
    ranks by depth, and VKDNW breaks ties. So read it next to `params`.

    Cost: K backward passes, shared with `vkdnw`. `all` leaves it out.
    """
    return logit_jacobian.layers + float(vkdnw(logit_jacobian))


def covariance_factor(p: Tensor) -> Tensor:
    """The lower Cholesky factors [N, K, K] of diag p − p pᵀ for positive probabilities p [N, K], in closed form.

    With q_j = 1 − Σ_{i≤j} p_i: L_jj = √(p_j q_j / q_{j−1}) and L_ij = −p_i √(p_j / (q_{j−1} q_j)) for i > j.
    """
    import torch

    left = p.flip(1).cumsum(1).flip(1)  # q_{j-1}
    after = torch.cat([left[:, 1:], torch.zeros_like(left[:, :1])], dim=1)  # q_j
    diagonal = (p * after / left).sqrt()
    columns = (p / (left * torch.where(after > 0, after, 1))).sqrt()
    return torch.diag_embed(diagonal) - (p[:, :, None] * columns[:, None, :]).tril(-1)


def _decile_entropy(rows: Tensor, samples: int) -> float:
    """Entropy of the shares of the nine deciles of the eigenvalues of rowsᵀ rows / N, rows [N K, S]."""
    import torch

    eigenvalues = torch.linalg.eigvalsh(rows.T @ rows / samples).clamp(min=0)
    levels = torch.linspace(0.1, 0.9, 9, dtype=eigenvalues.dtype, device=eigenvalues.device)
    deciles = eigenvalues.quantile(levels)
    shares = deciles / (deciles.sum() + _SMALL)
    return max(0.0, -float((shares * (shares + _SMALL).log()).sum()))
