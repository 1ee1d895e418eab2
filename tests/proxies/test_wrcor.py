"""RCor and WRCor against plain loops in float64."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import harness
from harness.batches import Batch
from harness.measurements.correlation import sample_correlation
from harness.spaces import open_space
from tests.reference import proxies_correlations as reference

CELLS = {
    "plain": "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "dead edge": "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|",
}
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])


def built(cell: str) -> nn.Module:
    space = open_space("nasbench201")
    return space.build(space.parse(CELLS[cell]), classes=4, width=4, depth=1, seed=2).double()


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("bn", ["train", "eval"])
@pytest.mark.parametrize("cell", CELLS)
def test_both_are_those_of_plain_loops(cell: str, bn: str, inputs: torch.Tensor) -> None:
    scores = harness.score(built(cell), Batch(inputs, LABELS), ["rcor", "wrcor", "grad_norm"], bn=bn)
    calls = reference.correlations(built(cell).train(bn == "train"), inputs, LABELS)
    assert scores["rcor"].value == pytest.approx(reference.log_determinant(calls, lambda name: 1.0), rel=1e-9)

    def doubled(name: str) -> float:
        first, place, *_ = (*name.split("."), "")
        return 2.0 ** (int(place) if first == "cells" else 5)

    assert {name.split(".")[0] for name, *_ in calls} == {"cells", "lastact"}
    assert scores["wrcor"].value == pytest.approx(reference.log_determinant(calls, doubled), rel=1e-9)


def test_a_relu_in_place_is_read_before_it_works(inputs: torch.Tensor) -> None:
    values = []
    for in_place in (False, True):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(in_place), nn.Flatten(), nn.Linear(144, 4)]
        values.append(harness.score(nn.Sequential(*layers).double(), Batch(inputs, LABELS), ["rcor"])["rcor"].value)
    assert values[0] == values[1]


def test_what_has_no_cells_has_no_weights_and_equal_samples_have_no_score(inputs: torch.Tensor) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 20), nn.ReLU(), nn.Linear(20, 4)).double()
    scores = harness.score(network, Batch(inputs, LABELS), ["rcor", "wrcor"])
    assert scores["rcor"].status == "ok"
    assert "no module list called `cells`" in scores["wrcor"].message
    twice = Batch(inputs[[0, 0, 1, 2, 3, 4]], LABELS[[0, 0, 1, 2, 3, 3]])
    assert "singular" in harness.score(network, twice, ["rcor"])["rcor"].message


def test_a_constant_row_has_no_correlation_and_small_rows_have() -> None:
    rows = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    expected = torch.corrcoef(rows.double())
    assert torch.allclose(sample_correlation(rows), expected, atol=1e-6)
    assert torch.allclose(sample_correlation(1e-30 * rows), expected, atol=1e-6)
    assert sample_correlation(torch.cat([rows, torch.full((1, 8), 0.3)])) is None
    assert sample_correlation(torch.full((2, 4), float("nan"))) is None
