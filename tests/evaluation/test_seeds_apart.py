"""In Python as on the command line: a frame of several seeds stands as one for each, and an only column is taken."""

import numpy as np
import pandas as pd
import pytest

import harness
from benchmarks import Column, Table
from tests.evaluation.ranked import ACCURACY, FACTS, KEYS, scored


@pytest.fixture
def of_two_seeds(noisy):
    return pd.concat([scored(noisy).assign(seed=seed) for seed in (0, 1)], ignore_index=True)


def test_stability_of_one_frame_of_two_seeds(of_two_seeds):
    found = harness.stability({"mine": of_two_seeds}, resamples=20)
    assert found.proxies[0].settings == ("mine, seed 0", "mine, seed 1")
    assert found.frame["mean"].tolist() == [1.0]
    assert found.frame.attrs["provenance"]["bootstrap"] == {"resamples": 20, "confidence": 0.95, "seed": 0}


def test_transfer_of_one_frame_of_two_seeds(of_two_seeds, table):
    found = harness.transfer({"mine": of_two_seeds}, table, [ACCURACY], resamples=20)
    assert set(found.frame["inputs"]) == {"mine, seed 0", "mine, seed 1"}
    assert found.frame.attrs["provenance"]["bootstrap"]["resamples"] == 20


def test_the_only_column_that_measures_is_ranked_by(noisy, accuracies):
    index = Column("index", None, None, None, "index", "", "")
    only = Column("mine_pct", None, None, None, "pct", "", "")
    alone = Table(KEYS, [index, only], [np.arange(30), accuracies], FACTS)
    assert harness.correlate(scored(noisy), alone, resamples=20).column == "mine_pct"
