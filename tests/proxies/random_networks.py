"""Small random networks of every habit that code in the wild has, in float64.

Blocks map features [N, 4, 6, 6] to features of the same shape; with N = 6 samples the axes of samples and of positions
cannot be told apart by their length.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint

SAMPLES = SIDE = 6
WIDE, CLASSES = 4, 3


def convolution(kernel: int = 3, **options: int) -> nn.Conv2d:
    return nn.Conv2d(WIDE, WIDE, kernel, padding=kernel // 2, **options)


class Block(nn.Module):
    """A block whose forward pass is a function of the block and the features."""

    def __init__(self, compute: Callable[[nn.Module, Tensor], Tensor], **children: nn.Module | nn.Parameter) -> None:
        super().__init__()
        self.compute = compute
        for name, child in children.items():
            setattr(self, name, child)

    def forward(self, features: Tensor) -> Tensor:
        return self.compute(self, features)


class Swish(torch.autograd.Function):
    """An activation that PyTorch does not know."""

    @staticmethod
    def forward(context: torch.autograd.function.FunctionCtx, features: Tensor) -> Tensor:
        context.save_for_backward(features)
        return features * torch.sigmoid(features)

    @staticmethod
    def backward(context: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        (features,) = context.saved_tensors
        gate = torch.sigmoid(features)
        return gradient * gate * (1 + features * (1 - gate))


class ListHeld(nn.Module):
    """A weight that the forward pass reads from a list beside the module that holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = convolution()
        self.held = [self.layer.weight]

    def forward(self, features: Tensor) -> Tensor:
        return functional.conv2d(features, self.held[0], padding=1)


def attention(block: nn.Module, x: Tensor) -> Tensor:
    rows = x.flatten(2).transpose(1, 2)
    return x + block.layer(rows, rows, rows)[0].transpose(1, 2).reshape(x.shape)


def recurrent(block: nn.Module, x: Tensor) -> Tensor:
    rows = x.permute(0, 2, 3, 1).reshape(-1, SIDE, WIDE)
    return x + block.layer(rows)[0].reshape(len(x), SIDE, SIDE, WIDE).permute(0, 3, 1, 2)


def turned(block: nn.Module, x: Tensor) -> Tensor:
    """A linear layer along the last axis, on features whose first axis is a position."""
    return x + block.layer(x.transpose(0, 2)).transpose(0, 2)


def without_graph(block: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        frozen = block.layer(x)
    return x + frozen


def hooked() -> nn.Module:
    layer = convolution()
    layer.register_forward_hook(lambda module, given, output: output * 1.5)
    return layer


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(nn.Sequential(convolution(), nn.ReLU()).double())


def frozen() -> nn.Module:
    return convolution().requires_grad_(False)


def in_place(block: nn.Module, x: Tensor) -> Tensor:
    return x + functional.relu_(block.layer(x))


def tied(block: nn.Module, x: Tensor) -> Tensor:
    return functional.conv2d(torch.tanh(block.layer(x)), block.layer.weight.transpose(0, 1), padding=1)


SIMPLE: dict[str, Callable[[], nn.Module]] = {
    "plain": lambda: nn.Sequential(convolution(), nn.BatchNorm2d(WIDE), nn.ReLU()),
    "residual": lambda: Block(lambda b, x: x + b.layer(b.relu(x)), layer=convolution(), relu=nn.ReLU()),
    "grouped": lambda: nn.Sequential(nn.Conv2d(WIDE, WIDE, 3, padding=2, dilation=2, groups=2), nn.ReLU()),
    "depthwise": lambda: nn.Sequential(convolution(groups=WIDE), convolution(1), nn.BatchNorm2d(WIDE), nn.ReLU()),
    "shared": lambda: Block(lambda b, x: b.relu(b.layer(b.relu(b.layer(x)))), layer=convolution(), relu=nn.ReLU()),
    "in place": lambda: nn.Sequential(convolution(), nn.ReLU(inplace=True)),
    "group norm": lambda: nn.Sequential(convolution(), nn.GroupNorm(2, WIDE), nn.ReLU()),
    "layer norm": lambda: nn.Sequential(convolution(), nn.LayerNorm([WIDE, SIDE, SIDE]), nn.ReLU()),
    "positions": lambda: Block(lambda b, x: x + b.layer(x.movedim(1, -1)).movedim(-1, 1), layer=nn.Linear(WIDE, WIDE)),
    "dropout": lambda: nn.Sequential(convolution(), nn.Dropout2d(0.5), nn.ReLU()),
    "unused": lambda: Block(lambda b, x: b.layer(x), layer=convolution(), other=nn.Linear(3, 3)),
}
"""Blocks that every proxy is defined on."""

UNUSUAL: dict[str, Callable[[], nn.Module]] = {
    "checkpoint": lambda: Block(
        lambda b, x: checkpoint(b.inner, x, use_reentrant=False),
        inner=nn.Sequential(convolution(), nn.BatchNorm2d(WIDE), nn.ReLU()),
    ),
    "tied": lambda: Block(tied, layer=convolution()),
    "normed": lambda: Block(
        lambda b, x: functional.conv2d(x, b.layer.weight / b.layer.weight.norm(), padding=1), layer=convolution()
    ),
    "also a function": lambda: Block(
        lambda b, x: b.layer(x) - 0.7 * functional.conv2d(x, b.layer.weight.sum((2, 3), keepdim=True)),
        layer=convolution(),
    ),
    "scale invariant use": lambda: Block(
        lambda b, x: b.layer(x) + functional.conv2d(x, b.layer.weight / b.layer.weight.norm(), padding=1),
        layer=convolution(),
    ),
    "attention": lambda: Block(attention, layer=nn.MultiheadAttention(WIDE, 2, batch_first=True)),
    "lstm": lambda: Block(recurrent, layer=nn.LSTM(WIDE, WIDE, batch_first=True)),
    "gru": lambda: Block(recurrent, layer=nn.GRU(WIDE, WIDE, batch_first=True)),
    "functional relu": lambda: Block(lambda b, x: functional.relu(b.layer(x)), layer=convolution()),
    "functional relu in place": lambda: Block(in_place, layer=convolution()),
    "gelu": lambda: nn.Sequential(convolution(), nn.GELU()),
    "relu6": lambda: nn.Sequential(convolution(), nn.ReLU6()),
    "handmade relu": lambda: Block(lambda b, x: (y := b.layer(x)) * (y > 0), layer=convolution()),
    "custom function": lambda: Block(lambda b, x: Swish.apply(b.layer(x)), layer=convolution()),
    "weight norm": lambda: parametrizations.weight_norm(convolution()),
    "spectral norm": lambda: parametrizations.spectral_norm(convolution()),
    "own matrix": lambda: Block(
        lambda b, x: x + torch.einsum("nchw,dc->ndhw", x, b.matrix), matrix=nn.Parameter(torch.randn(WIDE, WIDE) / 2)
    ),
    "own vector": lambda: Block(lambda b, x: x * b.scale[:, None, None], scale=nn.Parameter(torch.rand(WIDE) + 0.5)),
    "instance norm": lambda: nn.Sequential(convolution(), nn.InstanceNorm2d(WIDE, affine=True), nn.ReLU()),
    "functional batch norm": lambda: Block(
        lambda b, x: functional.batch_norm(b.layer(x), None, None, training=True), layer=convolution()
    ),
    "batch norm without statistics": lambda: nn.Sequential(
        convolution(), nn.BatchNorm2d(WIDE, track_running_stats=False), nn.ReLU()
    ),
    "rolled": lambda: Block(lambda b, x: b.relu(b.layer(x.roll(1, 0))), layer=convolution(), relu=nn.ReLU()),
    "rolled by two": lambda: Block(lambda b, x: b.relu(b.layer(x.roll(2, 0))), layer=convolution(), relu=nn.ReLU()),
    "centred in halves": lambda: Block(
        lambda b, x: torch.cat([b.layer(part - part.mean(0, keepdim=True)) for part in x.split(3)]), layer=convolution()
    ),
    "one neighbour": lambda: Block(
        lambda b, x: b.layer(torch.cat([x[:1], x[1:2] + x[2:3], x[2:]])), layer=convolution()
    ),
    "by the number of samples": lambda: Block(
        lambda b, x: b.layer(x) if len(x) < 5 else b.layer(x.roll(1, 0)), layer=convolution()
    ),
    "centred": lambda: Block(lambda b, x: b.layer(x - x.mean(0, keepdim=True)), layer=convolution()),
    "turned": lambda: Block(turned, layer=nn.Linear(SIDE, SIDE)),
    "without a graph": lambda: Block(without_graph, layer=convolution()),
    "detached scale": lambda: Block(lambda b, x: b.layer(x / x.detach().std()), layer=convolution()),
    "held in a list": ListHeld,
    "squeeze": lambda: Block(
        lambda b, x: x * torch.sigmoid(b.layer(x.mean((2, 3), keepdim=True))), layer=convolution(1)
    ),
    "scripted": scripted,
    "frozen": frozen,
    "hooked": hooked,
    "constant": lambda: Block(
        lambda b, x: functional.conv2d(b.layer(x), torch.eye(WIDE)[:, :, None, None]), layer=convolution()
    ),
    "single constant": lambda: Block(
        lambda b, x: functional.conv2d(b.layer(x), torch.eye(WIDE, dtype=x.dtype)[:, :, None, None] / 2),
        layer=convolution(),
    ),
    "transposed": lambda: nn.ConvTranspose2d(WIDE, WIDE, 3, padding=1),
    "max pool": lambda: nn.Sequential(convolution(), nn.MaxPool2d(3, stride=1, padding=1), nn.ReLU()),
}
"""Blocks on which some proxies are not defined, or are easily wrong."""


class Network(nn.Module):
    """Stem, blocks, spatial mean and classifier."""

    def __init__(self, blocks: list[nn.Module]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDE, 3, padding=1)
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Linear(WIDE, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images)
        for block in self.blocks:
            features = block(features)
        return self.head(features.mean((2, 3)))


def random_network(seed: int) -> tuple[str, nn.Module]:
    """Names of the blocks, and the network, in float64 with weights from the seed."""
    draw = random.Random(seed)
    chosen = [draw.choice(list(SIMPLE)) for _ in range(draw.randint(1, 2))]
    if draw.random() < 0.75:
        chosen.insert(draw.randint(0, len(chosen)), draw.choice(list(UNUSUAL)))
    torch.manual_seed(seed)
    return ", ".join(chosen), Network([{**SIMPLE, **UNUSUAL}[name]() for name in chosen]).double()
