"""A network of TransNAS-Bench-101's micro space as plain arithmetic on a dictionary of tensors; imports torch alone.

Written from the authors' description of their skeleton, `64-41414-1_02_333`: two convolutions of stride 2, five modules
of two cells or more, where a module 4 doubles the channels and halves the side in its first cell; no activation after
the last cell. `state` maps our parameter names to tensors, for instance `cells.2.layers.3.op.1.weight`: the third cell,
edge 3 of 6 (3←0). Batch norm and average pooling are written out.
"""

import torch
from torch.nn.functional import conv2d

MODULES = "41414"
# Of each task with images as outputs: a layer a letter, k keeps the side, d doubles it.
DECODERS = {"pictures": "kkkkdkdkdkdkdk", "segmentation": "kkdddddk"}


def logits(architecture, state, images, *, depth, training):
    """Logits [N, classes] of images [N, C, H, H] for the cell of that text, such as `1_02_333`."""
    features = _features(architecture, state, images, depth, training)
    pooled = features.flatten(2).sum(2) / (features.shape[2] * features.shape[3])
    return pooled @ state["classifier.weight"].T + state["classifier.bias"]


def decoded(architecture, state, images, *, depth, training, task):
    """Images [N, classes, H, H] of images [N, C, H, H]; `task` is one of `DECODERS`.

    A layer is a 3×3 convolution with bias; batch norm and a leaky ReLU of slope 0.2 follow each but the last.
    """
    features = _features(architecture, state, images, depth, training)
    *before, last = DECODERS[task]
    for number, kind in enumerate(before):
        convolved = _biased(_doubled if kind == "d" else _kept, features, state, f"decoder.{3 * number}")
        normed = _norm(convolved, state, f"decoder.{3 * number + 1}", training)
        features = normed * (normed > 0) + 0.2 * normed * (normed < 0)
    outputs = _biased(_doubled if last == "d" else _kept, features, state, f"decoder.{3 * len(before)}")
    if task == "segmentation":
        return outputs
    return (outputs.exp() - (-outputs).exp()) / (outputs.exp() + (-outputs).exp())


def pixel_cross_entropy(logits, classes):
    """Mean over all pixels of -log of the softmax [N, K, H, W] at the pixel's class [N, H, W], pixel by pixel."""
    total, count = 0.0, 0
    for image, wanted in zip(logits, classes, strict=True):
        for row in range(image.shape[1]):
            for column in range(image.shape[2]):
                scores = image[:, row, column]
                total = total + scores.exp().sum().log() - scores[wanted[row, column]]
                count += 1
    return total / count


def _biased(convolve, inputs, state, name):
    return convolve(inputs, state[f"{name}.weight"]) + state[f"{name}.bias"].view(1, -1, 1, 1)


def _kept(inputs, weight):
    return conv2d(inputs, weight, padding=1)


def _doubled(inputs, weight):
    """Transposed 3×3 convolution of stride 2: input (i, j) is added to outputs (2i + r - 1, 2j + c - 1)."""
    count, _, height, width = inputs.shape
    padded = torch.zeros(count, weight.shape[1], 2 * height + 1, 2 * width + 1, dtype=inputs.dtype)
    for r in range(3):
        for c in range(3):
            part = torch.einsum("nihw,io->nohw", inputs, weight[:, :, r, c])
            padded[:, :, r : r + 2 * height - 1 : 2, c : c + 2 * width - 1 : 2] += part
    return padded[:, :, 1:, 1:]


def _features(architecture, state, images, depth, training):
    features = _norm(conv2d(images, state["stem.0.weight"], stride=2, padding=1), state, "stem.1", training)
    features = _relu_conv_norm(features, state, "stem.2", training, stride=2)
    place = 0
    for module in MODULES:
        for number in range(depth):
            halving = module == "4" and number == 0
            features = _cell(architecture, features, state, f"cells.{place}", training, halving)
            place += 1
    return features


def _cell(architecture, inputs, state, name, training, halving):
    nodes, edge = [inputs], 0
    for group in architecture.split("_"):
        total = None
        for source, digit in enumerate(group):
            term = _operation(int(digit), nodes[source], state, f"{name}.layers.{edge}", training, halving, source)
            total = term if total is None else total + term
            edge += 1
        nodes.append(total)
    return nodes[3]


def _operation(digit, inputs, state, name, training, halving, source):
    reduces = halving and source == 0
    if digit == 0:
        kept = inputs[:, :, ::2, ::2] if reduces else inputs
        return torch.zeros_like(torch.cat([kept, kept], dim=1) if reduces else kept)
    if digit == 1 and not reduces:
        return inputs
    if digit == 1:
        active = inputs * (inputs > 0)
        odd = torch.zeros(*inputs.shape[:2], *((side + 1) // 2 for side in inputs.shape[2:]), dtype=inputs.dtype)
        inside = active[:, :, 1::2, 1::2]
        odd[:, :, : inside.shape[2], : inside.shape[3]] = inside
        halves = [
            conv2d(active[:, :, ::2, ::2], state[f"{name}.convs.0.weight"]),
            conv2d(odd, state[f"{name}.convs.1.weight"]),
        ]
        return _norm(torch.cat(halves, dim=1), state, f"{name}.bn", training)
    return _relu_conv_norm(inputs, state, name, training, stride=2 if reduces else 1)


def _relu_conv_norm(inputs, state, name, training, *, stride):
    weight = state[f"{name}.op.1.weight"]
    convolved = conv2d(inputs * (inputs > 0), weight, stride=stride, padding=weight.shape[-1] // 2)
    return _norm(convolved, state, f"{name}.op.2", training)


def _norm(inputs, state, name, training, epsilon=1e-5):
    if training:
        mean = inputs.mean((0, 2, 3))
        variance = ((inputs - mean.view(1, -1, 1, 1)) ** 2).mean((0, 2, 3))
    else:
        mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    scale = state[f"{name}.weight"] / (variance + epsilon).sqrt()
    return inputs * scale.view(1, -1, 1, 1) + (state[f"{name}.bias"] - mean * scale).view(1, -1, 1, 1)
