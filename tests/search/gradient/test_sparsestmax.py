"""Sparsemax and sparsestmax. Oracles: a slow version of one row, and values for a vector of four logits.

The slow version finds sparsemax by bisection, and shares nothing with the vectorised one.
"""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SearchError
from harness.search.gradient.sparsestmax import sparsemax, sparsestmax
from tests.reference import restoration as reference

LOGITS = (0.2, 0.15, 0.1, -0.05)
BY_RADIUS = {
    0: (0.35, 0.3, 0.25, 0.1),
    0.1: (0.35, 0.3, 0.25, 0.1),
    0.2: (0.3569, 0.3035, 0.25, 0.0896),
    0.2887: (0.4043, 0.3272, 0.25, 0.0185),
    0.4: (0.5291, 0.3333, 0.1375, 0),
    0.5: (0.622, 0.3333, 0.0447, 0),
    0.7: (0.8464, 0.1536, 0, 0),
    0.8: (0.9416, 0.0584, 0, 0),
    0.866: (1, 0, 0, 0),
}


def tensor(values, **options):
    return torch.tensor(values, dtype=torch.float64, **options)


@pytest.mark.parametrize("radius", BY_RADIUS)
def test_four_logits_have_the_known_weights(radius):
    torch.testing.assert_close(sparsestmax(tensor(LOGITS), radius), tensor(BY_RADIUS[radius]), rtol=0, atol=6e-5)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("radius", [0, 0.1, 0.3, 0.5, 0.8, 0.9, 1])
def test_rows_are_those_of_the_slow_version(count, radius):
    logits = torch.randn(6, 7, count, generator=torch.Generator().manual_seed(count), dtype=torch.float64)
    found = sparsestmax(logits, radius)
    for row, weights in zip(logits.reshape(-1, count), found.reshape(-1, count), strict=True):
        torch.testing.assert_close(weights, tensor(reference.sparsestmax(row.numpy(), radius)), rtol=0, atol=1e-9)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=9))
def test_sparsemax_is_the_nearest_point_of_the_simplex(logits):
    torch.testing.assert_close(sparsemax(tensor(logits)), tensor(reference.sparsemax(logits)), rtol=0, atol=1e-10)
    torch.testing.assert_close(sparsestmax(tensor(logits), 0), sparsemax(tensor(logits)), rtol=0, atol=0)


@pytest.mark.parametrize("radius", [0.05, 0.25, 0.45, 0.7, 1])
def test_weights_are_on_the_simplex_outside_the_sphere_and_in_order(radius):
    logits = torch.randn(300, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    weights = sparsestmax(logits, radius)
    assert bool((weights >= 0).all())
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(300, dtype=torch.float64))
    far = (weights - 0.2).norm(dim=1)
    assert bool((far >= min(radius, math.sqrt(4 / 5)) - 1e-9).all())
    in_order = weights.gather(1, logits.argsort(dim=1, descending=True))
    assert bool((in_order[:, :-1] >= in_order[:, 1:] - 1e-12).all())
    if radius == 1:
        assert bool((weights.max(dim=1).values == 1).all())


@pytest.mark.parametrize(("radius", "rank"), [(0, 3), (0.2, 2), (0.4, 1)])
def test_its_gradient_is_that_of_differences_with_none_along_the_radius(radius, rank):
    logits = tensor([LOGITS, (0.01, -0.02, 0.04, 0.11)], requires_grad=True)
    assert torch.autograd.gradcheck(lambda values: sparsestmax(values, radius), (logits,))
    one = tensor(LOGITS)
    jacobian = torch.autograd.functional.jacobian(lambda values: sparsestmax(values, radius), one)
    torch.testing.assert_close(jacobian.sum(dim=0), torch.zeros(4, dtype=torch.float64), rtol=0, atol=1e-12)
    assert int(torch.linalg.matrix_rank(jacobian, atol=1e-8)) == rank


@pytest.mark.parametrize("radius", [0, 0.3, 0.6, 1])
@pytest.mark.parametrize(
    "row", [(0.0, 0.0, 0.0, 0.0), (0.3, 0.3, 0.3, -0.5), (0.1, 0.1, 0.1, 0.1), (5.0, 5.0, 0.0, 0.0)]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_logits_give_numbers(row, radius, dtype):
    logits = torch.tensor([row, LOGITS], dtype=dtype, requires_grad=True)
    weights = sparsestmax(logits, radius)
    (gradient,) = torch.autograd.grad((weights * torch.arange(4.0)).sum(), logits)
    assert bool(weights.isfinite().all())
    assert bool(gradient.isfinite().all())
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2, dtype=dtype))


def test_logits_that_are_all_equal_stay_at_the_centre():
    torch.testing.assert_close(sparsestmax(torch.zeros(2, 4), 1), torch.full((2, 4), 0.25))


@pytest.mark.parametrize("radius", [-0.1, float("nan"), float("inf"), "1"])
def test_a_radius_is_a_number_from_0(radius):
    with pytest.raises(SearchError, match="radius must be a number from 0"):
        sparsestmax(torch.zeros(3), radius)
