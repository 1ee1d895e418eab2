"""Proxy against proxy. Oracles: scipy on the architectures that all have, and the pairs against the rows."""

import math

import numpy as np
import pytest
from scipy import stats

from harness.errors import ScoresError
from harness.evaluation.comparison import compare
from harness.evaluation.ranking import correlate
from tests.evaluation.sized import ACCURACY, FLOPS, PARAMS, frame_of, table_of


def test_a_comparison_is_on_the_architectures_that_all_have(sized_ranking, sized_scores, sized_accuracies):
    found = compare(sized_ranking, resamples=300)
    common = np.isfinite(sized_scores["holes"])
    assert found.n == common.sum() == 50
    rows = found.frame.set_index("proxy")
    for name, row in {**sized_scores, "params": PARAMS, "flops": FLOPS}.items():
        expected = stats.spearmanr(row[common], sized_accuracies[common]).statistic
        assert rows.loc[name, "spearman"] == pytest.approx(expected, abs=1e-12)
        difference = expected - rows.loc["params", "spearman"]
        assert rows.loc[name, "difference"] == pytest.approx(difference, abs=1e-12)
    assert found.frame["spearman"].is_monotonic_decreasing
    verdicts = {"close": "better", "size": "not distinguishable", "holes": "worse", "params": ""}
    assert rows["verdict"].to_dict() == verdicts | {"flops": "not distinguishable"}
    assert found.words[0] == "better than params: close"
    assert found.words[1] in {f"not distinguishable from params: {both}" for both in ("size, flops", "flops, size")}
    assert found.words[2] == "worse than params: holes"
    assert len(found.pairs) == 10
    assert ("close",) not in found.groups
    assert {"size", "params", "flops"} in [set(group) for group in found.groups]


def test_pairs_and_rows_say_the_same(sized_ranking):
    found = compare(sized_ranking, "close", coefficient="kendall_tau_b", resamples=100)
    rows = found.frame.set_index("proxy")
    pairs = found.pairs.set_index(["first", "second"])
    assert rows.loc["size", "difference"] == -pairs.loc[("close", "size"), "difference"]
    assert rows.loc["size", "p_holm"] == pairs.loc[("close", "size"), "p_holm"]
    assert rows.loc["size", "difference_low"] == -pairs.loc[("close", "size"), "high"]


def test_proxies_that_failed_for_most_or_say_one_thing_are_left_out(sized_scores, sized_accuracies):
    few = np.where(np.arange(60) < 29, sized_accuracies, math.nan)
    frame = frame_of({**sized_scores, "few": few, "flat": np.ones(60), "none": np.full(60, math.nan)})
    ranking = correlate(frame, table_of(**{ACCURACY: sized_accuracies}), ACCURACY, resamples=2)
    found = compare(ranking, resamples=20)
    assert found.left_out == ("few", "flat", "none")
    assert set(found.frame["proxy"]) | set(found.left_out) == set(ranking.frame["proxy"])
    assert found.n == 50
    with pytest.raises(ScoresError, match="a comparison with none needs its scores"):
        compare(ranking, "none", resamples=2)


def test_refused_comparisons(sized_ranking, sized_accuracies):
    with pytest.raises(ScoresError, match=r"unknown proxy of this ranking 'parms'\. Did you mean 'params'"):
        compare(sized_ranking, "parms")
    with pytest.raises(ScoresError, match="unknown coefficient 'rho'"):
        compare(sized_ranking, coefficient="rho")
    with pytest.raises(ScoresError, match="resamples must be a whole number from 1, got 0"):
        compare(sized_ranking, resamples=0)
    flat = correlate(frame_of({"flat": np.ones(60)}), table_of(**{ACCURACY: sized_accuracies}), ACCURACY, resamples=2)
    with pytest.raises(ScoresError, match="a comparison with flat needs its scores"):
        compare(flat, "flat", resamples=2)
