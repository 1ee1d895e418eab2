"""The tables that the tests rank by, and scores that agree with them for the most part."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks import Table
from harness.evaluation.ranking import correlate
from tests.evaluation import sized
from tests.evaluation.ranked import COLUMNS, FACTS, KEYS
from tests.evaluation.settings import frame_of


@pytest.fixture(scope="module")
def accuracies():
    return np.random.default_rng(0).uniform(10, 95, size=30).round(2)


@pytest.fixture(scope="module")
def table(accuracies):
    """30 architectures; every third has no second seed."""
    second = np.where(np.arange(30) % 3 == 0, np.nan, accuracies / 2)
    return Table(KEYS, COLUMNS, [accuracies, second], FACTS)


@pytest.fixture
def noisy(accuracies):
    """A score of every architecture that follows the accuracy loosely."""
    return accuracies + np.random.default_rng(1).normal(0, 20, size=30)


@pytest.fixture(scope="session")
def sized_accuracies():
    """Of the cells of `tests.evaluation.sized`: they follow the parameters, loosely."""
    generator = np.random.default_rng(0)
    return (70 + 5 * stats.zscore(sized.PARAMS) + generator.normal(0, 5, size=60)).round(2)


@pytest.fixture(scope="session")
def sized_scores(sized_accuracies):
    """One that follows accuracy closely, one that is noisy parameters, one that fails for every sixth cell."""
    generator = np.random.default_rng(1)
    close = sized_accuracies + generator.normal(0, 1, size=60)
    size = stats.zscore(sized.PARAMS) + generator.normal(0, 0.2, size=60)
    holes = np.where(np.arange(60) % 6 == 0, math.nan, -sized_accuracies)
    return {"close": close, "size": size, "holes": holes}


@pytest.fixture(scope="session")
def sized_ranking(sized_scores, sized_accuracies):
    """Of these scores by these accuracies."""
    table = sized.table_of(**{sized.ACCURACY: sized_accuracies})
    return correlate(sized.frame_of(sized_scores), table, sized.ACCURACY, resamples=20)


@pytest.fixture(scope="session")
def seed_scores():
    """Scores of one proxy with three seeds, [3, 25]; one of them is missing."""
    generator = np.random.default_rng(0)
    truth = generator.normal(size=25)
    rows = truth + generator.normal(0, 0.5, size=(3, 25))
    rows[1, 4] = math.nan
    return rows


@pytest.fixture(scope="session")
def partial_settings():
    """Two settings: a whole proxy, and others that one of them lacks, has NaN of, or shares too few cells with."""
    steps, none = np.arange(25.0), np.full(25, math.nan)
    two = np.where(np.arange(25) < 2, steps, math.nan)
    return {
        "a": frame_of(whole=steps, nan=steps, two=two, empty=none, first=steps),
        "b": frame_of(whole=-steps, nan=none, two=steps, empty=none, second=steps),
    }
