"""A NAS-Bench-201 network as plain arithmetic on a dictionary of tensors; imports torch alone.

Written from figure 1 and section 2.1 of Dong & Yang 2020. `state` maps the release's parameter names to tensors, for
instance `cells.3.layers.2.op.1.weight`: block 3 of 17, edge 2 of 6 (2←1), its convolution. Batch norm and average
pooling are written out.
"""

import torch
from torch.nn.functional import conv2d

KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}


def logits(cell, state, images, *, depth, training, operate=None):
    """Logits [N, classes] of images [N, C, H, W] for the cell of that string; `operate` computes one edge."""
    operate = operate or operation
    features = batch_norm(conv2d(images, state["stem.0.weight"], padding=1), state, "stem.1", training)
    for block in range(3 * depth + 2):
        if block in (depth, 2 * depth + 1):
            features = _reduction(features, state, f"cells.{block}", training)
        else:
            features = _cell(cell, features, state, f"cells.{block}", training, operate)
    features = relu(batch_norm(features, state, "lastact.0", training))
    pooled = features.flatten(2).sum(2) / (features.shape[2] * features.shape[3])
    return pooled @ state["classifier.weight"].T + state["classifier.bias"]


def _cell(cell, inputs, state, name, training, operate):
    nodes = [inputs]
    edge = 0
    for node in cell.split("+"):
        total = torch.zeros_like(inputs)
        for term in node.strip("|").split("|"):
            kind, source = term.split("~")
            total = total + operate(kind, nodes[int(source)], state, f"{name}.layers.{edge}", training)
            edge += 1
        nodes.append(total)
    return nodes[3]


def operation(kind, inputs, state, name, training):
    if kind == "none":
        return 0 * inputs
    if kind == "skip_connect":
        return inputs
    if kind == "avg_pool_3x3":
        return _mean_of_windows(inputs, kernel=3, stride=1, padding=1)
    return _relu_conv_bn(inputs, state, name, training, stride=1, padding=KERNELS[kind] // 2)


def _reduction(inputs, state, name, training):
    main = _relu_conv_bn(inputs, state, f"{name}.conv_a", training, stride=2, padding=1)
    main = _relu_conv_bn(main, state, f"{name}.conv_b", training, stride=1, padding=1)
    halved = _mean_of_windows(inputs, kernel=2, stride=2, padding=0)
    return main + conv2d(halved, state[f"{name}.downsample.1.weight"])


def _relu_conv_bn(inputs, state, name, training, *, stride, padding):
    convolved = conv2d(relu(inputs), state[f"{name}.op.1.weight"], stride=stride, padding=padding)
    return batch_norm(convolved, state, f"{name}.op.2", training)


def relu(inputs):
    return inputs * (inputs > 0)


def batch_norm(inputs, state, name, training, epsilon=1e-5):
    if training:
        mean = inputs.mean((0, 2, 3))
        variance = ((inputs - mean.view(1, -1, 1, 1)) ** 2).mean((0, 2, 3))
    else:
        mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    scale = state[f"{name}.weight"] / (variance + epsilon).sqrt()
    shift = state[f"{name}.bias"] - mean * scale
    return inputs * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)


def _mean_of_windows(inputs, *, kernel, stride, padding):
    """Mean over the pixels of each window that lie in the image; windows start while any of them does."""
    side = inputs.shape[2]
    starts = range(-padding, side - kernel + 1 + padding + (side % stride), stride)
    rows = [torch.arange(max(start, 0), min(start + kernel, side)) for start in starts]
    return torch.stack(
        [torch.stack([inputs[:, :, row][:, :, :, column].mean((2, 3)) for column in rows], 2) for row in rows], 2
    )
