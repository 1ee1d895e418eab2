"""VKDNW against plain loops in float64, and what its definition implies."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

import harness
from harness.batches import Batch
from harness.measurements.logit_jacobian import LogitJacobian
from harness.proxies.vkdnw import covariance_factor, vkdnw, vkdnw_code, vkdnw_single
from harness.spaces import open_space
from tests.reference import proxies_fisher as reference

CELL = "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
NAMES = ["vkdnw", "vkdnw_code", "vkdnw_single"]


@pytest.fixture(scope="module")
def network() -> nn.Module:
    space = open_space("nasbench201")
    return space.build(space.parse(CELL), classes=4, width=4, depth=1, seed=2).double().eval()


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_vkdnw_is_that_of_plain_loops(network: nn.Module, inputs: torch.Tensor) -> None:
    rows, p, layers = reference.jacobian(network, inputs)
    scores = harness.score(network, Batch(inputs, torch.tensor([0, 1, 2, 3, 0])), NAMES, bn="eval")
    expected = reference.entropy(reference.fisher(rows, p))
    assert 0.05 < expected < math.log(9)
    assert scores["vkdnw"].value == pytest.approx(expected, rel=1e-8)
    assert scores["vkdnw_single"].value == pytest.approx(layers + expected, rel=1e-8)
    assert scores["vkdnw_code"].value == pytest.approx(
        reference.entropy(reference.fisher_of_the_code(rows, p)), rel=1e-8
    )
    assert scores["vkdnw_code"].value != pytest.approx(scores["vkdnw"].value, rel=1e-3)


def test_the_factor_is_cholesky_of_a_multinomial_covariance() -> None:
    p = torch.rand(3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    p = p / p.sum(dim=1, keepdim=True)
    for given, factor in zip(p, covariance_factor(p), strict=True):
        covariance = torch.diag(given) - torch.outer(given, given)
        assert torch.allclose(factor @ factor.T, covariance, atol=1e-15)
        assert np.allclose(factor, reference.cholesky(covariance.numpy()), atol=1e-15)


def test_equal_eigenvalues_have_the_largest_entropy_and_the_scale_does_not_matter() -> None:
    """Two classes of probability 1/2 have the variance 1/4; orthogonal rows give a multiple of the identity."""
    rows = torch.zeros(9, 2, 9, dtype=torch.float64)
    rows[range(9), 0, range(9)] = 6
    given = LogitJacobian(rows, torch.full((9, 2), 0.5, dtype=torch.float64), 7)
    assert vkdnw(given) == pytest.approx(math.log(9), abs=1e-8)
    assert vkdnw_single(given) == pytest.approx(7 + math.log(9), abs=1e-8)
    drawn = torch.randn(9, 2, 9, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert vkdnw(given._replace(rows=1e3 * drawn)) == pytest.approx(vkdnw(given._replace(rows=drawn)), rel=1e-6)
    assert vkdnw_code(given._replace(rows=0 * drawn)) == 0


def test_adding_the_same_to_all_logits_changes_the_codes_form_only() -> None:
    """The Fisher matrix sees differences between logits; the product in the other order does not centre them."""
    generator = torch.Generator().manual_seed(3)
    rows = torch.randn(6, 4, 5, generator=generator, dtype=torch.float64)
    p = torch.randn(6, 4, generator=generator, dtype=torch.float64).softmax(dim=1)
    plain = LogitJacobian(rows, p, 5)
    shifted = plain._replace(rows=rows + torch.randn(6, 1, 5, generator=generator, dtype=torch.float64))
    assert vkdnw(shifted) == pytest.approx(vkdnw(plain), rel=1e-10)
    assert vkdnw_code(shifted) != pytest.approx(vkdnw_code(plain), rel=1e-3)


def test_what_has_no_classes_has_no_fisher_matrix(inputs: torch.Tensor) -> None:
    regression = Batch(inputs, torch.zeros(5, 4, dtype=torch.float64))
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 4)).double()
    assert "classes" in harness.score(network, regression, ["vkdnw"])["vkdnw"].message
