"""What the highest scores are worth. Oracles: sorted arrays and scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from harness.evaluation.top import top
from harness.stats import best_rank_at, kendall_at, ndcg_of_powers_at, precision_at, worst_rank_at


def test_top_is_what_the_highest_scores_hold(sized_ranking, sized_scores, sized_accuracies):
    scores, accuracies = sized_scores, sized_accuracies
    found = top(sized_ranking).frame.set_index("proxy")
    order = np.argsort(scores["close"])[::-1]
    assert found.loc["close", "best_of_10"] == accuracies[order[:10]].max()
    assert found.loc["close", "regret_of_10"] == pytest.approx(accuracies.max() - accuracies[order[:10]].max())
    assert found.loc["close", "precision_at_10"] == pytest.approx(precision_at(scores["close"], accuracies, 10))
    for name, measure in (("kendall", kendall_at), ("best_rank", best_rank_at), ("worst_rank", worst_rank_at)):
        assert found.loc["close", f"{name}_at_10"] == measure(scores["close"], accuracies, 10)
    assert found.loc["close", "ndcg_of_powers_k"] == 60, "all of fewer than a thousand"
    assert found.loc["close", "ndcg_of_powers"] == ndcg_of_powers_at(scores["close"], accuracies, 60)
    assert found.loc["close", "sample_1"] == pytest.approx(accuracies.mean(), rel=1e-12)
    assert found.loc["close", "sample_1_std"] == pytest.approx(accuracies.std(), rel=1e-12)
    assert math.isnan(found.loc["close", "best_of_100"]), "there are 60"
    best = np.argsort(accuracies)[-15:]
    expected = stats.spearmanr(scores["close"][best], accuracies[best]).statistic
    assert found.loc["close", "spearman_top_25"] == pytest.approx(expected, abs=1e-12)
    assert math.isnan(found.loc["close", "spearman_top_1"])
    assert found.loc["close", [f"n_top_{share}" for share in (1, 5, 10, 25)]].tolist() == [1, 3, 6, 15]
    assert found.loc["holes", "n_top_25"] == math.ceil(0.25 * np.isfinite(scores["holes"]).sum())
    assert not math.isnan(found.loc["close", "spearman_top_5"]), "the frame keeps what three architectures give"
