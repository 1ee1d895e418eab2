"""What proxies know beyond size. Oracle: the statistics on arrays, put together by hand."""

import math

import numpy as np
import pytest

from harness.evaluation.beyond_size import beyond_size
from harness.evaluation.ranking import correlate
from harness.stats import kendall_within, partial_correlations
from tests.evaluation.sized import ACCURACY, FLOPS, PARAMS, frame_of, table_of


def test_beyond_size_is_the_statistics_of_each_proxys_own_architectures(sized_ranking, sized_scores, sized_accuracies):
    found = beyond_size(sized_ranking, resamples=30).frame.set_index("proxy")
    assert list(found.index) == ["close", "size", "holes", "params", "flops"]
    for name, row in sized_scores.items():
        own = np.isfinite(row)
        (expected,) = partial_correlations(
            [row[own]], sized_accuracies[own], [PARAMS[own], FLOPS[own]], given=[(0,), (1,), (0, 1)],
            generator=np.random.default_rng(0), resamples=30,
        )  # fmt: skip
        for held, partial in zip(("params", "flops", "both"), expected, strict=True):
            columns = [f"given_{held}{end}" for end in ("", "_low", "_high")]
            assert found.loc[name, columns].tolist() == pytest.approx([partial.value, *partial.interval], abs=1e-12)
        within = kendall_within(
            row[own], sized_accuracies[own], PARAMS[own], generator=np.random.default_rng(0), resamples=30
        )
        columns = [f"among_equals{end}" for end in ("", "_low", "_high")]
        assert found.loc[name, columns].tolist() == pytest.approx([within.kendall_tau_b, *within.interval], nan_ok=True)
        assert found.loc[name, ["n", "pairs", "classes"]].tolist() == [own.sum(), within.pairs, within.classes]
    assert math.isnan(found.loc["params", "given_params"])


def test_beyond_size_of_a_proxy_with_two_scores_is_undefined(sized_accuracies):
    few = np.where(np.arange(60) < 2, sized_accuracies, math.nan)
    ranking = correlate(frame_of({"few": few}), table_of(**{ACCURACY: sized_accuracies}), ACCURACY, resamples=2)
    row = beyond_size(ranking, resamples=2).frame.set_index("proxy").loc["few"]
    assert row["n"] == 0
    assert math.isnan(row["given_both"])
