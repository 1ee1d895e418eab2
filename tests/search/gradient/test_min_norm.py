"""The exact solver of MGDA: against torchjd, quadratic programming, and the conditions of Karush, Kuhn and Tucker."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from harness.errors import SearchError
from harness.search.gradient.min_norm import min_norm_weights
from tests.reference.min_norm import min_norm

GRADIENTS = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(1, 6)),
    elements=st.integers(-8, 8).map(float) | st.floats(-100, 100, width=32),
)


def weights_of(gradients):
    rows = torch.as_tensor(gradients, dtype=torch.float64)
    return min_norm_weights(rows @ rows.T)


def drawn(count, size, seed):
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(GRADIENTS)
def test_the_direction_descends_every_objective(gradients):
    """⟨d, gᵢ⟩ ≥ ‖d‖² for all i, with equality where wᵢ > 0: the minimum, and no other point, has this."""
    weights = weights_of(gradients).numpy()
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1, abs=1e-9)
    direction = weights @ gradients
    scale = max(float(np.square(gradients).sum(axis=1).max()), 1e-300)
    slack = (gradients @ direction - direction @ direction) / scale
    assert slack.min() >= -1e-6
    assert np.abs(slack[weights > 1e-6]).max() <= 1e-5


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("size", [2, 3, 30])
def test_the_point_is_that_of_quadratic_programming(count, size):
    for seed in range(20):
        gradients = drawn(count, size, seed).numpy() + 0.3
        found, expected = weights_of(gradients).numpy(), min_norm(gradients)
        np.testing.assert_allclose(found @ gradients, expected @ gradients, atol=1e-5)


@pytest.mark.parametrize("count", [2, 3])
def test_the_norm_is_at_most_that_of_torchjd(count):
    """Their solver iterates (Frank and Wolfe): it comes near to the minimum, and never below."""
    torchjd = pytest.importorskip("torchjd.aggregation")
    weighting = torchjd.MGDAWeighting(epsilon=1e-9, max_iters=2000)
    for seed in range(20):
        gradients = drawn(count, 30, seed)
        theirs = weighting(gradients @ gradients.T)
        ours = weights_of(gradients)
        norms = [float((one.double() @ gradients).norm()) for one in (ours, theirs)]
        assert norms[0] <= norms[1] + 1e-9
        assert norms[0] == pytest.approx(norms[1], rel=1e-3)


def test_the_example_of_torchjd_by_hand():
    """[3, 0] and [0, 1]: the foot of the perpendicular on the line between them is (0.3, 0.9)."""
    weights = weights_of([[3.0, 0], [0, 1]])
    assert weights.tolist() == pytest.approx([0.1, 0.9])


def test_two_gradients_of_equal_length_share_evenly():
    for seed in range(5):
        gradients = torch.nn.functional.normalize(drawn(2, 7, seed), dim=1)
        assert weights_of(gradients).tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("others", [[[1.0, 2, 3]], [[1.0, 2, 3], [-3, 1, 5]]])
def test_a_gradient_of_zero_gets_everything(others):
    weights = weights_of([*others, [0.0, 0, 0]])
    assert weights.tolist() == [0.0] * len(others) + [1.0]


def test_equal_and_opposite_gradients():
    assert weights_of([[1.0, 2], [1, 2]]).tolist() == [1, 0]
    assert weights_of([[1.0, 2], [-1, -2]]).tolist() == pytest.approx([0.5, 0.5])
    assert weights_of([[1.0, 0], [2, 0], [3, 0]]).tolist() == [1, 0, 0]


def test_inside_a_triangle_the_norm_is_zero():
    corners = [[math.cos(angle), math.sin(angle)] for angle in (0.3, 2.4, 4.4)]
    weights = weights_of(corners)
    assert float((weights @ torch.tensor(corners, dtype=torch.float64)).norm()) < 1e-12
    assert bool((weights > 0.1).all())


def test_four_objectives_are_refused():
    with pytest.raises(SearchError, match="up to 3 objectives, got 4"):
        min_norm_weights(torch.eye(4))
