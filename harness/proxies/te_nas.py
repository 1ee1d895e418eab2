"""The two measures of TE-NAS (Chen et al., ICLR 2021): the NTK's condition number and the number of linear regions.

`te_nas_condition` and `te_nas_regions` are measured as in TE-NAS's search, on small networks with weights of their own;
`ntk_condition`, `ntk_condition_exact` and `linear_regions` measure the given network with its weights. Their
combination by rank is computed over a frame of scores: `harness.proxies.combined.te_nas`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


@proxy(source="chen2021tenas", version=2)
def ntk_condition(logit_sum_gram: Tensor) -> float:
    """−κ, the negative condition number λ_max/λ_min of the kernel of the logits' sum (Chen et al. 2021).

    Args:
        logit_sum_gram: Gram matrix [N, N] of the per-sample gradients of Σ_k f_k(x_n) by parameters called `weight`.

    Returns:
        A number of at most −1; larger (a better conditioned kernel) is better. A singular kernel fails.

    Per-sample gradients are formed layer by layer in one backward pass, which gives the authors' number in eval mode.
    With batch norm in train mode their code differentiates through the batch statistics, with one backward pass per
    sample; that is `ntk_condition_exact`.

    Cost: one forward and one backward pass.
    """
    return -condition_number(logit_sum_gram)


@proxy(source="chen2021tenas")
def ntk_condition_exact(logit_sum_gram_exact: Tensor) -> float:
    """−κ, the negative condition number of that kernel through batch norm's coupling, as in TE-NAS's code.

    Args:
        logit_sum_gram_exact: Gram matrix [N, N] of the rows ∇ Σ_k f(X)_nk by parameters called `weight`.

    Returns:
        A number of at most −1; larger is better. A singular kernel fails.

    Cost: one forward and N backward passes: 64 at batch 64. `all` leaves it out.
    """
    return -condition_number(logit_sum_gram_exact)


@proxy(source="chen2021tenas")
def linear_regions(relu_gram: Tensor) -> float:
    """Number of linear regions that the batch's samples lie in: of distinct sign patterns of all ReLU units.

    The measure of TE-NAS (Chen et al. 2021), on the given network.

    Args:
        relu_gram: for each pair of samples, the number of ReLU units in the same state, [N, N].

    Returns:
        A count from 1 to N; larger is better. On a network of ordinary size it is N for all architectures except those
        that pass no signal on, so it ranks nothing else: TE-NAS counts crops in a single cell, `te_nas_regions`.

    The authors' code reads ReLU modules with images only; here every ReLU module counts.

    Cost: one forward pass, shared.
    """
    units = relu_gram.diagonal()
    return float((1 / (relu_gram == units).sum(dim=1).double()).sum().round())


@proxy(source="chen2021tenas")
def te_nas_condition(small_network_grams: Sequence[Tensor]) -> float:
    """−κ of the logits' sum's kernel in a small network, mean over three draws of the weights (Chen et al. 2021).

    Args:
        small_network_grams: Gram matrices [N, N] of networks of 3 channels with one cell per stage, through batch
            norm's coupling.

    Returns:
        A number of at most −1; larger is better. A singular kernel fails.

    Weights are He-normal (fan-out), as the paper and the code say. The launcher that the authors published passes a
    name of this initialisation that the code does not know (`kaiming_normal_fanout` for `kaiming_norm_fanout`), which
    leaves PyTorch's default weights in place. It is not known which weights the published table was made with.

    Cost: 3 N backward passes of a network that takes a hundredth of the usual work. `all` leaves it out.
    """
    return -sum(condition_number(gram) for gram in small_network_grams) / len(small_network_grams)


@proxy(source="chen2021tenas")
def te_nas_regions(cell_regions: Sequence[int]) -> float:
    """Number of linear regions that 3,000 crops lie in, in one cell of one channel, mean over three draws of weights.

    Args:
        cell_regions: distinct sign patterns of the ReLUs over crops of 3 × 3 pixels of the batch, by draw.

    Returns:
        A number from 1 to 3,000; larger is better.

    The authors count inside a supernet, whose nodes have a ReLU for every operation that is not pruned yet; here the
    architecture's own ReLUs count, and the one before the classifier.

    Cost: nine forward passes of that cell, which take almost no time.
    """
    return sum(cell_regions) / len(cell_regions)


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
