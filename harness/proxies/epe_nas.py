"""EPE-NAS, the correlation of input gradients within classes (Lopes et al., ICANN 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.input_jacobian import LabelledJacobian

STABILISER = 1e-5
"""Added to each absolute correlation in the authors' code."""

MANY_OUTPUTS = 100
"""Above this number of outputs the authors' code compares classes instead of adding them up."""


@proxy(source="lopes2021epenas")
def epe_nas(labelled_input_jacobian: LabelledJacobian) -> float:
    """EPE-NAS Σ_c |s_c|, s_c = Σ_{i,j of class c} log(|C_ij| + 1e-5) (Lopes et al. 2021).

    C is the correlation of the input Jacobian's rows. For networks of more than 100 outputs s_c is the sum divided by
    the samples of the class, and the score is Σ_cc' |s_c − s_c'| divided by the number of classes, over classes of two
    samples or more.

    Args:
        labelled_input_jacobian: the input Jacobian [N, D], row n the gradient of the logits' sum by sample n; the
            labels [N]; the number of outputs.

    Returns:
        A non-negative number; larger is better. It fails where a sample's input gradient is constant, and, for more
        than 100 outputs, where no class has two samples in the batch.

    As in NASLib's code, which made the numbers of NAS-Bench-Suite-Zero. The correlation of a sample with itself is 1,
    so a class of one sample adds 1e-5; for more than 100 outputs such a class is left out. Up to 100 outputs the score
    is nearly proportional to the number of pairs of one class, so scores on other batches do not compare: a batch of N
    with K equal classes has N(N − 1)/2K such pairs, with a relative deviation of √(2(K − 1)/(N(N − 1))), for 32 samples
    of ten classes 13 %.

    Cost: one forward and one backward pass.
    """
    import torch

    from harness.measurements.input_jacobian import row_correlation

    jacobian, labels, outputs = labelled_input_jacobian
    correlation = row_correlation(jacobian)
    classes, position = torch.unique(labels, return_inverse=True)
    member = torch.nn.functional.one_hot(position, len(classes)).to(correlation)  # [N, classes]
    sums = torch.einsum("nc,nm,mc->c", member, (correlation.abs() + STABILISER).log(), member)
    if outputs <= MANY_OUTPUTS:
        return float(sums.abs().sum())
    sizes = member.sum(dim=0)
    if not bool((sizes > 1).any()):
        raise NotApplicable("no class has two samples in the batch: there is no correlation within a class")
    means = (sums / sizes)[sizes > 1]
    return float((means[:, None] - means[None, :]).abs().sum() / len(means))
