"""The fixed measures of a DARTS network, which its modules and its closed-form sizes share.

They stand apart from the modules so that sizes load no torch.
"""

from __future__ import annotations

STEM_MULTIPLIER = 3
"""Channels of the CIFAR stem by the width C."""
AUXILIARY_CHANNELS = (128, 768)
"""Outputs of the auxiliary head's two convolutions."""
AUXILIARY_POOL = 5
"""Side of the windows of the auxiliary head's average pool."""
SEPARABLE_KERNELS = {"sep_conv_3x3": 3, "sep_conv_5x5": 5}
"""Side of the depthwise kernels, by operation."""
DILATED_KERNELS = {"dil_conv_3x3": 3, "dil_conv_5x5": 5}
"""Side of the depthwise kernel before dilation, by operation."""


def reductions(depth: int) -> tuple[int, int]:
    """Positions (from 0) of the two reduction cells among `depth` cells; one position where they coincide."""
    return depth // 3, 2 * depth // 3
