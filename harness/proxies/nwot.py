"""NASWOT, the activation kernel of Mellor et al. (NAS without training, ICML 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from torch import Tensor


@proxy(source="mellor2021naswot")
def nwot(relu_gram: Tensor) -> float:
    """NASWOT log |det K|, K_ij the number of ReLU units in the same state for samples i and j (Mellor et al. 2021).

    Args:
        relu_gram: the kernel K, [N, N].

    Returns:
        Any number; larger is better. It fails where K is singular, as it is for samples with the same ReLU states.

    The authors' hook looks for `ReLU` in class names. On NAS-Bench-201 that also finds the block `ReLUConvBN`, whose
    input is that of its ReLU, so their own values count those units twice. Here, as in NASLib and AZ-NAS, a ReLU counts
    once. Blocks that do not reach the output count too, in all of these codes. HNAS's `naswot` is another number: it
    sums the activations themselves instead of the units' states, 0 or 1.

    Cost: one forward pass.
    """
    import torch

    eigenvalues = torch.linalg.eigvalsh(relu_gram)
    rounding = len(relu_gram) * torch.finfo(relu_gram.dtype).eps * float(eigenvalues[-1])
    if not float(eigenvalues[0]) > rounding:
        raise NotApplicable(
            "the kernel is singular: the ReLU patterns of the samples depend on each other, "
            f"{len(torch.unique(relu_gram, dim=0))} of {len(relu_gram)} differ"
        )
    return float(torch.linalg.slogdet(relu_gram).logabsdet)
