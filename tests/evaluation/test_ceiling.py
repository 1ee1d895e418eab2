"""The noise ceiling. Oracle: plain definitions of the coefficients, between columns of seeds."""

import math

import numpy as np
import pytest

from harness.errors import ScoresError
from harness.evaluation.ceiling import ceiling, tables_with_trainings
from harness.evaluation.ranking import correlate
from harness.stats import spearman_brown
from tests.evaluation.sized import ACCURACY, KEYS, frame_of, table_of
from tests.reference import stats_rank_correlation as reference


@pytest.fixture(scope="module")
def seeded(sized_accuracies):
    """Two trainings of all cells, a third of half of them, and their mean as the column."""
    generator = np.random.default_rng(2)
    seeds = sized_accuracies + generator.normal(0, 2, size=(3, 60))
    seeds[2, 30:] = math.nan
    columns = {f"{ACCURACY}_seed{place}": seed for place, seed in enumerate(seeds)}
    return seeds, table_of(**{ACCURACY: np.nanmean(seeds, axis=0)}, **columns)


def test_the_ceiling_is_the_agreement_of_the_tables_seeds(sized_scores, seeded):
    seeds, table = seeded
    ranking = correlate(frame_of(sized_scores), table, ACCURACY, resamples=5)
    found = ceiling(ranking, tables_with_trainings(ranking, table))
    half = slice(0, 30)
    pairs = [(seeds[0], seeds[1]), (seeds[0][half], seeds[2][half]), (seeds[1][half], seeds[2][half])]
    spearman = np.mean([reference.spearman(*pair) for pair in pairs])
    assert found.spearman == pytest.approx(spearman, abs=1e-12)
    assert found.kendall_tau_b == pytest.approx(np.mean([reference.kendall_tau_b(*pair) for pair in pairs]), abs=1e-12)
    assert (found.pairs, found.n, len(found.trainings)) == (3, 30, 3)
    # thirty cells have three trainings, thirty two: the mean of 1 / k is 5 / 12
    assert found.reliability == pytest.approx(spearman_brown(spearman, 12 / 5), abs=1e-12)
    rows, ranked = found.frame.set_index("proxy"), ranking.frame.set_index("proxy")
    assert rows.loc["close", "spearman_share"] == pytest.approx(ranked.loc["close", "spearman"] / spearman)
    corrected = ranked.loc["close", "spearman"] / math.sqrt(found.reliability)
    assert rows.loc["close", "spearman_corrected"] == pytest.approx(corrected)


def test_a_second_table_is_a_second_training(sized_scores, sized_accuracies):
    one, other = (
        table_of(name, **{ACCURACY: sized_accuracies + np.random.default_rng(seed).normal(0, 2, 60)})
        for seed, name in enumerate(("one", "other"))
    )
    ranking = correlate(frame_of(sized_scores), one, ACCURACY, resamples=5)
    found = ceiling(ranking, [one, other])
    pair = [table.values(KEYS, ACCURACY) for table in (one, other)]
    assert found.spearman == found.reliability == pytest.approx(reference.spearman(*pair), abs=1e-12)
    with pytest.raises(ScoresError, match=r"the ceiling needs two trainings .* there is 1 \(one: cifar10_test"):
        ceiling(ranking, [one])
