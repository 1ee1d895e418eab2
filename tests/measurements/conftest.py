"""Small networks of several kinds, in float64."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.spaces import open_space

CELLS = {
    "nasbench201": "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "dead edge": "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|",
}
GENOTYPE = (  # DARTS_V2, as NASLib writes it
    "[[(0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)], "
    "[(0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)]]"
)


class InPlace(nn.Module):
    """A residual network with in-place activations, a bias before batch norm, groups, stride, dilation, padding."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.b = nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=2, padding_mode="circular")
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.relu(self.norm(self.a(inputs)))
        features = self.relu(features + self.b(features))
        return self.head(features.mean(dim=(2, 3)))


class Shared(nn.Module):
    """One convolution and one norm used twice, and a layer that is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 1)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.unused = nn.Linear(5, 5)
        self.head = nn.Linear(4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.stem(inputs)
        for _ in range(2):
            features = torch.tanh(self.norm(self.twice(features)))
        return self.head(features.mean(dim=(2, 3)))


class GroupNormed(nn.Module):
    """Two convolutions with group norm, ReLU modules and global average pooling in `forward`."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, stride=2)
        self.norm, self.other = nn.GroupNorm(2, 6), nn.GroupNorm(3, 6)
        self.relu = nn.ReLU()
        self.head = nn.Linear(6, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.relu(self.norm(self.a(inputs)))
        features = self.relu(self.other(self.b(features)))
        return self.head(features.mean(dim=(2, 3)))


class LayerNormed(nn.Module):
    """Layer norm of whole images, and of channels at each position, around linear layers that read every position."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3, stride=2)
        self.norm, self.other = nn.LayerNorm([4, 2, 2]), nn.LayerNorm(4)
        self.b, self.head = nn.Linear(4, 4), nn.Linear(4, 3)
        self.relu = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        positions = self.relu(self.norm(self.a(inputs))).flatten(2).mT
        return self.head(self.relu(self.other(self.b(positions))).mean(dim=1))


def plain() -> nn.Module:
    """A plain network without any norm layer."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 3), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Linear(12, 3),
    )  # fmt: skip


def perceptron() -> nn.Module:
    """Two linear layers."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 6, 5), nn.Tanh(), nn.Linear(5, 3))


def networks() -> dict[str, nn.Module]:
    """All kinds by name, float64, weights by seed."""
    space = open_space("nasbench201")
    made: dict[str, nn.Module] = {
        name: space.build(space.parse(cell), classes=3, width=3, depth=1, seed=1) for name, cell in CELLS.items()
    }
    darts = open_space("darts")
    made["darts"] = darts.build(darts.parse(GENOTYPE), classes=3, width=2, depth=3, seed=1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made |= {"in place": InPlace(), "shared": Shared(), "plain": plain(), "perceptron": perceptron()}
        made |= {"group norm": GroupNormed(), "layer norm": LayerNormed()}
        for network in made.values():
            network.double()
            for name, parameter in network.named_parameters():
                if "norm" in name or parameter.ndim == 1:
                    parameter.data += 0.3 * torch.rand_like(parameter)
            for name, buffer in network.named_buffers():
                if name.endswith(("running_mean", "running_var")):
                    buffer += 0.2 * torch.rand_like(buffer)
    return made


KINDS = tuple(networks())


@pytest.fixture(params=KINDS)
def network(request: pytest.FixtureRequest) -> nn.Module:
    """Each kind in turn."""
    return networks()[request.param]


@pytest.fixture
def networks_by_kind() -> dict[str, nn.Module]:
    """All kinds by name."""
    return networks()


@pytest.fixture
def kind(networks_by_kind: dict[str, nn.Module]) -> Callable[..., nn.Module]:
    """A kind's network by name, with batch norm in a mode."""
    return lambda name, bn="train": networks_by_kind[name].train(bn == "train")


@pytest.fixture
def batch() -> Batch:
    """Five small images of three classes."""
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(5, 3, 6, 6, dtype=torch.float64, generator=generator)
    return Batch(inputs, torch.tensor([0, 2, 1, 1, 0]))


@pytest.fixture(params=["train", "eval"])
def bn(request: pytest.FixtureRequest) -> str:
    """Both modes of batch norm."""
    return str(request.param)
