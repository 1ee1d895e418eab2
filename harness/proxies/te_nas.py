"""The two measures of TE-NAS (Chen et al., ICLR 2021): the NTK's condition number and the number of linear regions.

Their combination by rank is a step over a frame of scores: `harness.combine.te_nas`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor


@proxy(source="chen2021tenas")
def ntk_condition(logit_sum_gram: Tensor) -> float:
    """−κ, the negative condition number λ_max/λ_min of the kernel of the logits' sum (Chen et al. 2021).

    Args:
        logit_sum_gram: [N, N] from per-sample gradients of Σ_k f_k(x_n) over parameters called `weight`.

    Returns:
        A number of at most −1; larger (a better conditioned kernel) is better. A singular kernel fails.

    One backward pass, formed layer by layer: the authors' number in eval mode. With batch norm in train mode their code
    differentiates through the batch statistics, one backward pass a sample; that is `ntk_condition_exact`.

    Cost: one forward and one backward pass.
    """
    return -condition_number(logit_sum_gram)


@proxy(source="chen2021tenas")
def ntk_condition_exact(logit_sum_gram_exact: Tensor) -> float:
    """−κ of the kernel of the logits' sum through the batch norm coupling, as TE-NAS's code computes it.

    Args:
        logit_sum_gram_exact: [N, N], row n = ∇ Σ_k f(X)_nk over parameters called `weight`.

    Returns:
        A number of at most −1; larger is better. A singular kernel fails.

    Cost: one forward and N backward passes: 64 at batch 64. `all` leaves it out.
    """
    return -condition_number(logit_sum_gram_exact)


@proxy(source="chen2021tenas")
def linear_regions(relu_gram: Tensor) -> float:
    """Number of linear regions that the batch's samples lie in: of distinct sign patterns of all ReLU units.

    Args:
        relu_gram: [N, N], for each pair of samples the number of units in the same state.

    Returns:
        A count from 1 to N; larger is better. On a network of ordinary size it is N for every architecture and ranks
        nothing: TE-NAS counts on 3,000 crops of 3 × 3 pixels and one channel, in networks of width 1 with a cell a
        stage, 3 draws of the weights. Take `width=1, depth=1, channels=1, image_size=4, batch_size=3000` for the like.

    The authors' code reads ReLU modules with images only; here every ReLU module counts.

    Cost: one forward pass, shared.
    """
    units = relu_gram.diagonal()
    return float((1 / (relu_gram == units).sum(dim=1).double()).sum().round())


def condition_number(gram: Tensor) -> float:
    """λ_max/λ_min of a symmetric positive semidefinite matrix [N, N].

    Raises:
        NotApplicable: when the smallest eigenvalue is zero within rounding, so that the ratio would be noise.
    """
    import torch

    eigenvalues = torch.linalg.eigvalsh(gram.double())
    smallest, largest = float(eigenvalues[0]), float(eigenvalues[-1])
    rounding = len(gram) * largest * torch.finfo(gram.dtype).eps
    if not smallest > rounding:
        raise NotApplicable(
            f"the kernel is singular within rounding of {gram.dtype}: "
            f"smallest eigenvalue {smallest:.3g}, largest {largest:.3g}"
        )
    return largest / smallest
