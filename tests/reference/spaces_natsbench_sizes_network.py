"""A network of NATS-Bench's size space as plain arithmetic on a dictionary of tensors; imports torch alone.

Written from section 3 of Dong et al. 2021 and from the cell that the release's records name. `state` maps the release's
parameter names to tensors, for instance `cells.2.layers.3.conv.weight`: layer 2 of 5, edge 3 of 6 (3←0), which is
`skip_connect` and changes the channels. Batch norm and average pooling are written out.
"""

import torch
from torch.nn.functional import conv2d

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
BLOCKS = (1, 3)


def logits(architecture, state, images, *, training):
    """Logits [N, classes] of images [N, C, H, H] for the architecture of that text, such as `8:16:24:32:40`."""
    channels = [int(each) for each in architecture.split(":")]
    features = _batch_norm(conv2d(images, state["stem.0.weight"], padding=1), state, "stem.1", training)
    for place, wide in enumerate(channels):
        layer = _block if place in BLOCKS else _cell
        features = layer(features, state, f"cells.{place}", training)
        assert features.shape[1] == wide
    features = _batch_norm(features, state, "lastact.0", training).clamp(min=0)
    pooled = features.flatten(2).sum(2) / (features.shape[2] * features.shape[3])
    return pooled @ state["classifier.weight"].T + state["classifier.bias"]


def _cell(inputs, state, name, training):
    nodes, edge = [inputs], 0
    for node in CELL.split("+"):
        terms = []
        for term in node.strip("|").split("|"):
            operation, source = term.split("~")
            layer = f"{name}.layers.{edge}"
            if operation == "nor_conv_3x3":
                terms.append(_relu_conv_bn(nodes[int(source)], state, layer, training, stride=1))
            elif f"{layer}.conv.weight" in state:  # a skip to other channels: no ReLU before it
                projected = conv2d(nodes[int(source)], state[f"{layer}.conv.weight"])
                terms.append(_batch_norm(projected, state, f"{layer}.bn", training))
            else:
                terms.append(nodes[int(source)])
            edge += 1
        nodes.append(torch.stack(terms).sum(0))
    return nodes[3]


def _block(inputs, state, name, training):
    main = _relu_conv_bn(inputs, state, f"{name}.conv_a", training, stride=2)
    main = _relu_conv_bn(main, state, f"{name}.conv_b", training, stride=1)
    side = inputs.shape[2]
    pairs = [torch.arange(start, min(start + 2, side)) for start in range(0, side, 2)]
    halved = torch.stack(
        [torch.stack([inputs[:, :, row][:, :, :, column].mean((2, 3)) for column in pairs], 2) for row in pairs], 2
    )
    return main + conv2d(halved, state[f"{name}.downsample.1.weight"])


def _relu_conv_bn(inputs, state, name, training, *, stride):
    convolved = conv2d(inputs * (inputs > 0), state[f"{name}.op.1.weight"], stride=stride, padding=1)
    return _batch_norm(convolved, state, f"{name}.op.2", training)


def _batch_norm(inputs, state, name, training, epsilon=1e-5):
    if training:
        mean = inputs.mean((0, 2, 3))
        variance = ((inputs - mean.view(1, -1, 1, 1)) ** 2).mean((0, 2, 3))
    else:
        mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    scale = state[f"{name}.weight"] / (variance + epsilon).sqrt()
    shift = state[f"{name}.bias"] - mean * scale
    return inputs * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)
