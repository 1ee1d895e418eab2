"""RCor and WRCor (Jing et al. 2025): how alike samples are, in what ReLUs read and in the gradients by it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor

    from harness.measurements.relu_correlations import ReluCorrelations


@proxy(source="jing2025wrcor")
def rcor(relu_correlations: ReluCorrelations) -> float:
    """RCor log |det K|, K = Σ_ReLUs |C_a| + |C_g|, of activations' and gradients' correlations (Jing et al. 2025).

    C_a is the correlation matrix of the samples by a ReLU's inputs, C_g by the loss's gradients at these.

    Args:
        relu_correlations: C_a and C_g, [N, N], by call of a ReLU. A matrix with a constant row is left out, as in the
            authors' code.

    Returns:
        Any real number; larger (samples that are less alike) is better. It fails where K is singular.

    The sum has no weights, so networks with more ReLUs have a larger K.

    Cost: one forward and one backward pass, shared.
    """
    return _log_determinant(zip((1.0 for _ in relu_correlations.cells), *relu_correlations[:2], strict=True))


@proxy(source="jing2025wrcor")
def wrcor(relu_correlations: ReluCorrelations) -> float:
    """WRCor log |det K|, K = Σ_ReLUs 2^l (|C_a| + |C_g|), l the place of the ReLU's cell (Jing et al. 2025).

    Args:
        relu_correlations: C_a and C_g, as for `rcor`, with the cell of each ReLU.

    Returns:
        Any real number; larger is better. It fails where K is singular, and for a network without a module list called
        `cells`.

    l counts the cells from the input, from 0; ReLUs before the first cell do not count, and one behind the last has
    l = 17 on NAS-Bench-201, the number of cells. There the authors' hook sees an in-place ReLU's output in the place of
    its input; here it is the input.

    Cost: one forward and one backward pass, shared with `rcor`.
    """
    if not relu_correlations.cell_count:
        raise NotApplicable("the network has no module list called `cells`: a ReLU has no place among them")
    weights = (2.0**place if place >= 0 else 0.0 for place in relu_correlations.cells)
    return _log_determinant(zip(weights, *relu_correlations[:2], strict=True))


def _log_determinant(calls: Iterable[tuple[float, Tensor | None, Tensor | None]]) -> float:
    import torch

    kernel = None
    for weight, *correlations in calls:
        for each in correlations:
            if each is not None and weight:
                kernel = weight * each.abs() + (0 if kernel is None else kernel)
    if kernel is None:
        raise NotApplicable("every ReLU reads constants: no correlation of samples is defined")
    sizes = torch.linalg.eigvalsh(kernel).abs()
    if not float(sizes.min()) > len(kernel) * torch.finfo(torch.float32).eps * float(sizes.max()):
        raise NotApplicable("the sum of correlations is singular: two samples are the same to every ReLU")
    return float(torch.linalg.slogdet(kernel).logabsdet)
