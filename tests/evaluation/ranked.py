"""A small table of NAS-Bench-201, scores of its cells, and what scipy makes of them."""

import pandas as pd
from scipy import stats

from benchmarks import Column, Facts
from harness.evaluation.ranking import correlate
from harness.spaces import open_space
from harness.stats import coefficients

SPACE = open_space("nasbench201")
KEYS = [str(cell) for cell in SPACE.sample(30, seed=8)]
OUTSIDE = [str(cell) for cell in SPACE.sample(33, seed=8)[30:]]
ACCURACY = "cifar10_test_200ep_pct"
SEED_1 = "cifar10_test_200ep_pct_seed1"
COLUMNS = (
    Column(ACCURACY, "cifar10", "test", 200, "pct", "mean", "made here"),
    Column(SEED_1, "cifar10", "test", 200, "pct", "one", "made here", may_be_missing=True),
)
FACTS = Facts("made", "nasbench201", "A table of this test", "nowhere", "none", None, None, None, "No limits.")
COEFFICIENTS = ("spearman", "kendall_tau_b", "weighted_tau", "pearson")
STATISTICS = [name + end for name in COEFFICIENTS for end in ("", "_low", "_high")]


def scored(scores, proxy="mine", keys=KEYS, **columns):
    return pd.DataFrame({"architecture": list(keys)[: len(scores)], "proxy": proxy, "score": scores, **columns})


def rank(frame, table, column=ACCURACY, **options):
    return correlate(frame, table, column, **{"resamples": 5, **options})


def row(ranking, proxy="mine"):
    return ranking.frame.set_index("proxy").loc[proxy]


def by_scipy(scores, accuracies):
    return {
        "spearman": stats.spearmanr(scores, accuracies).statistic,
        "kendall_tau_b": stats.kendalltau(scores, accuracies, variant="b").statistic,
        "weighted_tau": coefficients(scores, accuracies).weighted_tau,  # scipy orders ties; tests/stats has its oracle
        "pearson": stats.pearsonr(scores, accuracies).statistic,
    }
