"""Dextr and MeCo-opt against plain loops in float64, and what their definitions imply."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import harness
from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.channel_correlations import inverse_condition
from harness.measurements.output_curve import OutputCurve
from harness.proxies.dextr import curvature
from harness.setting import derived_seed
from harness.spaces import open_space
from tests.reference import proxies_features as reference

CELL = "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
LABELS = torch.tensor([0, 1])


def built(wide: int = 10) -> nn.Module:
    space = open_space("nasbench201")
    return space.build(space.parse(CELL), classes=4, width=wide, depth=1, seed=2).double()


def scored(network: nn.Module, *names: str, bn: str = "train") -> dict[str, harness.Score]:
    return harness.score(network, Batch(torch.zeros(2, 3, 8, 8).double(), LABELS), names, bn=bn, seed=3)


def drawn(purpose: str, seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(derived_seed(seed, purpose))


def image(seed: int = 3) -> Tensor:
    return torch.randn(1, 3, 64, 64, generator=drawn("channel correlations", seed)).double()


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_dextr_is_that_of_plain_loops(bn: str) -> None:
    plane = torch.linalg.qr(torch.randn(3 * 8 * 8, 2, generator=drawn("output curve"), dtype=torch.float64)).Q
    expected = reference.dextr(built().train(bn == "train"), image(), plane, (1, 3, 8, 8))
    assert scored(built(), "dextr", bn=bn)["dextr"].value == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_meco_opt_is_that_of_plain_loops(bn: str) -> None:
    generator = drawn("sampled channels")
    expected = reference.meco_opt(
        built().train(bn == "train"), image(), lambda channels: torch.randperm(channels, generator=generator).tolist()
    )
    assert scored(built(), "meco_opt", bn=bn)["meco_opt"].value == pytest.approx(expected, rel=1e-9)


def test_of_eight_channels_or_fewer_meco_opt_takes_all() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)
    )
    found = scored(network.double(), "meco", "meco_opt")
    assert found["meco"].value == pytest.approx(found["meco_opt"].value, rel=1e-9)
    assert found["meco"].value > 0


def test_a_circle_has_the_curvature_of_its_radius_at_any_speed() -> None:
    for radius, speed in ((0.5, 1.0), (4.0, 3.0)):
        velocity = torch.tensor([0.0, radius * speed, 0.0], dtype=torch.float64)
        acceleration = torch.tensor([-radius * speed**2, 0.7, 0.0], dtype=torch.float64)  # along it: no bend
        assert curvature(OutputCurve(velocity, acceleration)) == pytest.approx(1 / radius, rel=1e-12)
    straight = OutputCurve(torch.ones(3).double(), 5 * torch.ones(3).double())
    assert curvature(straight) == pytest.approx(0, abs=1e-12)
    with pytest.raises(NotApplicable, match="do not change along the curve"):
        curvature(OutputCurve(torch.zeros(3), torch.ones(3)))


def test_a_linear_map_sends_the_circle_to_an_ellipse() -> None:
    """Outputs (3 u, 5 v) of a circle: at θ = 0 the velocity is (0, 5), the acceleration (−3, 0), κ = 3 / 25."""
    plane = torch.linalg.qr(torch.randn(3 * 64 * 64, 2, generator=drawn("output curve"), dtype=torch.float64)).Q
    network = nn.Sequential(
        nn.Conv2d(3, 3, 1, bias=False), nn.Flatten(), nn.Linear(3 * 64 * 64, 2, bias=False)
    ).double()
    with torch.no_grad():
        network[0].weight.copy_(torch.eye(3)[:, :, None, None])
        network[2].weight.copy_(torch.tensor([3.0, 5.0]).double()[:, None] * plane.T)
    batch = Batch(torch.zeros(2, 3, 64, 64).double(), torch.tensor([0, 1]))
    found = harness.score(network, batch, ["dextr"], seed=3)["dextr"].value
    collinear = math.log1p(inverse_condition(image()[0].flatten(1)))  # of the layer; the container gives [N, 2]
    bent = math.log1p(3 / 25)
    assert found == pytest.approx(collinear * bent / (collinear + bent), rel=1e-9)


def test_a_ratio_of_singular_values_does_not_see_the_scale_and_is_one_for_orthogonal_rows() -> None:
    features = torch.randn(4, 30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert 0 < inverse_condition(features) < 1
    assert inverse_condition(1e4 * features) == pytest.approx(inverse_condition(features), rel=1e-9)
    assert inverse_condition(torch.eye(4, 9)) == pytest.approx(1, rel=1e-12)
    assert inverse_condition(features.T) == pytest.approx(inverse_condition(features), rel=1e-9)
    assert inverse_condition(torch.zeros(3, 5)) == 0


def test_what_takes_no_image_has_neither() -> None:
    batch = Batch(torch.randn(4, 3, dtype=torch.float64), torch.tensor([0, 1, 2, 3]))
    for name, score in harness.score(nn.Linear(3, 4).double(), batch, ["dextr", "meco_opt"]).items():
        assert score.status == "not_applicable", name
        assert "the batch has inputs [4, 3]" in score.message


def test_a_module_that_gives_several_tensors_is_passed_over() -> None:
    """Attention gives its weights, too; what comes of it is read where a tensor has channels over positions."""

    class Attended(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.attention = nn.Conv2d(3, 4, 16, stride=16), nn.MultiheadAttention(4, 2, batch_first=True)
            self.head = nn.Linear(4, 4)

        def forward(self, inputs: Tensor) -> Tensor:
            rows = self.stem(inputs).flatten(2).transpose(1, 2)
            outputs: Tensor = self.head(self.attention(rows, rows, rows)[0].mean(dim=1))
            return outputs

    batch = Batch(torch.zeros(2, 3, 32, 32).double(), LABELS)
    network = Attended().double()
    scores = harness.score(network, batch, ["dextr", "meco", "meco_opt"])
    assert {score.status for score in scores.values()} == {"ok"}, scores
    assert scores["meco"].value == pytest.approx(reference.meco(network, image(0)), rel=1e-6)
