"""T-CET against plain loops in float64."""

from __future__ import annotations

import math

import pytest
import torch

import harness
from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.flow import Flow
from harness.proxies.t_cet import signal_to_noise, t_cet
from harness.spaces import open_space
from tests.reference import proxies_t_cet as reference

CELLS = {
    "plain": "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "dead edge": "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|",
}


@pytest.mark.parametrize("bn", ["train", "eval"])
@pytest.mark.parametrize("cell", CELLS)
def test_t_cet_is_that_of_plain_loops(cell: str, bn: str) -> None:
    space = open_space("nasbench201")
    network = space.build(space.parse(CELLS[cell]), classes=4, width=4, depth=1, seed=2).double()
    inputs = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    score = harness.score(network, Batch(inputs, torch.tensor([0, 1, 2, 3, 0, 1])), ["t_cet"], bn=bn)["t_cet"]
    assert score.value == pytest.approx(reference.t_cet(network.train(bn == "train"), inputs), rel=1e-9)


def test_pairs_are_by_place_the_longer_list_is_cut_and_what_is_not_defined_counts_nothing() -> None:
    regular, singular = torch.diag(torch.tensor([2.0, 3.0], dtype=torch.float64)), torch.ones(2, 2).double()
    ones = torch.ones(2, dtype=torch.float64)
    flows = {"a": Flow(torch.tensor([1.0, 3.0]).double(), ones), "b": Flow(ones, ones), "c": Flow(2 * ones, ones)}
    expected = math.log(6) * 4 / math.sqrt(2)
    assert t_cet((regular,), flows) == pytest.approx(expected, rel=1e-12)
    assert t_cet((regular, regular), flows) == pytest.approx(expected, rel=1e-12), "equal saliencies"
    with pytest.raises(NotApplicable, match="no pair"):
        t_cet((singular, regular), flows)


def test_the_ratio_does_not_see_the_scale_and_one_entry_has_none() -> None:
    drawn = torch.rand(9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert signal_to_noise(1e20 * drawn) == pytest.approx(signal_to_noise(drawn), rel=1e-12)
    assert signal_to_noise(drawn[:1]) is None
