"""The table that the tests of joins rank by, and scores that agree with it for the most part."""

import numpy as np
import pytest

from benchmarks import Table
from tests.evaluation.ranked import COLUMNS, FACTS, KEYS


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
