"""Influences of architectures on rank correlations: the derivative by their weight, and the bootstrap's errors."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import ScoresError
from harness.stats import coefficients, resampled_coefficients
from harness.stats.influence import estimated_by, rank_influences
from tests.reference import stats_influence as reference


@pytest.fixture(params=["without ties", "with ties", "one side in two values"])
def pair(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    x = generator.normal(size=17)
    y = x + generator.normal(size=17)
    if request.param == "with ties":
        return x.round(), y.round()
    return (x, y) if request.param == "without ties" else ((x > 0).astype(float), y.round(1))


def test_estimates_are_the_coefficients(pair: tuple[np.ndarray, np.ndarray]) -> None:
    found = rank_influences([pair[0]], pair[1]).estimates[0]
    own = coefficients(*pair)
    assert found == pytest.approx([own.spearman, own.kendall_tau_b], abs=1e-12)


def test_influences_are_the_derivatives_by_the_weights(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    found = rank_influences([x], y).values[0]
    for coefficient, own in zip((reference.weighted_spearman, reference.weighted_kendall), found, strict=True):
        assert own == pytest.approx(reference.influences(coefficient, x.tolist(), y.tolist()), abs=1e-7)
        assert own.sum() == pytest.approx(0, abs=1e-9)


def test_standard_errors_are_those_of_the_bootstrap() -> None:
    """Also of a difference of two proxies, whose errors go together."""
    generator, n, resamples = np.random.default_rng(0), 800, 4000
    y = generator.normal(size=n)
    rows = np.stack([y + generator.normal(size=n), np.round(y + 0.5 * generator.normal(size=n), 1)])
    found = rank_influences(rows, y)
    drawn = resampled_coefficients(
        rows, y, generator=np.random.default_rng(1), resamples=resamples, wanted=["spearman", "kendall_tau_b"]
    ).values[:, :, :2]
    own = np.sqrt((found.values**2).sum(axis=2)) / n
    sampling_error = 1 / np.sqrt(2 * resamples)
    assert own == pytest.approx(drawn.std(axis=1, ddof=1), rel=4 * sampling_error + 10 / n)
    apart = np.sqrt(((found.values[0] - found.values[1]) ** 2).sum(axis=1)) / n
    assert apart == pytest.approx((drawn[0] - drawn[1]).std(axis=0, ddof=1), rel=4 * sampling_error + 10 / n)


def test_intervals_cover_as_often_as_they_say() -> None:
    """ρ of a normal pair with correlation r is 6/π asin(r/2), and τ is 2/π asin(r)."""
    r, n, trials = 0.6, 200, 600
    truth = np.array([6 / np.pi * np.arcsin(r / 2), 2 / np.pi * np.arcsin(r)])
    generator, held = np.random.default_rng(5), np.zeros(2)
    for _ in range(trials):
        x, noise = generator.normal(size=(2, n))
        found = rank_influences([x], r * x + np.sqrt(1 - r * r) * noise)
        for place in range(2):
            interval = estimated_by(found.estimates[0, place], found.values[0, place]).interval
            held[place] += interval.low <= truth[place] <= interval.high
    assert held / trials == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / trials))


def test_p_values_of_no_difference_are_uniform() -> None:
    generator, n, trials = np.random.default_rng(7), 150, 500
    p = []
    for _ in range(trials):
        y = generator.normal(size=n)
        found = rank_influences(y + generator.normal(size=(2, n)), y)
        p.append(estimated_by(float(-np.diff(found.estimates[:, 0])[0]), found.values[0, 0] - found.values[1, 0]).p)
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(p) < level) == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / trials))


def test_one_proxy_twice_does_not_differ() -> None:
    y = np.arange(9.0)
    found = rank_influences([y % 4, 2 * (y % 4) + 1], y)
    difference = estimated_by(0.0, found.values[0, 1] - found.values[1, 1])
    assert (difference.value, difference.interval, difference.p) == (0.0, (0.0, 0.0), 1.0)


def test_a_constant_has_no_coefficient() -> None:
    found = rank_influences([np.ones(5)], np.arange(5.0))
    assert np.isnan(found.estimates).all()
    assert np.isnan(estimated_by(found.estimates[0, 0], found.values[0, 0]).p)


def test_fewer_than_three_are_refused() -> None:
    with pytest.raises(ScoresError, match="3"):
        rank_influences([[1.0, 2.0]], [1.0, 2.0])


def test_at_the_size_and_with_the_ties_of_the_whole_space() -> None:
    """Ties and size of real scores; the coefficients are those of scipy."""
    generator = np.random.default_rng(0)
    y = generator.normal(90, 4, size=15_625).round(2)
    rows = np.stack([y + generator.normal(size=y.size), np.round(y)])
    found = rank_influences(rows, y)
    for row, estimates in zip(rows, found.estimates, strict=True):
        own = coefficients(row, y)
        assert estimates == pytest.approx([own.spearman, own.kendall_tau_b], abs=1e-9)
