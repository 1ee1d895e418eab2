"""A DARTS network as plain arithmetic on a dictionary of tensors; imports torch alone.

Written from section 3 and appendix A of Liu, Simonyan and Yang 2019. `state` maps the authors' parameter names to
tensors, for instance `cells.6._ops.3.op.1.weight`. Batch norm and average pooling are written out.
"""

import torch
from torch.nn.functional import conv2d, max_pool2d


def logits(normal, reduce, state, images, *, depth, training, imagenet=False):
    """Logits [N, classes] of images [N, C, H, W]; cells are lists of eight (operation, input)."""

    def norm(values, name):
        return _batch_norm(values, state, name, training)

    if imagenet:
        half = _relu(norm(conv2d(images, state["stem0.0.weight"], stride=2, padding=1), "stem0.1"))
        before = norm(conv2d(half, state["stem0.3.weight"], stride=2, padding=1), "stem0.4")
        last = norm(conv2d(_relu(before), state["stem1.1.weight"], stride=2, padding=1), "stem1.2")
        smaller = True
    else:
        before = last = norm(conv2d(images, state["stem.0.weight"], padding=1), "stem.1")
        smaller = False
    for place in range(depth):
        halves = place == depth // 3 or place == 2 * depth // 3
        cell = _cell(reduce if halves else normal, before, last, state, f"cells.{place}", norm, halves, smaller)
        before, last, smaller = last, cell, halves
    pooled = last.flatten(2).sum(2) / (last.shape[2] * last.shape[3])
    return pooled @ state["classifier.weight"].T + state["classifier.bias"]


def _cell(pairs, before, last, state, name, norm, halves, smaller):
    nodes = [_halved(before, state, f"{name}.preprocess0", norm) if smaller else None]
    if not smaller:
        nodes = [norm(conv2d(_relu(before), state[f"{name}.preprocess0.op.1.weight"]), f"{name}.preprocess0.op.2")]
    nodes.append(norm(conv2d(_relu(last), state[f"{name}.preprocess1.op.1.weight"]), f"{name}.preprocess1.op.2"))
    for node in range(4):
        total = 0
        for position in (2 * node, 2 * node + 1):
            operation, source = pairs[position]
            stride = 2 if halves and source in (0, 1) else 1
            total = total + _operation(operation, nodes[source], state, f"{name}._ops.{position}", norm, stride)
        nodes.append(total)
    return torch.cat(nodes[2:], 1)


def _operation(operation, inputs, state, name, norm, stride):
    if operation == "skip_connect":
        return inputs if stride == 1 else _halved(inputs, state, name, norm)
    if operation == "none":
        return 0 * inputs[:, :, ::stride, ::stride]
    if operation == "avg_pool_3x3":
        return _mean_of_windows(inputs, stride)
    if operation == "max_pool_3x3":
        return max_pool2d(inputs, 3, stride, 1)
    kernel = int(operation[-1])
    if operation.startswith("dil"):
        return _separated(inputs, state, name, norm, first=1, stride=stride, padding=kernel - 1, dilation=2)
    values = _separated(inputs, state, name, norm, first=1, stride=stride, padding=kernel // 2, dilation=1)
    return _separated(values, state, name, norm, first=5, stride=1, padding=kernel // 2, dilation=1)


def _separated(inputs, state, name, norm, *, first, stride, padding, dilation):
    depthwise = state[f"{name}.op.{first}.weight"]
    values = torch.cat(
        [
            conv2d(_relu(inputs[:, c : c + 1]), depthwise[c : c + 1], stride=stride, padding=padding, dilation=dilation)
            for c in range(inputs.shape[1])
        ],
        1,
    )
    mixed = torch.einsum("nchw,dc->ndhw", values, state[f"{name}.op.{first + 1}.weight"][:, :, 0, 0])
    return norm(mixed, f"{name}.op.{first + 2}")


def _halved(inputs, state, name, norm):
    values = _relu(inputs)
    even, odd = values[:, :, ::2, ::2], values[:, :, 1::2, 1::2]
    first, second = state[f"{name}.conv_1.weight"], state[f"{name}.conv_2.weight"]
    return norm(torch.cat([conv2d(even, first), conv2d(odd, second)], 1), f"{name}.bn")


def _mean_of_windows(inputs, stride):
    count, channels, height, width = inputs.shape
    rows = []
    for i in range(0, height, stride):
        windows = [
            inputs[:, :, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].flatten(2) for j in range(0, width, stride)
        ]
        rows.append(torch.stack([window.sum(2) / window.shape[2] for window in windows], 2))
    return torch.stack(rows, 2).reshape(count, channels, len(rows), -1)


def _batch_norm(values, state, name, training):
    if training:
        mean = values.mean((0, 2, 3))
        variance = ((values - mean[:, None, None]) ** 2).mean((0, 2, 3))
    else:
        mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    scale = state[f"{name}.weight"] / torch.sqrt(variance + 1e-5)
    return (values - mean[:, None, None]) * scale[:, None, None] + state[f"{name}.bias"][:, None, None]


def _relu(values):
    return values * (values > 0)
