"""InTrain and ZiCo-BC against plain loops in float64, and what their definitions imply."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import harness
from harness.batches import Batch
from harness.measurements.convolution_outputs import OutputSize, participation_ratio
from harness.proxies.zico_bc import size_correction
from harness.spaces import open_space
from tests.reference import proxies_convolutions as reference

CELL = "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
LABELS = torch.tensor([0, 1, 2, 3, 0, 1])


def built() -> nn.Module:
    space = open_space("nasbench201")
    network = space.build(space.parse(CELL), classes=4, width=4, depth=1, seed=2).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d) and module.weight is not None:
                module.weight.copy_(torch.rand(module.weight.shape, generator=generator) + 0.5)
    return network


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_intrain_is_that_of_plain_loops(bn: str, inputs: torch.Tensor) -> None:
    score = harness.score(built(), Batch(inputs, LABELS), ["intrain"], bn=bn)["intrain"]
    assert score.value == pytest.approx(reference.intrain(built().train(bn == "train"), inputs, LABELS), rel=1e-7)


def test_zico_bc_is_zico_less_the_correction(inputs: torch.Tensor) -> None:
    scores = harness.score(built(), Batch(inputs, LABELS), ["zico", "zico_bc"])
    correction = reference.size_correction(built(), inputs)
    assert correction > 10
    assert scores["zico_bc"].value == pytest.approx(scores["zico"].value - correction, rel=1e-9)


def test_the_correction_in_the_three_stages_of_nasbench201() -> None:
    by_stage = [size_correction([OutputSize(side**2, wide)]) for side, wide in ((32, 16), (16, 32), (8, 64))]
    assert [round(each, 2) for each in by_stage] == [5.55, 3.81, 2.08]


def test_a_participation_ratio_lies_between_one_and_the_channels_and_does_not_see_the_scale() -> None:
    rows = torch.randn(5, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    covariance = rows @ rows.T
    ratio = participation_ratio(covariance)
    assert 1 < ratio < 5
    assert participation_ratio(1e4 * covariance) == pytest.approx(ratio, rel=1e-9)
    assert participation_ratio(torch.eye(5)) == pytest.approx(5, rel=1e-12)
    assert participation_ratio(torch.ones(5, 5)) == pytest.approx(1, rel=1e-9)


def test_a_network_without_convolutions_has_neither() -> None:
    batch = Batch(torch.randn(4, 3, dtype=torch.float64), LABELS[:4])
    for name, score in harness.score(nn.Linear(3, 4).double(), batch, ["intrain", "zico_bc"]).items():
        assert "no trainable convolution" in score.message, name
