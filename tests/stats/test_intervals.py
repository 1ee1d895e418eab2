"""BCa and intervals over seeds. Oracles: scipy's own BCa on the same draws, plain loops, a closed form."""

from __future__ import annotations

import math
from statistics import fmean

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from harness.errors import ScoresError
from harness.stats import bootstrap_intervals, coefficients, interval_rows, seed_intervals
from harness.stats.intervals import bca_interval, percentile_interval
from tests.reference import stats_bca, stats_rank_correlation

NAMES = ("spearman", "kendall_tau_b", "weighted_tau", "pearson")
SCIPY = {
    "spearman": lambda x, y: stats.spearmanr(x, y).statistic,
    "kendall_tau_b": lambda x, y: stats.kendalltau(x, y).statistic,
    "pearson": lambda x, y: stats.pearsonr(x, y).statistic,
}


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(21)
    scores = np.round(generator.normal(size=45), 1)
    return scores, scores**2 + 2 * scores + generator.normal(size=45)


@pytest.mark.parametrize("name", SCIPY)
@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_an_interval_is_that_of_scipys_bootstrap(sample, name, method):
    """`scipy.stats.bootstrap` draws the same architectures from a generator in the same state."""
    ours = bootstrap_intervals(*sample, generator=np.random.default_rng(4), resamples=300, method=method)
    theirs = stats.bootstrap(
        sample, SCIPY[name], paired=True, vectorized=False, n_resamples=300, confidence_level=0.95,
        method="BCa" if method == "bca" else "percentile", random_state=np.random.default_rng(4),
    ).confidence_interval  # fmt: skip
    assert_allclose(getattr(ours, name), (theirs.low, theirs.high), atol=1e-12)


def test_bca_of_a_mean_by_hand():
    """Three resamples of four below the estimate, no skewness: z = Φ⁻¹(3/4), the ends are Φ(2 z ± 1.96)."""
    values, left_out = np.array([1.0, 2.0, 3.0, 5.0]), np.array([-1.0, 0.0, 1.0])
    bias = stats.norm.ppf(0.75)
    shares = stats.norm.cdf(2 * bias + stats.norm.ppf([0.025, 0.975]))
    assert_allclose(bca_interval(values, 4.0, [left_out], 0.95), np.quantile(values, shares), rtol=1e-12)


def test_an_acceleration_of_several_kinds_of_units_is_scipys():
    """Two independent samples: scipy adds up what each contributes in the same way."""
    generator = np.random.default_rng(0)
    first, second = generator.exponential(size=12), generator.exponential(size=7)

    def difference(x, y, axis=-1):
        return x.mean(axis=axis) - y.mean(axis=axis)

    found = stats.bootstrap(
        (first, second), difference, n_resamples=200, method="BCa", random_state=np.random.default_rng(1)
    )
    left_out = [
        np.array([difference(np.delete(first, i), second) for i in range(12)]),
        np.array([difference(first, np.delete(second, i)) for i in range(7)]),
    ]
    ours = bca_interval(found.bootstrap_distribution, difference(first, second), left_out, 0.95)
    assert_allclose(ours, tuple(found.confidence_interval), atol=1e-12)


def test_bca_where_nothing_varies():
    steps = np.arange(20.0)
    found = bootstrap_intervals(steps, steps, generator=np.random.default_rng(0), resamples=50, method="bca")
    assert_allclose(np.array(found), 1, rtol=1e-14)
    assert np.isnan(bca_interval(np.array([math.nan]), 0.5, [], 0.95)).all()
    assert np.isnan(bca_interval(np.ones(3), math.nan, [], 0.95)).all()
    assert bca_interval(np.array([0.2, 0.3]), 0.9, [np.array([0.1, 0.2, 0.4])], 0.95) == (0.3, 0.3)


@pytest.mark.slow
def test_bca_covers_a_skewed_coefficient_in_about_19_of_20_samples():
    """Normal data with Pearson 0.9 and n = 20, whose coefficient is skewed."""
    generator = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        pair = generator.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=20).T
        low, high = bootstrap_intervals(*pair, generator=generator, resamples=300, method="bca").pearson
        covered += low <= 0.9 <= high
    # 0.95 with a binomial standard error of 0.015; bootstrap intervals are a little narrow at n = 20
    assert 0.88 <= covered / 200 <= 0.99


def test_many_proxies_have_the_intervals_that_each_has_alone(sample):
    scores, accuracies = sample
    rows = [scores, -scores, np.arange(45.0)]
    together = interval_rows(rows, accuracies, generator=np.random.default_rng(3), resamples=60, method="bca")
    for row, intervals in zip(rows, together, strict=True):
        alone = bootstrap_intervals(row, accuracies, generator=np.random.default_rng(3), resamples=60, method="bca")
        assert_allclose(np.array(intervals), np.array(alone), rtol=1e-12)


@pytest.mark.slow
def test_groups_of_the_jackknife_change_an_interval_by_less_than_a_hundredth_of_its_width(monkeypatch):
    generator = np.random.default_rng(5)
    scores = generator.exponential(size=1000)
    accuracies = scores + generator.exponential(size=1000)

    def interval():
        rows = bootstrap_intervals(scores, accuracies, generator=np.random.default_rng(0), resamples=400, method="bca")
        return np.array(rows)

    grouped = interval()
    monkeypatch.setattr("harness.stats.resampling.resampled.MOST_GROUPS", 1000)
    each = interval()
    assert np.all(np.abs(grouped - each) <= 0.02 * np.ptp(each, axis=1, keepdims=True))


@pytest.fixture(scope="module")
def seeds() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(9)
    accuracies = generator.normal(size=30)
    return accuracies + generator.normal(size=(4, 30)), accuracies


def plain_over(scores, accuracies, over: str, resamples: int) -> dict[str, tuple[float, float]]:
    """All draws of architectures first, then all of the seeds; a loop over both."""
    generator = np.random.default_rng(6)
    count = len(scores)
    architectures = [generator.integers(30, size=30) for _ in range(resamples)]
    chosen = generator.integers(count, size=(resamples, count))
    rows = []
    for drawn, drawn_seeds in zip(architectures, chosen, strict=True):
        kept = drawn if over != "seeds" else np.arange(30)
        used = drawn_seeds if over != "architectures" else np.arange(count)
        rows.append(np.mean([coefficients(scores[seed][kept], accuracies[kept])[:4] for seed in used], axis=0))
    return {
        name: tuple(np.percentile(column, [2.5, 97.5])) for name, column in zip(NAMES, np.transpose(rows), strict=True)
    }


@pytest.mark.parametrize("over", ["architectures", "seeds", "both"])
def test_intervals_over_seeds_equal_a_plain_loop(seeds, over):
    found = seed_intervals(*seeds, over=over, generator=np.random.default_rng(6), resamples=80)
    for name, expected in plain_over(*seeds, over, 80).items():
        assert_allclose(getattr(found, name), expected, atol=1e-12, err_msg=name)


def test_seeds_that_agree_have_no_width_and_both_is_the_wider(seeds):
    scores, accuracies = seeds
    same = seed_intervals([scores[0]] * 3, accuracies, over="seeds", generator=np.random.default_rng(0), resamples=50)
    assert np.ptp(np.array(same), axis=1) == pytest.approx(np.zeros(4), abs=1e-12)
    widths = {
        over: np.ptp(
            np.array(seed_intervals(*seeds, over=over, generator=np.random.default_rng(0), resamples=2000)), axis=1
        )
        for over in ("architectures", "seeds", "both")
    }
    assert np.all(widths["both"] > widths["architectures"])
    assert np.all(widths["both"] > widths["seeds"])


def plain_bca(scores, accuracies, over: str, resamples: int, name: str) -> tuple[float, float]:
    """Draws as in `plain_over`; what each architecture and each seed contributes, by leaving it out."""
    coefficient = getattr(stats_rank_correlation, name)

    def mean_over(seeds, cells) -> float:
        return fmean(coefficient(scores[seed][cells].tolist(), accuracies[cells].tolist()) for seed in seeds)

    generator = np.random.default_rng(6)
    every_seed, every_cell = list(range(len(scores))), list(range(30))
    drawn_cells = [generator.integers(30, size=30) for _ in range(resamples)]
    drawn_seeds = generator.integers(len(scores), size=(resamples, len(scores)))
    resampled = [
        mean_over(every_seed if over == "architectures" else seeds, every_cell if over == "seeds" else cells)
        for cells, seeds in zip(drawn_cells, drawn_seeds, strict=True)
    ]
    jackknives = {
        "architectures": stats_bca.without_each(every_cell, lambda cells: mean_over(every_seed, cells)),
        "seeds": stats_bca.without_each(every_seed, lambda seeds: mean_over(seeds, every_cell)),
    }
    used = jackknives.values() if over == "both" else [jackknives[over]]
    return stats_bca.ends(resampled, mean_over(every_seed, every_cell), list(used), 0.9)


@pytest.mark.parametrize("name", ["spearman", "kendall_tau_b", "pearson"])
@pytest.mark.parametrize("over", ["architectures", "seeds", "both"])
def test_bca_over_seeds_equals_a_plain_one(seeds, over, name):
    found = seed_intervals(
        *seeds, over=over, generator=np.random.default_rng(6), resamples=80, confidence=0.9, method="bca"
    )
    assert_allclose(getattr(found, name), plain_bca(*seeds, over, 80, name), atol=1e-12)


@pytest.mark.parametrize("over", ["architectures", "seeds", "both"])
def test_bca_over_seeds_holds_the_estimate(seeds, over):
    found = seed_intervals(*seeds, over=over, generator=np.random.default_rng(0), resamples=400, method="bca")
    means = np.mean([coefficients(row, seeds[1])[:4] for row in seeds[0]], axis=0)
    for mean, (low, high) in zip(means, found, strict=True):
        assert low < mean < high


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"over": "seed"}, "unknown unit to resample 'seed'"),
        ({"method": "BCa"}, "unknown interval 'BCa'"),
        ({"confidence": 0.0}, "confidence must lie between 0 and 1"),
        ({"resamples": 0}, "resamples must be at least 1; got 0"),
    ],
)
def test_bad_options_are_named(seeds, options, message):
    with pytest.raises(ScoresError, match=message):
        seed_intervals(*seeds, generator=np.random.default_rng(0), **options)


def test_one_seed_is_refused(seeds):
    with pytest.raises(ScoresError, match="at least 2 seeds are needed; got 1"):
        seed_intervals(seeds[0][:1], seeds[1], generator=np.random.default_rng(0))


def test_the_percentile_interval_drops_what_is_undefined():
    assert percentile_interval(np.array([math.nan, 1.0, 3.0]), 0.5) == (1.5, 2.5)
    assert np.isnan(percentile_interval(np.array([math.nan]), 0.5)).all()
