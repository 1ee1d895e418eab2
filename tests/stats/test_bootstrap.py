"""Oracles: a plain bootstrap written out below, known correlations of the normal distribution, and the random state."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from harness.errors import ScoresError
from harness.stats import bootstrap_intervals, coefficients
from harness.stats.resampling import resampled

NAMES = ("spearman", "kendall_tau_b", "weighted_tau", "pearson")


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(11)
    scores = np.round(generator.normal(size=40), 1)
    return scores, scores + generator.normal(size=40)


def plain_intervals(scores, accuracies, seed: int, resamples: int, confidence: float) -> dict[str, tuple[float, float]]:
    """One resample after the other, each through `coefficients`, which has oracles of its own."""
    generator = np.random.default_rng(seed)
    draws = [generator.integers(len(scores), size=len(scores)) for _ in range(resamples)]
    results = [coefficients(scores[draw], accuracies[draw]) for draw in draws]
    tail = 100 * (1 - confidence) / 2
    return {
        name: tuple(np.nanpercentile([getattr(result, name) for result in results], [tail, 100 - tail]))
        for name in NAMES
    }


@pytest.mark.parametrize("confidence", [0.95, 0.5])
def test_intervals_equal_a_plain_bootstrap(sample, confidence):
    intervals = bootstrap_intervals(*sample, generator=np.random.default_rng(5), resamples=200, confidence=confidence)
    expected = plain_intervals(*sample, seed=5, resamples=200, confidence=confidence)
    for name in NAMES:
        assert_allclose(getattr(intervals, name), expected[name], atol=1e-12, err_msg=name)


def test_memory_bound_does_not_change_the_result(sample, monkeypatch):
    whole = bootstrap_intervals(*sample, generator=np.random.default_rng(5), resamples=50)
    monkeypatch.setattr(resampled, "_VALUES_AT_ONCE", 100)
    again = bootstrap_intervals(*sample, generator=np.random.default_rng(5), resamples=50)
    assert again[:3] == whole[:3]
    assert_allclose(again.pearson, whole.pearson, rtol=1e-14)  # BLAS adds in another order


@pytest.mark.parametrize("size", [40, 423_624, 10_000_000])
def test_draws_fit_in_memory_at_any_size(size):
    draws = resampled.drawn_counts(np.random.default_rng(0), size, 1000)
    assert next(draws).shape == (size, 1), "the sample itself"
    counted, rows = next(draws).shape
    draws.close()
    assert counted == size
    assert rows == max(1, min(1000, resampled._VALUES_AT_ONCE // size))


def test_same_seed_same_intervals_and_another_seed_others(sample):
    first, again, other = (
        bootstrap_intervals(*sample, generator=np.random.default_rng(seed), resamples=50) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_global_random_state_is_neither_read_nor_moved(sample):
    results = []
    for seed in (1, 2):
        np.random.seed(seed)
        before = np.random.get_state()
        results.append(bootstrap_intervals(*sample, generator=np.random.default_rng(0), resamples=20))
        after = np.random.get_state()
        assert before[0] == after[0]
        assert before[2:] == after[2:]
        assert np.array_equal(before[1], after[1])
    assert results[0] == results[1]


def test_intervals_are_ordered_and_hold_the_estimate(sample):
    intervals = bootstrap_intervals(*sample, generator=np.random.default_rng(0), resamples=300)
    estimate = coefficients(*sample)
    for name in NAMES:
        interval = getattr(intervals, name)
        assert -1 <= interval.low < getattr(estimate, name) < interval.high <= 1


def test_more_architectures_give_a_narrower_interval():
    generator = np.random.default_rng(0)
    scores = generator.normal(size=800)
    accuracies = scores + generator.normal(size=800)
    widths = [
        np.diff(bootstrap_intervals(scores[:size], accuracies[:size], generator=generator, resamples=200).spearman)[0]
        for size in (50, 800)
    ]
    # The standard error falls with the root of n: by 4 here.
    assert 2.5 < widths[0] / widths[1] < 6.5


@pytest.mark.slow
def test_intervals_cover_the_known_correlation_in_about_19_of_20_samples():
    # Bivariate normal with Pearson rho: Spearman 6/pi asin(rho/2), Kendall 2/pi asin(rho).
    rho, repetitions = 0.6, 200
    truth = {
        "pearson": rho,
        "spearman": 6 / math.pi * math.asin(rho / 2),
        "kendall_tau_b": 2 / math.pi * math.asin(rho),
    }
    generator = np.random.default_rng(2024)
    covered = dict.fromkeys(truth, 0)
    for _ in range(repetitions):
        sample = generator.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=60)
        intervals = bootstrap_intervals(*sample.T, generator=generator, resamples=200)
        for name, value in truth.items():
            low, high = getattr(intervals, name)
            covered[name] += low <= value <= high
    # 0.95 with a binomial standard error of 0.015; the percentile bootstrap is a little narrow at n = 60.
    assert all(0.88 <= count / repetitions <= 0.99 for count in covered.values()), covered


@pytest.mark.parametrize("flat", ["scores", "accuracies"])
def test_a_constant_gives_nan_ends_without_a_warning(flat):
    varied, constant = np.arange(6.0), np.zeros(6)
    pair = (constant, varied) if flat == "scores" else (varied, constant)
    intervals = bootstrap_intervals(*pair, generator=np.random.default_rng(0), resamples=10)
    assert all(math.isnan(end) for interval in intervals for end in interval)


def test_constant_resamples_are_dropped():
    # One of five scores differs: (4/5)^5, a third of the resamples, leave it out and define nothing.
    scores, accuracies = np.array([0.0, 0.0, 0.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    intervals = bootstrap_intervals(scores, accuracies, generator=np.random.default_rng(0), resamples=100)
    expected = plain_intervals(scores, accuracies, seed=0, resamples=100, confidence=0.95)
    for name in NAMES:
        assert_allclose(getattr(intervals, name), expected[name], atol=1e-12, err_msg=name)


def test_scores_of_any_size_neither_warn_nor_overflow():
    scores = np.array([1.0, 2.0, 3.0, 1e300, 4.0, -1.7e308])
    intervals = bootstrap_intervals(scores, np.arange(6.0), generator=np.random.default_rng(0), resamples=100)
    assert all(-1 <= end <= 1 for interval in intervals for end in interval)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"resamples": 0}, "resamples must be at least 1; got 0"),
        ({"confidence": 1.0}, "confidence must lie between 0 and 1, exclusive; got 1.0"),
        ({"confidence": 95}, "got 95"),
    ],
)
def test_bad_options_are_named(sample, changed, message):
    with pytest.raises(ScoresError, match=message):
        bootstrap_intervals(*sample, generator=np.random.default_rng(0), **changed)


def test_bad_scores_are_counted():
    with pytest.raises(ScoresError, match="scores: 1 NaN and 0 infinite of 3"):
        bootstrap_intervals([1.0, math.nan, 2.0], [1.0, 2.0, 3.0], generator=np.random.default_rng(0))
