"""Multiply-adds of layers of every kind, called in every way.

Oracles: formulas of the layers, PyTorch's own counter (2 for a multiply-add, no biases), and the same network written
out as modules.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import harness

STEPS, WIDE, HIDDEN, CLASSES = 7, 6, 5, 3
GATES = {nn.LSTM: 4, nn.GRU: 3, nn.RNN: 1}


def flops(network: nn.Module, inputs: Tensor) -> float:
    score = harness.score(network, harness.Batch(inputs, torch.arange(len(inputs)) % 2), ["flops"])["flops"]
    assert score.status == "ok", score
    return score.value


def by_pytorch(network: nn.Module, inputs: Tensor) -> float:
    """Products of one sample, without biases."""
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        network.train()(inputs[:1])  # in eval mode attention has one operation for all
    return counter.get_total_flops() / 2


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase], **options: bool | int) -> None:
        super().__init__()
        self.layer = kind(WIDE, HIDDEN, batch_first=True, **options)
        self.head = nn.Linear(HIDDEN * (2 if options.get("bidirectional") else 1), CLASSES, bias=False)

    def forward(self, rows: Tensor) -> Tensor:
        return self.head(self.layer(rows)[0][:, -1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("kind", GATES)
def test_recurrent_layers(kind: type[nn.RNNBase], both: bool, bias: bool, dtype: torch.dtype) -> None:
    network = Recurrent(kind, bias=bias, bidirectional=both, num_layers=2).to(dtype)
    directions = 2 if both else 1
    first, second = (HIDDEN * (given + HIDDEN + 2 * bias) for given in (WIDE, HIDDEN * directions))
    expected = STEPS * directions * GATES[kind] * (first + second) + HIDDEN * directions * CLASSES
    assert flops(network, torch.randn(3, STEPS, WIDE, dtype=dtype)) == expected


def test_attention() -> None:
    """Four projections with biases, the products of queries and keys, and those with the values."""

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.head = nn.MultiheadAttention(16, 4, batch_first=True), nn.Linear(16, 10)

        def forward(self, rows: Tensor) -> Tensor:
            return self.head(self.layer(rows, rows, rows)[0].mean(1))

    network, rows = Attention(), torch.randn(3, 64, 16)
    products = 4 * 64 * 16 * 16 + 2 * 64 * 64 * 16 + 16 * 10
    assert by_pytorch(network, rows) == products
    assert flops(network, rows) == products + 4 * 64 * 16 + 10


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_transformer_layer_is_counted_though_pytorch_has_a_fast_path_for_it(norm_first: bool) -> None:
    layer = nn.TransformerEncoderLayer(16, 2, 24, batch_first=True, norm_first=norm_first)
    network, rows = nn.Sequential(layer, nn.Flatten(), nn.Linear(64, 3, bias=False)), torch.randn(3, 4, 16)
    products = 4 * (4 * 16 * 16 + 2 * 16 * 24) + 2 * 4 * 4 * 16 + 64 * 3
    assert flops(network, rows) == products + 4 * (4 * 16 + 24 + 16)


class Transposed(nn.Module):
    """A linear layer of an input that does not lie in one piece, to which PyTorch adds the bias apart."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Linear(STEPS, 4), nn.Linear(4 * WIDE, 2)

    def forward(self, rows: Tensor) -> Tensor:
        return self.head(self.layer(rows.transpose(1, 2)).flatten(1))


class Convolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 8, 3, groups=2, stride=2, bias=False)
        self.back, self.norm, self.head = nn.ConvTranspose2d(8, 4, 2), nn.BatchNorm2d(4), nn.Linear(4, 5)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.norm(self.back(self.second(self.first(images)).relu())).mean((2, 3)))


def traced(network: nn.Module, inputs: Tensor) -> nn.Module:
    return torch.jit.trace(network, inputs)


def scripted(network: nn.Module, inputs: Tensor) -> nn.Module:
    return torch.jit.script(network)


def as_it_is(network: nn.Module, inputs: Tensor) -> nn.Module:
    return network


@pytest.mark.parametrize("made", [as_it_is, traced, scripted, lambda network, inputs: nn.DataParallel(network)])
@pytest.mark.parametrize(
    ("network", "inputs", "expected"),
    [
        (Transposed, torch.randn(3, STEPS, WIDE), WIDE * (STEPS * 4 + 4) + 4 * WIDE * 2 + 2),
        (
            Convolutions,
            torch.randn(3, 3, 9, 9),
            49 * (4 * 27 + 4) + 9 * 8 * 18 + (9 * 8 * 4 * 4 + 16 * 4) + 4 * 5 + 5,
        ),
    ],
)
def test_however_a_network_is_called(
    made: Callable[[nn.Module, Tensor], nn.Module], network: Callable[[], nn.Module], inputs: Tensor, expected: int
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        given = made(network().eval(), inputs)
    assert flops(given, inputs) == expected


def test_functions_and_products_of_any_kind_count_and_norms_do_not() -> None:
    class Functions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel, self.matrix = nn.Parameter(torch.randn(4, 3, 3, 3)), nn.Parameter(torch.randn(4, 5))
            self.vector, self.bilinear = nn.Parameter(torch.randn(5)), nn.Bilinear(4, 4, 2, bias=False)

        def forward(self, images: Tensor) -> Tensor:
            features = functional.layer_norm(functional.conv2d(images, self.kernel), (4, 6, 6)).mean((2, 3))
            scaled = torch.einsum("nc,cd->nd", features, self.matrix) @ self.vector
            return self.bilinear(features, features) * scaled[:, None]

    products = 36 * 4 * 27 + 4 * 5 + 5
    assert flops(Functions(), torch.randn(3, 3, 8, 8)) == products + 2 * 4 * 4 + 2 * 4


def test_counting_leaves_the_modes_alone() -> None:
    network = Convolutions()
    network.norm.eval()
    flops(network, torch.randn(3, 3, 9, 9))
    assert network.training
    assert not network.norm.training
