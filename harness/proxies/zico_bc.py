"""ZiCo-BC (Bhardwaj et al., ICCV workshops 2023): ZiCo, corrected for its bias towards thin and deep networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.proxies.registry import proxy
from harness.proxies.zico import zico

if TYPE_CHECKING:
    from harness.measurements.convolution_outputs import OutputSize
    from harness.measurements.gradient import Gradients


@proxy(source="bhardwaj2023zicobc")
def zico_bc(
    half_batch_gradients: tuple[Gradients, Gradients], convolution_sizes: tuple[OutputSize, ...], beta: float = 1.0
) -> float:
    """ZiCo-BC: ZiCo − β Σ_l log(H_l W_l / √C_l), for convolutions with C_l channels (Bhardwaj et al. 2023).

    Args:
        half_batch_gradients: gradients on the two halves of the batch, as for `zico`.
        convolution_sizes: positions H_l W_l and channels C_l of the output of each call of a convolution.
        beta: β. The authors choose it for a space by hand, so that networks of middle depth win; 1 is our choice.

    Returns:
        Any real number; larger is better. It fails where `zico` fails.

    The formula is that of a third party's note; the paper was not read, and no code is published. The correction is
    meant for spaces of sizes, of depth and width. In NAS-Bench-201's space it is a number for each convolution, 5.55,
    3.81 or 2.08 by its stage.

    Cost: a forward and a backward pass for each half of the batch, shared with `zico`, and the shared forward pass.
    """
    return float(zico(half_batch_gradients)) - beta * size_correction(convolution_sizes)


def size_correction(sizes: Sequence[OutputSize]) -> float:
    """Σ_l log(H_l W_l / √C_l).

    >>> from harness.measurements.convolution_outputs import OutputSize
    >>> [round(size_correction([OutputSize(side * side, wide)]), 2) for side, wide in ((32, 16), (16, 32), (8, 64))]
    [5.55, 3.81, 2.08]
    """
    return sum(math.log(size.positions) - math.log(size.channels) / 2 for size in sizes)
