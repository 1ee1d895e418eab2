"""Supernets as plain arithmetic on a dictionary of tensors: a loop over edges and operations; imports torch alone.

Written from equation 2 of Liu, Simonyan and Yang 2019, section 2 of Dong & Yang 2020 and sections 3.2 and 3.3 of Xu et
al. 2020 (PC-DARTS). `state` maps parameter names to tensors, `weights` a group to a tensor [E, O], `edges` a group to a
tensor [E]. Batch norm and average pooling are written out; batch norm uses the batch's statistics always.
"""

import torch
from torch.nn.functional import conv2d, max_pool2d

NASBENCH201 = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
DARTS = (
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)


LARGE = (
    *NASBENCH201,
    "max_pool_3x3",
    "nor_conv_5x5",
    *(f"{kind}_conv_{kernel}x{kernel}" for kind in ("bot2", "bot4", "grp2", "grp4") for kernel in (3, 5)),
    *(f"{kind}_conv_{kernel}x{kernel}" for kind in ("sep", "dil") for kernel in (3, 5, 7)),
)


def nasbench201(state, images, weights, *, depth, edges=None, partial=1, mix=None):
    """Logits [N, classes] of images [N, C, H, W]; `mix` is an edge's sum, by default that of `each_by_itself`."""
    mix = mix or each_by_itself(NASBENCH201, nasbench201_operation)
    return of_cells(mix, state, images, weights, depth=depth, edges=edges, partial=partial)


def each_by_itself(names, operate):
    """An edge's sum of its operations (names, function), each by itself."""
    return lambda row, inputs, state, name, *stride: sum(
        weight * operate(operation, inputs, state, f"{name}.{operation}", *stride)
        for operation, weight in zip(names, row, strict=True)
    )


def nasbench201_large(state, images, weights, *, depth, edges=None, partial=1):
    """Logits [N, classes] of images [N, C, H, W]."""
    return of_cells(
        each_by_itself(LARGE, large_operation), state, images, weights, depth=depth, edges=edges, partial=partial
    )


def of_cells(mix, state, images, weights, *, depth, edges, partial):
    """Of NAS-Bench-201's cells with this sum of an edge's operations."""
    values = norm(conv2d(images, state["stem.0.weight"], padding=1), state, "stem.1")
    table = weights["cell"]
    factors = torch.ones_like(table[:, 0]) if edges is None else edges["cell"]
    for block in range(3 * depth + 2):
        name = f"cells.{block}"
        if block in (depth, 2 * depth + 1):
            main = conv2d(relu(values), state[f"{name}.conv_a.op.1.weight"], stride=2, padding=1)
            main = relu(norm(main, state, f"{name}.conv_a.op.2"))
            main = norm(conv2d(main, state[f"{name}.conv_b.op.1.weight"], padding=1), state, f"{name}.conv_b.op.2")
            rows = [values[:, :, i : i + 2, j : j + 2].mean((2, 3)) for i, j in corners(values)]
            halved = torch.stack(rows, 2).unflatten(2, main.shape[2:])
            values = main + conv2d(halved, state[f"{name}.downsample.1.weight"])
            continue
        nodes, edge = [values], 0
        for target in (1, 2, 3):
            total = torch.zeros_like(values)
            for source in range(target):
                total = total + factors[edge] * partly(
                    lambda first, edge=edge, name=name: mix(table[edge], first, state, f"{name}.layers.{edge}"),
                    nodes[source],
                    partial,
                    stride=1,
                )
                edge += 1
            nodes.append(total)
        values = nodes[3]
    pooled = relu(norm(values, state, "lastact.0")).mean((2, 3))
    return pooled @ state["classifier.weight"].T + state["classifier.bias"]


def nasbench201_operation(operation, inputs, state, name):
    if operation == "none" or (operation.startswith("nor") and f"{name}.weight" not in state):
        return torch.zeros_like(inputs)
    if operation == "skip_connect":
        return inputs
    if operation == "avg_pool_3x3":
        return mean_of_windows(inputs, 1)
    return norm(conv2d(relu(inputs), state[f"{name}.weight"], padding=int(operation[-1]) // 2))


def large_operation(operation, inputs, state, name):
    """Of nasbench201-large, whose definition is this project's own."""
    if operation in NASBENCH201 or operation.startswith("nor"):
        return nasbench201_operation(operation, inputs, state, name)
    if operation == "max_pool_3x3":
        return max_pool2d(inputs, 3, 1, 1)
    if f"{name}.0.weight" not in state:
        return torch.zeros_like(inputs)
    first, kernel = state[f"{name}.0.weight"], int(operation[-1])
    if operation.startswith("grp"):
        wanted = int(operation[3])
        groups = max(count for count in range(1, wanted + 1) if len(first) % count == wanted % count == 0)
        parts = zip(relu(inputs).chunk(groups, 1), first.chunk(groups), strict=True)
        return norm(torch.cat([conv2d(part, weight, padding=kernel // 2) for part, weight in parts], 1))
    if operation.startswith("bot"):
        values = torch.einsum("nchw,dc->ndhw", relu(inputs), first[:, :, 0, 0])
        return norm(conv2d(values, state[f"{name}.1.weight"], padding=kernel // 2))
    dilation = 2 if operation.startswith("dil") else 1
    return separated(inputs, state, f"{name}.0", f"{name}.1", 1, dilation * (kernel // 2), dilation)


def darts(state, images, weights, *, depth, edges=None, partial=1, mix=None):
    """Logits [N, classes] of images [N, C, H, W]; `mix` is an edge's sum, by default that of `each_by_itself`."""
    mix = mix or each_by_itself(DARTS, darts_operation)
    before = last = norm(conv2d(images, state["stem.0.weight"], padding=1), state, "stem.1")
    smaller = False
    for place in range(depth):
        name, halves = f"cells.{place}", place in (depth // 3, 2 * depth // 3)
        group = "reduce" if halves else "normal"
        table = weights[group]
        factors = torch.ones_like(table[:, 0]) if edges is None else edges[group]
        if smaller:
            nodes = [factorised(before, state, f"{name}.preprocess0")]
        else:
            nodes = [norm(conv2d(relu(before), state[f"{name}.preprocess0.op.1.weight"]))]
        nodes.append(norm(conv2d(relu(last), state[f"{name}.preprocess1.op.1.weight"])))
        edge = 0
        for target in range(2, 6):
            total = 0
            for source in range(target):
                stride = 2 if halves and source < 2 else 1
                total = total + factors[edge] * partly(
                    lambda first, edge=edge, name=name, stride=stride, table=table: mix(
                        table[edge], first, state, f"{name}.layers.{edge}", stride
                    ),
                    nodes[source],
                    partial,
                    stride,
                )
                edge += 1
            nodes.append(total)
        before, last, smaller = last, torch.cat(nodes[2:], 1), halves
    return last.mean((2, 3)) @ state["classifier.weight"].T + state["classifier.bias"]


WIRING = (
    "none",
    "skip_connect",
    "max_pool_3x3",
    "avg_pool_3x3",
    "sep_conv_3x3",
    "dil_conv_3x3",
    "dil_conv_5x5",
    "sep_conv_5x5",
)


def wiring(state, images, weights, *, depth, nodes):
    """Logits [N, classes] of cells of Xie et al. 2021: no reduction, a classifier without bias, one table."""
    before = last = norm(conv2d(images, state["stem.0.weight"], padding=1), state, "stem.1")
    for place in range(depth):
        name, edge = f"cells.{place}", 0
        values = [
            norm(conv2d(relu(inputs), state[f"{name}.preprocess{number}.op.1.weight"]))
            for number, inputs in enumerate((before, last))
        ]
        for target in range(2, 2 + nodes):
            total = torch.zeros_like(values[0])
            for source in range(target):
                for operation, weight in zip(WIRING, weights["cell"][edge], strict=True):
                    layer = f"{name}.layers.{edge}.{operation}"
                    total = total + weight * darts_operation(operation, values[source], state, layer, 1)
                edge += 1
            values.append(total)
        before, last = last, torch.cat(values[2:], 1)
    return last.mean((2, 3)) @ state["classifier.weight"].T


def darts_operation(operation, inputs, state, name, stride):
    zeros = torch.zeros_like(inputs[:, :, ::stride, ::stride])
    if operation == "none":
        return zeros
    if operation == "max_pool_3x3":
        return norm(max_pool2d(inputs, 3, stride, 1))
    if operation == "avg_pool_3x3":
        return norm(mean_of_windows(inputs, stride))
    if operation == "skip_connect":
        if stride == 1:
            return inputs
        return factorised(inputs, state, name) if f"{name}.conv_1.weight" in state else zeros
    if f"{name}.op.1.weight" not in state:
        return zeros
    kernel = int(operation[-1])
    if operation.startswith("dil"):
        return separated(inputs, state, f"{name}.op.1", f"{name}.op.2", stride, kernel - 1, 2)
    values = separated(inputs, state, f"{name}.op.1", f"{name}.op.2", stride, kernel // 2, 1)
    return separated(values, state, f"{name}.op.5", f"{name}.op.6", 1, kernel // 2, 1)


def separated(inputs, state, depthwise, pointwise, stride, padding, dilation):
    values = torch.cat(
        [
            conv2d(relu(inputs[:, c : c + 1]), kernel[None], stride=stride, padding=padding, dilation=dilation)
            for c, kernel in enumerate(state[f"{depthwise}.weight"])
        ],
        1,
    )
    return norm(torch.einsum("nchw,dc->ndhw", values, state[f"{pointwise}.weight"][:, :, 0, 0]))


def factorised(inputs, state, name):
    values = relu(inputs)
    even = conv2d(values[:, :, ::2, ::2], state[f"{name}.conv_1.weight"])
    odd = conv2d(values[:, :, 1::2, 1::2], state[f"{name}.conv_2.weight"])
    return norm(torch.cat([even, odd], 1))


def partly(mixed, inputs, partial, stride):
    """The first channels through `mixed`, the others past it; then channel g·C + c goes to c·partial + g."""
    if partial == 1:
        return mixed(inputs)
    count = inputs.shape[1] // partial
    rest = inputs[:, count:] if stride == 1 else max_pool2d(inputs[:, count:], 2, 2)
    joined = torch.cat([mixed(inputs[:, :count]), rest], 1)
    order = [group * count + channel for channel in range(count) for group in range(partial)]
    return joined[:, order]


def norm(values, state=None, name=None):
    mean = values.mean((0, 2, 3))[:, None, None]
    variance = ((values - mean) ** 2).mean((0, 2, 3))[:, None, None]
    normed = (values - mean) / torch.sqrt(variance + 1e-5)
    if state is None:
        return normed
    return normed * state[f"{name}.weight"][:, None, None] + state[f"{name}.bias"][:, None, None]


def mean_of_windows(inputs, stride):
    count, channels, height, width = inputs.shape
    rows = []
    for i in range(0, height, stride):
        windows = [
            inputs[:, :, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].flatten(2) for j in range(0, width, stride)
        ]
        rows.append(torch.stack([window.sum(2) / window.shape[2] for window in windows], 2))
    return torch.stack(rows, 2).reshape(count, channels, len(rows), -1)


def corners(values):
    return [(i, j) for i in range(0, values.shape[2], 2) for j in range(0, values.shape[3], 2)]


def relu(values):
    return values * (values > 0)
