"""NEAR against plain loops in float64, and the identities of effective ranks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import harness
from harness.batches import Batch
from harness.measurements.effective_ranks import effective_rank
from harness.setting import derived_seed
from harness.spaces import open_space
from tests.reference import proxies_ranks as reference

CELL = "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("bn", ["train", "eval"])
def test_near_is_that_of_plain_loops(bn: str) -> None:
    space = open_space("nasbench201")
    network = space.build(space.parse(CELL), classes=4, width=4, depth=1, seed=2).double()
    inputs = drawn(6, 3, 8, 8)
    scores = harness.score(network, Batch(inputs, torch.zeros(6, dtype=torch.long)), ["near"], bn=bn, seed=3)
    generator = torch.Generator().manual_seed(derived_seed(3, "effective ranks"))
    network.train(bn == "train")
    expected = reference.near(network, inputs, lambda runs: int(torch.randint(runs, (), generator=generator)))
    assert scores["near"].value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("size", [1, 4, 9])
def test_the_identity_has_its_full_rank_and_one_row_has_rank_one(size: int) -> None:
    assert effective_rank(torch.eye(size)) == pytest.approx(size, rel=1e-12)
    assert effective_rank(torch.ones(size, size)) == pytest.approx(1, rel=1e-6)
    assert effective_rank(torch.zeros(size, size)) == 0


@pytest.mark.parametrize("r", [0.1, 0.5, -0.7])
def test_a_circulant_has_the_rank_of_its_known_singular_values(r: float) -> None:
    """[1, r, r², r] turned: (1 + |r|)², 1 − r² twice, (1 − |r|)²."""
    row = [1, r, r * r, r]
    matrix = torch.tensor([row[-shift:] + row[:-shift] for shift in range(4)], dtype=torch.float64)
    values = torch.tensor([(1 + abs(r)) ** 2, 1 - r * r, 1 - r * r, (1 - abs(r)) ** 2], dtype=torch.float64)
    shares = values / values.sum()
    assert effective_rank(matrix) == pytest.approx(float((-shares * shares.log()).sum().exp()), rel=1e-12)
    assert reference.effective_rank(matrix.numpy()) == pytest.approx(effective_rank(matrix), rel=1e-9)


def test_the_scale_does_not_matter_and_the_rank_is_at_most_the_size() -> None:
    matrix = drawn(7, 7)
    assert effective_rank(1e5 * matrix) == pytest.approx(effective_rank(matrix), rel=1e-12)
    assert 1 < effective_rank(matrix) < 7


def test_a_batch_with_fewer_samples_than_units_is_refused() -> None:
    network = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2)).double()
    for samples, status in ((7, "not_applicable"), (8, "ok")):
        given = Batch(drawn(samples, 3), torch.zeros(samples, dtype=torch.long))
        score = harness.score(network, given, ["near"])["near"]
        assert score.status == status
        assert (f"{samples} rows of 8 channels" in score.message) == (status != "ok")
