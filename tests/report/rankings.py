"""Rankings with made-up figures, for the tests of reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import Column, Facts, Table
from harness.evaluation.comparison import Comparison
from harness.evaluation.ranking import Ranking
from harness.evaluation.trade_off import Quantity, TradeOff

NAMES = ("spearman", "kendall_tau_b", "weighted_tau", "pearson")
COLUMN = "cifar10_test_200ep_pct"
LABEL = "CIFAR-10 test accuracy, 200 epochs (%)"
POINTS = ["proxy", "architecture", "score", "accuracy", "parameters"]


def ranking_row(proxy: str, value: float, n: int) -> dict[str, object]:
    row: dict[str, object] = {"proxy": proxy, "n": n, "failed": 0.0}
    for step, name in enumerate(NAMES):
        middle = value - step / 100
        row |= {name: middle, f"{name}_low": middle - 0.07, f"{name}_high": middle + 0.06}
    return row | {"best_accuracy": 93.5, "best_percentile": 97.25, "top10_best": 94.1}


def ranking_of(frame: pd.DataFrame, points: pd.DataFrame | None = None, **others: Any) -> Ranking:
    """A ranking of these frames; whatever else is not given is made up."""
    nothing: Mapping[str, Any] = {"column": COLUMN, "source": "a table", "unmatched": (), "label": LABEL}
    points = pd.DataFrame(columns=POINTS) if points is None else points
    return Ranking(frame.reset_index(drop=True), points, **{**nothing, **others})


def ranking_of_scores(scores: Mapping[str, np.ndarray], **others: Any) -> Ranking:
    """A ranking of scores by proxy; accuracies as on CIFAR-10 with a tail at 10, coefficients made up."""
    n = len(next(iter(scores.values())))
    generator = np.random.default_rng(0)
    accuracies = np.where(np.arange(n) % 40 == 0, 10.0, generator.normal(90, 2, size=n).clip(60, 94.3))
    parameters = generator.choice([73_306, 344_346, 802_426, 1_531_546], size=n)
    names = [f"a{index}" for index in range(n)]
    columns = {"architecture": names, "accuracy": accuracies, "parameters": parameters}
    points = [pd.DataFrame({"proxy": proxy, "score": values, **columns})[POINTS] for proxy, values in scores.items()]
    frame = pd.DataFrame([ranking_row(proxy, 0.6, n) for proxy in scores])
    return ranking_of(frame, pd.concat(points, ignore_index=True), **others)


def comparison_of(frame: pd.DataFrame, **others: Any) -> Comparison:
    """A comparison with params of this frame, on 1,234 architectures and one pair."""
    nothing: Mapping[str, Any] = {
        "pairs": pd.DataFrame({"first": ["a"]}), "groups": (), "against": "params", "coefficient": "spearman",
        "n": 1234, "left_out": (), "ranking": ranking_of(pd.DataFrame([ranking_row("nwot", 0.5, 5)])),
    }  # fmt: skip
    return Comparison(frame, **{**nothing, **others})


def quantities(x: Mapping[str, Any] | None = None, y: Mapping[str, Any] | None = None, title: str = "My table"):
    """What a trade-off weighs: by default a latency and an accuracy, of a table without architectures of any space."""
    facts = Facts("mine", "nasbench201", title, "", "", None, None, None, "")
    latency = {"name": "latency_ms", "unit": "ms", "description": "latency on a device", "higher_is_better": False}
    accuracy = {"name": "accuracy_pct", "unit": "pct", "description": "CIFAR-10 test accuracy, 200 epochs"}
    nothing = {"dataset": None, "split": None, "epochs": None, "seeds": ""}
    columns = [Column(**(nothing | latency | (x or {}))), Column(**(nothing | accuracy | (y or {})))]
    table = Table(["a"], columns, [np.ones(1), np.ones(1)], facts)
    return [Quantity(table, column.name) for column in columns]


def trade_off_of(x: Quantity, y: Quantity, **others: Any) -> TradeOff:
    """A trade-off of these; what is not given is empty."""
    empty = pd.DataFrame()
    nothing: Mapping[str, Any] = {
        "points": empty, "picks": empty, "budgets": empty, "picked": empty, "regret": {}, "random_regret": 0.0,
        "unmatched": (), "repeated": (), "duplicates": (),
    }  # fmt: skip
    return TradeOff(x, y, **{**nothing, **others})
