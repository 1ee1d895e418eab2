"""EZNAS-A against determinants in whole numbers, identities, and what it is not defined for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import harness
from harness.batches import Batch
from harness.measurements.sign_hooks import sign_norm
from harness.spaces import open_space
from tests.proxies.published_scores import Given
from tests.proxies.random_networks import CLASSES, SAMPLES, SIDE, SIMPLE, UNUSUAL, Block, Network, convolution
from tests.reference import proxies_eznas as reference

PROXIES = ["eznas_a", "eznas_a_weights"]
CELLS = {
    "plain": "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "dead edge": "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|",
    "no convolution": "|skip_connect~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|none~2|",
}
BLOCKS = [
    "grouped", "depthwise", "shared", "in place", "dropout", "unused", "tied", "frozen", "transposed", "rolled",
    "batch norm without statistics", "max pool", "gelu", pytest.param("checkpoint", marks=pytest.mark.slow),
]  # fmt: skip


def images(side: int = SIDE, tall: int | None = None) -> Batch:
    generator = torch.Generator().manual_seed(1)
    drawn = torch.randn(SAMPLES, 3, tall or side, side, generator=generator, dtype=torch.float64)
    return Batch(drawn, torch.arange(SAMPLES) % CLASSES)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize("bn", ["train", "eval"])
@pytest.mark.parametrize("cell", CELLS)
def test_cells_have_the_values_of_exact_determinants(cell: str, bn: str) -> None:
    space = open_space("nasbench201")
    network = space.build(space.parse(CELLS[cell]), classes=CLASSES, width=4, depth=1, seed=2).double()
    batch = images(8)
    scores = harness.score(network, batch, PROXIES, bn=bn)
    network.train(bn == "train")
    behind = reference.norms_behind_relus(network, batch.inputs)
    assert scores["eznas_a"].value == pytest.approx(mean(behind), rel=1e-12)
    assert len(behind) == 3 * CELLS[cell].count("conv") + 4, "no stem, no downsampling"
    of_weights = reference.norms_of_weights(network, batch.inputs, batch.labels)
    assert scores["eznas_a_weights"].value == pytest.approx(mean(of_weights), rel=1e-12)
    assert len(of_weights) == 3 * CELLS[cell].count("conv") + 1 + 2 * 3
    assert min(behind) > 0 or cell == "dead edge"


@pytest.mark.parametrize("kind", BLOCKS)
def test_any_network_is_scored_right_or_refused(kind: str) -> None:
    torch.manual_seed(0)
    blocks = {**SIMPLE, **UNUSUAL}
    network = Network([SIMPLE["plain"](), blocks[kind](), SIMPLE["residual"]()]).double()
    batch = images()
    scores = harness.score(network, batch, PROXIES, bn="eval")
    assert {score.status for score in scores.values()} == {"ok"}, scores
    network.eval()
    behind = reference.norms_behind_relus(network, batch.inputs)
    assert scores["eznas_a"].value == pytest.approx(mean(behind), rel=1e-12)
    of_weights = reference.norms_of_weights(network, batch.inputs, batch.labels)
    assert scores["eznas_a_weights"].value == pytest.approx(mean(of_weights), rel=1e-12)


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("side", [1, 2, 3, 5, 7, 12])
def test_a_norm_is_that_of_determinants_in_whole_numbers(side: int, absolute: bool) -> None:
    gradient = torch.randn(4, 5, side, side, generator=torch.Generator().manual_seed(side), dtype=torch.float64)
    gradient = gradient * (gradient > -0.5)
    gradient[0, 0] = 0
    gradient[1, :, -1] = gradient[1, :, 0]
    assert sign_norm(gradient, absolute) == pytest.approx(reference.norm(gradient, absolute), rel=1e-12)


def test_a_large_singular_matrix_is_found_though_rounding_leaves_a_pivot() -> None:
    """Rows that add up to another one: elimination in floating point ends with a pivot of 1e-16, not 0."""
    generator = torch.Generator().manual_seed(0)
    signs = torch.randint(0, 2, (1, 24, 32, 32), generator=generator).double() * 2 - 1
    left = torch.rand(24, 32, generator=generator) < 0.5
    signs[0, :, 3], signs[0, :, 17] = signs[0, :, 30] * left, signs[0, :, 30] * ~left
    assert all(reference.determinant(each) == 0 for each in signs[0, :2].long().tolist())
    assert bool((torch.linalg.slogdet(signs[0])[1].exp() > 1).any())
    assert sign_norm(signs) == 0
    signs[0, :, 17] = signs[0, :, 17].roll(1, dims=-1)
    assert sign_norm(signs[:, :3], absolute=True) == pytest.approx(math.sqrt(3), rel=1e-6)


def test_norms_of_known_matrices() -> None:
    four = torch.tensor([[1.0, 1, 1], [1, -1, 1], [1, 1, -1]])
    assert reference.determinant(four.long().tolist()) == 4
    assert sign_norm(four[None, None]) == pytest.approx(4 / 5, rel=1e-12)
    swapped = four[[1, 0, 2]][None, None]
    assert sign_norm(swapped) == pytest.approx(1 / 2, rel=1e-12)
    assert sign_norm(swapped, absolute=True) == pytest.approx(4 / 5, rel=1e-12)
    assert sign_norm(torch.ones(2, 2, 3, 3)) == 0
    assert sign_norm(torch.full((3, 5, 1, 1), -1e-300, dtype=torch.float64)) == pytest.approx(math.sqrt(15) / 2)


def test_of_kernels_1x1_it_is_a_count_of_weights() -> None:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 5, 1), nn.ReLU(), nn.Conv2d(5, 6, 1), nn.Flatten(), nn.Linear(6 * SIDE**2, CLASSES)]
    score = harness.score(nn.Sequential(*layers).double(), images(), ["eznas_a_weights"])["eznas_a_weights"]
    assert score.value == pytest.approx((math.sqrt(15) + math.sqrt(30)) / 4, rel=1e-12)


def test_neither_the_scale_of_weights_before_batch_norm_nor_that_of_the_logits_matters() -> None:
    space = open_space("nasbench201")
    network = space.build(space.parse(CELLS["plain"]), classes=CLASSES, width=4, depth=1, seed=2).double()
    before = harness.score(network, images(8), PROXIES)
    with torch.no_grad():
        network.cells[0].layers[0].op[1].weight.mul_(8)
        network.classifier.weight.mul_(4)
        network.classifier.bias.mul_(4)
    after = harness.score(network, images(8), PROXIES)
    assert after["eznas_a"].value == pytest.approx(before["eznas_a"].value, rel=1e-12)
    assert after["eznas_a_weights"].value != before["eznas_a_weights"].value, "the loss is not linear in the logits"


def test_a_relu_of_two_convolutions_is_one_of_each() -> None:
    """Each convolution has its own gradient, whether the ReLU is computed once or twice."""
    torch.manual_seed(0)
    first, second = convolution(), convolution(1)
    relus = [nn.ReLU(), nn.ReLU()]
    once = Block(lambda b, x: b.first(y := b.relu(x)) + b.second(y), first=first, second=second, relu=relus[0])
    twice = Block(
        lambda b, x: b.first(b.relu(x)) + b.second(b.other(x)),
        first=first,
        second=second,
        relu=relus[0],
        other=relus[1],
    )
    networks = [Network([block]).double() for block in (once, twice)]
    networks[1].load_state_dict(networks[0].state_dict())
    values = [harness.score(network, images(), ["eznas_a"])["eznas_a"].value for network in networks]
    assert values[0] == values[1] > 0


def test_a_convolution_that_leads_nowhere_counts_nothing_but_itself() -> None:
    torch.manual_seed(0)
    alive, dead = (Block(lambda b, x: b.layer(b.relu(x)), layer=convolution(), relu=nn.ReLU()) for _ in range(2))
    network = Network([alive]).double()
    value = harness.score(network, images(), ["eznas_a"])["eznas_a"].value
    network.blocks.append(Block(lambda b, x: x + 0 * b.inner(x).detach(), inner=dead.double()))
    assert harness.score(network, images(), ["eznas_a"])["eznas_a"].value == pytest.approx(value / 2, rel=1e-12)


def classifier(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(CLASSES)).double()


def circular() -> nn.Module:
    return classifier(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"), nn.AdaptiveAvgPool2d(1)
    )


class Functions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4, CLASSES)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.second(functional.relu(self.first(inputs))).mean((2, 3)))


@pytest.mark.parametrize(
    ("make", "tall", "proxy", "message"),
    [
        (lambda: classifier(nn.Flatten(), nn.LazyLinear(8), nn.ReLU()), None, "eznas_a", "no trainable convolution"),
        (lambda: classifier(nn.Flatten(), nn.LazyLinear(8)), None, "eznas_a_weights", "no trainable convolution"),
        (Functions, None, "eznas_a", "a functional relu cannot be seen"),
        (
            lambda: classifier(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 1)),
            9,
            "eznas_a",
            r"square .*\[6, 4, 7, 4\]",
        ),
        (lambda: classifier(nn.Conv2d(3, 4, (1, 3))), None, "eznas_a_weights", "with square kernels"),
        (lambda: classifier(nn.Flatten(2), nn.Conv1d(3, 4, 3)), None, "eznas_a_weights", "with square kernels"),
        (circular, None, "eznas_a", "layer '2' is more than a convolution"),
    ],
)
def test_what_has_no_such_matrices_is_refused_with_the_reason(
    make: Callable[[], nn.Module], tall: int | None, proxy: str, message: str
) -> None:
    torch.manual_seed(0)
    network, batch = make().double(), images(tall=tall)
    network(batch.inputs)  # gives lazy layers their sizes
    score = harness.score(network, batch, [proxy])[proxy]
    assert score.status == "not_applicable"
    assert harness.score(network, batch, ["grad_norm"])["grad_norm"].status == "ok"

    assert re.search(message, score.message), score.message


def test_kernels_that_are_not_square_are_passed_over() -> None:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, (1, 3)), nn.Flatten(), nn.Linear(4 * 4 * 2, CLASSES)]
    network, batch = nn.Sequential(*layers).double(), images()
    score = harness.score(network, batch, ["eznas_a_weights"])["eznas_a_weights"]
    (expected,) = reference.norms_of_weights(network, batch.inputs, batch.labels)
    assert score.value == pytest.approx(expected, rel=1e-12)


AUTHORS = {0: 32.76889400092923, 1: 31.863043055814856}
"""By cell of the published scores: what the authors' released code gives in float64."""
THIRD_PARTY = {0: 18.40923280044699, 1: 17.728733972686797}
"""What PicoNAS's code gives in float64, with the given batch in place of its noise."""


@pytest.mark.slow
@pytest.mark.parametrize("index", AUTHORS)
def test_the_codes_of_the_authors_and_of_a_third_party_on_given_weights_and_inputs(index: int, given: Given) -> None:
    """Their elimination leaves pivots of 1e-16 in some singular matrices, which then count 1 or 1/2, and not 0."""
    scores = harness.score(given.network(index).double(), given.batch(), PROXIES)
    assert 0 < AUTHORS[index] - scores["eznas_a"].value < 0.002 * AUTHORS[index]
    assert scores["eznas_a_weights"].value == pytest.approx(THIRD_PARTY[index], rel=1e-12)
