"""The ceiling and the correction for attenuation. Oracles: scipy, closed forms, simulation, the official table."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from harness.errors import ScoresError
from harness.stats import attenuation_corrected, spearman_brown, training_agreement
from tests.reference import stats_rank_correlation as reference


def test_two_trainings_are_a_pair_of_vectors():
    first, second = np.random.default_rng(0).normal(size=(2, 25)).round(1)
    found = training_agreement([first, second])
    assert (found.pairs, found.n) == (1, 25)
    assert found.spearman == pytest.approx(reference.spearman(first, second), abs=1e-12)
    assert found.kendall_tau_b == pytest.approx(reference.kendall_tau_b(first, second), abs=1e-12)
    assert found.weighted_tau == pytest.approx(reference.weighted_tau(first, second), abs=1e-12)
    assert found.pearson == pytest.approx(reference.pearson(first, second), abs=1e-12)


def test_three_trainings_of_which_some_lack_architectures():
    trainings = np.random.default_rng(1).normal(size=(3, 20))
    trainings[1, :5], trainings[2, 3:10] = np.nan, np.nan
    pairs = [(0, 1, 15), (0, 2, 13), (1, 2, 10)]
    taus = []
    for i, j, size in pairs:
        both = np.isfinite(trainings[i] + trainings[j])
        assert both.sum() == size
        taus.append(stats.kendalltau(trainings[i][both], trainings[j][both]).statistic)
    found = training_agreement(trainings)
    assert found.kendall_tau_b == pytest.approx(np.mean(taus), abs=1e-12)
    assert (found.pairs, found.n) == (3, 10)


@pytest.fixture(scope="module")
def seeds():
    """CIFAR-10 test accuracy of the official table's seeds, shape [3, 15,625], NaN where a cell has fewer."""
    path = Path(os.environ.get("NASINIT_DATA", "")) / "nasbench201_official.csv.gz"
    if not path.is_file():
        pytest.skip("nasbench201_official.csv.gz is not here")
    return pd.read_csv(path)[[f"cifar10_test_200ep_pct_seed{seed}" for seed in range(3)]].to_numpy().T


def test_the_official_tables_seeds(seeds):
    """Kendall 0.905 between the first two seeds of the 13,400 cells that have them."""
    found = training_agreement(seeds[:2])
    assert (found.n, found.pairs) == (13_400, 1)
    assert found.kendall_tau_b == pytest.approx(0.905, abs=5e-4)


@pytest.mark.parametrize(
    ("share", "by_their_mean", "by_a_third"), [(0.5, 0.735, 0.746), (0.1, 0.418, 0.535), (0.01, 0.024, 0.418)]
)
def test_the_ceiling_among_the_best_depends_on_who_says_which_they_are(seeds, share, by_their_mean, by_a_third):
    """The first two seeds among the best by their own mean: 0.735, 0.418 and 0.024, of which the last says little.

    A high mean of the two needs luck in one of them, and then the other ranks lower: the choice itself takes the
    correlation away. Among the best by the third seed it stays at 0.42.
    """
    pair = seeds[:2, ~np.isnan(seeds[:2]).any(axis=0)]
    best = pair.mean(axis=0) >= np.quantile(pair.mean(axis=0), 1 - share)
    assert training_agreement(pair[:, best]).kendall_tau_b == pytest.approx(by_their_mean, abs=5e-4)
    every = seeds[:, ~np.isnan(seeds).any(axis=0)]
    best = every[2] >= np.quantile(every[2], 1 - share)
    assert training_agreement(every[:2, best]).kendall_tau_b == pytest.approx(by_a_third, abs=2e-3)


def test_correction_recovers_the_correlation_of_what_was_measured_with_noise():
    generator = np.random.default_rng(2)
    truth = generator.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], size=1_000_000).T
    noisy, again = truth + generator.normal(0, 0.6, size=(2, *truth.shape))
    reliabilities = [stats.pearsonr(*pair).statistic for pair in zip(noisy, again, strict=True)]
    assert reliabilities == pytest.approx([1 / 1.36] * 2, abs=0.002)
    observed = stats.pearsonr(*noisy).statistic
    # four standard errors of a coefficient of a million pairs, times what the correction multiplies by
    assert observed == pytest.approx(0.7 / 1.36, abs=0.003)
    assert attenuation_corrected(observed, *reliabilities) == pytest.approx(0.7, abs=0.004)


def test_a_corrected_coefficient_may_exceed_one_and_is_not_cut():
    assert attenuation_corrected(0.9, 0.64) == pytest.approx(1.125, rel=1e-12)


def test_the_mean_of_k_trainings_is_as_reliable_as_spearman_and_brown_say():
    generator = np.random.default_rng(3)
    truth = generator.normal(size=200_000)
    means = [truth + generator.normal(size=(3, 200_000)).mean(axis=0) for _ in range(2)]
    assert spearman_brown(0.5, 3) == 0.75
    assert stats.pearsonr(*means).statistic == pytest.approx(0.75, abs=0.005)
    assert spearman_brown(0.8, 1) == 0.8


def test_shapes_and_nan_stay():
    assert_allclose(attenuation_corrected([0.4, math.nan], 0.64), [0.5, math.nan])


@pytest.mark.parametrize("reliability", [0.0, -0.1, 1.01, math.nan])
def test_a_reliability_that_corrects_nothing_is_refused(reliability):
    with pytest.raises(ScoresError, match=r"a reliability must lie in \(0, 1\]"):
        attenuation_corrected(0.5, reliability)


@pytest.mark.parametrize(
    ("trainings", "message"),
    [
        ([[1.0, 2.0, 3.0]], r"shape \[2 or more, architectures\]; got \[1, 3\]"),
        ([1.0, 2.0, 3.0], r"got \[3\]"),
        ([[1.0, 2.0, math.nan], [1.0, math.nan, 3.0]], "nothing to compare"),
        ([[1.0, 2.0, math.inf], [1.0, 4.0, 3.0]], "1 infinite"),
    ],
)
def test_refusals(trainings, message):
    with pytest.raises(ScoresError, match=message):
        training_agreement(trainings)


def test_a_length_must_be_positive():
    with pytest.raises(ScoresError, match="length must be positive; got 0"):
        spearman_brown(0.5, 0)
