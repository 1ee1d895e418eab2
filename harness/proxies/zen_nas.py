"""The Zen-score (Lin et al., ICCV 2021)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.pooled_change import PooledChange


@proxy(source="lin2021zennas")
def zen(pooled_change: PooledChange) -> float:
    """Zen-score, log E‖f(x) − f(x + 0.01 ε)‖₁ + Σ_BN log √(mean running variance) (Lin et al. 2021).

    The expressivity of the network with weights from N(0, 1): how much its features before global average pooling
    change with the input. Batch norm keeps the features finite, and the second term restores the scale that it divides
    out.

    Args:
        pooled_change: the change for Gaussian x and ε of the batch's shape, with weights that are drawn for this
            measurement; the network's own weights, the labels and the images are not read.

    Returns:
        Any real number; larger is better. A network whose features do not change has no score.

    The authors' script averages 32 draws; AZ-NAS's and NASLib's codes make one draw, as here. The running variances
    start at 1 and are updated by the two passes with a momentum of 0.1, so that they hold 19 % of the batch's
    variance, as in all of these codes. With batch norm in eval mode the second term is 0 and the first alone is the
    paper's Φ-score.

    Cost: two forward passes of its own.
    """
    if pooled_change.distance == 0:
        raise NotApplicable("the features before pooling do not change with the input")
    return math.log(pooled_change.distance) + sum(math.log(variance) / 2 for variance in pooled_change.variances)
