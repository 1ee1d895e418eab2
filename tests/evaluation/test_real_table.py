"""A real table: a noisy copy of its accuracies, and the accuracies themselves, as scores.

Oracles: scipy on the same numbers, and what a copy must do.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import open_table
from harness.evaluation.ranking import correlate
from tests.evaluation.ranked import ACCURACY, COEFFICIENTS, SPACE, by_scipy, rank, row, scored


@pytest.fixture(scope="module")
def analog(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASINIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return open_table("analognasbench")


def test_a_noisy_copy_of_the_real_accuracies_ranks_them(analog):
    cells = SPACE.sample(2000, seed=1)
    keys = [str(cell) for cell in cells]
    accuracies = analog.values(keys, ACCURACY)
    noise = np.random.default_rng(0).normal(size=2000)
    little, much = accuracies + 0.5 * noise, accuracies + 20 * noise
    frame = pd.concat([scored(little, "little", keys), scored(much, "much", keys), scored(-little, "less", keys)])
    ranking = rank(frame, analog)
    for name, scores in (("little", little), ("much", much), ("less", -little)):
        for coefficient, expected in by_scipy(scores, accuracies).items():
            assert row(ranking, name)[coefficient] == pytest.approx(expected, rel=1e-9), (name, coefficient)
    assert row(ranking, "little")["spearman"] > row(ranking, "much")["spearman"] > 0
    assert row(ranking, "less")["spearman"] == pytest.approx(-row(ranking, "little")["spearman"])
    population = analog.values(analog.keys, ACCURACY)
    best = accuracies[little.argmax()]
    assert row(ranking, "little")["best_percentile"] == stats.percentileofscore(population, best, kind="mean")
    # Parameters have Spearman 0.75 with the official CIFAR-10 accuracy (NAS-Bench-Suite-Zero prints 0.77).
    assert 0.7 < row(ranking, "params")["spearman"] < 0.8
    assert ranking.unmatched == ()


def test_the_accuracies_themselves_rank_the_whole_space_perfectly(analog):
    values = analog.values(analog.keys, ACCURACY)
    ranking = correlate(scored(values, keys=analog.keys), analog, resamples=1)
    found = row(ranking)
    assert found["n"] == 15_625
    assert found[list(COEFFICIENTS)].tolist() == pytest.approx([1] * 4, rel=1e-12)
    assert found["best_accuracy"] == found["top10_best"] == values.max()
