"""A nasbench201-large network as plain arithmetic on a dictionary of tensors; imports torch and its neighbour alone.

The space is this project's own, so its operations are written from their description in the documentation: a ReLU, the
convolutions of the operation as a loop over the kernel's places and the groups, a batch norm. `state` maps parameter
names to tensors, for instance `cells.3.layers.2.op.1.weight`: block 3, edge 2 (2←1), its first convolution.
"""

import re

import torch

from tests.reference import spaces_nasbench201_network as nasbench201


def logits(cell, state, images, *, depth, training):
    """Logits [N, classes] of images [N, C, H, W] for the cell of that string."""
    return nasbench201.logits(cell, state, images, depth=depth, training=training, operate=operation)


def operation(kind, inputs, state, name, training):
    if kind in ("none", "skip_connect", "avg_pool_3x3", "nor_conv_1x1", "nor_conv_3x3"):
        return nasbench201.operation(kind, inputs, state, name, training)
    if kind == "max_pool_3x3":
        return windows(inputs, 3, 1, outside=-torch.inf).amax((0, 1))
    family, number, kernel = re.fullmatch(r"([a-z]+)(\d?)_conv_(\d)x\3", kind).groups()
    channels, kernel = inputs.shape[1], int(kernel)
    groups = {"sep": channels, "dil": channels, "grp": number and shared_groups(int(number), channels)}.get(family, 1)
    values, first, place = nasbench201.relu(inputs), state[f"{name}.op.1.weight"], 2
    if family == "bot":
        assert first.shape == (max(1, channels // int(number)), channels, 1, 1)
        values, first, place = convolved(values, first, 1, 1), state[f"{name}.op.2.weight"], 3
    assert first.shape[2:] == (kernel, kernel)
    values = convolved(values, first, groups, 2 if family == "dil" else 1)
    if family in ("sep", "dil"):
        values, place = convolved(values, state[f"{name}.op.2.weight"], 1, 1), 3
    return nasbench201.batch_norm(values, state, f"{name}.op.{place}", training)


def shared_groups(wanted, channels):
    """The largest number of groups that divides both."""
    return max(count for count in range(1, wanted + 1) if wanted % count == channels % count == 0)


def convolved(inputs, weight, groups, dilation):
    kernel = weight.shape[2]
    places = windows(inputs, kernel, dilation, outside=0.0)
    parts = []
    for of_inputs, of_weights in zip(places.chunk(groups, 3), weight.chunk(groups), strict=True):
        total = 0
        for row in range(kernel):
            for column in range(kernel):
                total = total + torch.einsum("nchw,dc->ndhw", of_inputs[row, column], of_weights[:, :, row, column])
        parts.append(total)
    return torch.cat(parts, 1)


def windows(inputs, kernel, dilation, outside):
    """For each place of a kernel the pixel that it reads, [kernel, kernel, N, C, H, W]."""
    reach, (height, width) = dilation * (kernel // 2), inputs.shape[2:]
    wide = inputs.new_full((*inputs.shape[:2], height + 2 * reach, width + 2 * reach), outside)
    wide[:, :, reach : reach + height, reach : reach + width] = inputs
    starts = range(0, 2 * reach + 1, dilation)
    return torch.stack([torch.stack([wide[:, :, i : i + height, j : j + width] for j in starts]) for i in starts])
