"""Stability over settings. Oracle: scipy on the same scores."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.errors import ScoresError
from harness.evaluation.stability import stability
from harness.spaces import open_space
from tests.evaluation.settings import frame_of


@pytest.fixture(scope="module")
def frames(seed_scores):
    shuffled = frame_of(mine=seed_scores[1], steady=np.arange(25.0)).sample(frac=1, random_state=0)
    return {
        "seed 0": frame_of(mine=seed_scores[0], steady=np.arange(25.0)),
        "seed 1": shuffled,
        "seed 2": frame_of(mine=seed_scores[2]),
    }


def test_stability_is_scipys_between_the_settings(frames, seed_scores):
    found = stability(frames, resamples=20)
    mine, steady = found.proxies
    whole = np.isfinite(seed_scores[1])
    assert (mine.proxy, mine.settings, mine.n) == ("mine", ("seed 0", "seed 1", "seed 2"), 24)
    for i in range(3):
        for j in range(3):
            expected = stats.spearmanr(seed_scores[i][whole], seed_scores[j][whole]).statistic
            assert mine.result.matrix[i, j] == pytest.approx(expected, abs=1e-12)
    assert (steady.proxy, steady.settings) == ("steady", ("seed 0", "seed 1"))
    assert steady.result.mean == pytest.approx(1)
    assert found.left_out == {}
    assert found.lacking == {"steady": ("seed 2",)}


def test_one_frame_with_a_column_of_settings(frames):
    whole = pd.concat([frame.assign(seed=label) for label, frame in frames.items()])
    (found,) = stability(dict(list(whole.groupby("seed"))), ["mine"], resamples=20).proxies
    (expected,) = stability(frames, ["mine"], resamples=20).proxies
    assert found.result.interval == expected.result.interval


def test_refused_stability(frames):
    with pytest.raises(ScoresError, match="at least 2 settings are needed; got 1"):
        stability({"one": frames["seed 0"]})
    with pytest.raises(ScoresError, match="at least 2 settings are needed; got 0"):
        stability({})
    with pytest.raises(ScoresError, match=r"unknown proxy of these scores 'mne'\. Did you mean 'mine'"):
        stability(frames, ["mne"])
    with pytest.raises(ScoresError, match="no proxy has scores in two of the settings"):
        stability({"a": frame_of(first=np.arange(25.0)), "b": frame_of(second=np.arange(25.0))})
    lone = {"a": frame_of(mine=np.r_[1.0, 2.0, [math.nan] * 23]), "b": frame_of(mine=np.arange(25.0))}
    with pytest.raises(ScoresError, match="mine has scores in 2 of the settings, 2 architectures in common"):
        stability(lone, ["mine"])
    with pytest.raises(
        ScoresError, match=r"no proxy .* \(mine: scores in 2 of the settings, 2 architectures in common"
    ):
        stability(lone)


def test_proxies_without_two_settings_are_left_out_with_the_reason(partial_settings):
    found = stability(partial_settings, resamples=20)
    assert [one.proxy for one in found.proxies] == ["whole"]
    assert found.proxies[0].result.mean == pytest.approx(-1)
    assert found.left_out == {
        "nan": "scores in a only",
        "two": "scores in 2 of the settings, 2 architectures in common",
        "empty": "scores in none of the settings",
        "first": "scores in a only",
        "second": "scores in b only",
    }
    for name in found.left_out:
        with pytest.raises(ScoresError, match=f"{name} has scores in .*: its stability needs 2 settings and 3 arch"):
            stability(partial_settings, ["whole", name])


def test_scores_of_two_spaces_are_refused_by_their_names(frames):
    darts = pd.DataFrame({"architecture": map(str, open_space("darts").sample(3, seed=0)), "proxy": "mine"})
    darts["score"] = [1.0, 2.0, 3.0]
    message = "the setting other is about the space darts, the setting seed 0 about nasbench201"
    with pytest.raises(ScoresError, match=message):
        stability({"seed 0": frames["seed 0"], "other": darts})
