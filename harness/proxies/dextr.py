"""Dextr (Asthana et al., TMLR 2025): how far channels are from collinear, and how the outputs' curve bends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.errors import NotApplicable
from harness.proxies.registry import proxy

if TYPE_CHECKING:
    from harness.measurements.output_curve import OutputCurve


@proxy(source="asthana2025dextr")
def dextr(inverse_conditions: tuple[float, ...], output_curve: OutputCurve) -> float:
    """Dextr A B / (A + B), A = log(1 + Σ s_min / s_max), B = log(1 + κ), κ the curvature (Asthana et al. 2025).

    κ = √(|v|² |a|² − (vᵀa)²) / |v|³ with the first and second derivatives v and a of ten outputs along a circle of
    inputs.

    Args:
        inverse_conditions: s_min / s_max of the feature map [C, positions] of each call of a module.
        output_curve: v and a at one point of the circle.

    Returns:
        A non-negative number; larger is better. It fails where the outputs do not change along the circle.

    As in the authors' script for NAS-Bench-201, one point of the circle counts; where there are ten outputs or fewer,
    all of them count. The circle is one of images of the batch's size, in their script of 64 × 64 for every data set.
    Their feature maps are of an image of the data set, here of the normal image that `meco` has drawn, so that nothing
    of the batch is read. Feature maps of zeros count 0. Their code hooks every module, containers included, and so does
    this; on a failure of B it returns A, here the proxy fails. How they draw the ten outputs is not known here.

    Cost: one forward pass of one sample, shared with `meco`, and a forward and four backward passes of another.
    """
    collinear = math.log1p(sum(inverse_conditions))
    bent = math.log1p(curvature(output_curve))
    return collinear * bent / (collinear + bent) if collinear + bent > 0 else 0.0


def curvature(curve: OutputCurve) -> float:
    """Extrinsic curvature of a curve with velocity v and acceleration a: |a| of a circle run through at speed 1.

    Raises:
        NotApplicable: when v is 0.
    """
    velocity, acceleration = curve
    speed = float(velocity.norm())
    if speed == 0:
        raise NotApplicable("the outputs do not change along the curve of inputs, so that it has no curvature")
    direction = velocity / speed
    across = acceleration - (acceleration @ direction) * direction  # |a|² − (a·v)²/|v|², without its cancellation
    return float(across.norm()) / speed**2
