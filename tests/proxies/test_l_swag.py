"""L-SWAG against plain loops in float64, and its interval of the depth."""

from __future__ import annotations

import math

import pytest
import torch

import harness
from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.activations import column_codes
from harness.measurements.gradient import Gradients
from harness.proxies.l_swag import BINS, in_bins, inverse_deviations, l_swag
from harness.spaces import open_space
from tests.reference import proxies_patterns, proxies_ranks

CELL = "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


def gradients(seed: int, factor: float = 1.0, layers: int = 20) -> Gradients:
    generator = torch.Generator().manual_seed(seed)
    network = torch.nn.Sequential(*(torch.nn.Linear(3, 3, bias=False) for _ in range(layers)))
    drawn = {name: factor * torch.randn(3, 3, generator=generator) for name, _ in network.named_parameters()}
    return Gradients(drawn, network, [])


def patterns(layers: int = 20) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(7)
    return tuple(column_codes(torch.rand(5, 9, generator=generator) > 0.5) for _ in range(layers))


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_l_swag_is_that_of_plain_loops(bn: str) -> None:
    space = open_space("nasbench201")
    network = space.build(space.parse(CELL), classes=4, width=4, depth=1, seed=2).double()
    inputs = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    score = harness.score(network, Batch(inputs, labels), ["l_swag", "swap"], bn=bn)
    network.train(bn == "train")
    units = len(set(zip(*proxies_patterns.signs(network, inputs), strict=True)))
    halves = [(inputs[:3], labels[:3]), (inputs[3:], labels[3:])]
    assert score["l_swag"].value == pytest.approx(proxies_ranks.l_swag(network, halves, units), rel=1e-9)
    assert score["swap"].value == units <= 2**6


def test_the_tenths_add_up_and_a_factor_of_all_gradients_is_a_logarithm_for_each_layer() -> None:
    pair = gradients(1), gradients(2)
    whole = inverse_deviations(pair)
    assert sum(inverse_deviations(pair, {place}) for place in range(BINS)) == pytest.approx(whole, rel=1e-12)
    larger = inverse_deviations((gradients(1, 8.0), gradients(2, 8.0)))
    assert larger == pytest.approx(whole - 20 * math.log(8), rel=1e-9)


def test_an_interval_counts_its_own_layers_and_relus() -> None:
    pair, signs = (gradients(1), gradients(2)), patterns()
    part = l_swag(pair, signs, bins=range(3, 6))
    distinct = {tuple(column) for each in signs[6:12] for column in each.T.tolist()}
    assert part == pytest.approx(inverse_deviations(pair, {3, 4, 5}) * len(distinct), rel=1e-12)
    assert in_bins(3, {0, 3, 6}) == {0, 1, 2}
    with pytest.raises(NotApplicable, match="none of the 3 ReLUs"):
        l_swag(pair, signs[:3], bins={1})


def test_equal_halves_have_no_score() -> None:
    with pytest.raises(NotApplicable, match="different size"):
        inverse_deviations((gradients(1), gradients(1, -1.0)))
