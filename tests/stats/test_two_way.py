"""The interaction of two factors: against R's analysis of variance, plain sums, and its own permutations."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats.two_way import interaction

BREAKS = np.array(
    [
        [
            [26, 30, 54, 25, 70, 52, 51, 26, 67],
            [18, 21, 29, 17, 12, 18, 35, 30, 36],
            [36, 21, 24, 18, 10, 43, 28, 15, 26],
        ],
        [
            [27, 14, 29, 19, 29, 31, 41, 20, 44],
            [42, 26, 19, 16, 39, 28, 21, 39, 29],
            [20, 21, 24, 17, 13, 15, 15, 16, 28],
        ],
    ],
    dtype=float,
)
"""R's `warpbreaks` (Tippett 1950): wool A and B, tension L, M and H, nine looms."""


def test_it_is_r_s_analysis_of_variance() -> None:
    """summary(aov(breaks ~ wool * tension, warpbreaks)): F = 4.189, p = 0.0210 with 2 and 48 degrees of freedom."""
    found = interaction(BREAKS, seed=0, permutations=999)
    assert (found.freedom, found.residual_freedom) == (2, 48)
    assert found.f == pytest.approx(4.189, abs=5e-4)
    assert found.p == pytest.approx(0.0210, abs=5e-5)
    assert found.permutation_p == pytest.approx(found.p, abs=0.02)


def test_mean_squares_are_those_of_plain_sums() -> None:
    values = np.random.default_rng(1).normal(size=(3, 4, 2))
    effects = noise = 0.0
    for row in range(3):
        for column in range(4):
            additive = values[row].mean() + values[:, column].mean() - values.mean()
            for value in values[row, column]:
                effects += (values[row, column].mean() - additive) ** 2
                noise += (value - values[row, column].mean()) ** 2
    found = interaction(values, seed=0, permutations=9)
    assert found.f == pytest.approx((effects / 6) / (noise / 12), rel=1e-12)
    assert found.residual_deviation == pytest.approx((noise / 12) ** 0.5, rel=1e-12)
    assert found.deviation == pytest.approx(max(0.0, (effects / 6 - noise / 12) / 2) ** 0.5, rel=1e-12)


def test_effects_of_either_factor_change_nothing() -> None:
    generator = np.random.default_rng(2)
    values = generator.normal(size=(4, 3, 3))
    moved = values + 50 * generator.normal(size=(4, 1, 1)) - 20 * generator.normal(size=(1, 3, 1))
    tests = (interaction(each, seed=3, permutations=499) for each in (values, moved))
    for one, other in zip(*tests, strict=True):
        assert one == pytest.approx(other, rel=1e-8, abs=1e-9)


def test_a_known_interaction_is_found_with_its_size() -> None:
    generator = np.random.default_rng(4)
    effects = np.where(np.add.outer(np.arange(6), np.arange(6)) % 2, 3.0, -3.0)[:, :, None]
    found = interaction(effects + generator.normal(size=(6, 6, 4)), seed=0, permutations=199)
    assert found.p < 1e-9
    assert found.permutation_p == pytest.approx(1 / 200)
    assert found.deviation == pytest.approx(3 * 6 / 5, rel=0.1)  # 36 squares of 3² over 25 degrees of freedom
    assert found.residual_deviation == pytest.approx(1, rel=0.2)


def test_without_an_interaction_p_is_uniform() -> None:
    generator = np.random.default_rng(5)
    found = [interaction(generator.normal(size=(3, 3, 2)), seed=trial, permutations=49) for trial in range(150)]
    for values in ([each.p for each in found], [each.permutation_p for each in found]):
        assert np.mean(values) == pytest.approx(0.5, abs=0.09)
        assert np.mean(np.array(values) < 0.1) == pytest.approx(0.1, abs=0.09)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((2, 2)), r"needs values \[A, B, R\], each at least 2; got \[2, 2\]"),
        (np.ones((2, 2, 1)), r"got \[2, 2, 1\]"),
        (np.full((2, 2, 2), np.nan), "not finite"),
        (np.ones((2, 2, 2)), "do not differ"),
    ],
)
def test_what_has_no_interaction_is_refused(values: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        interaction(values, seed=0)
