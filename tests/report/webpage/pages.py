"""Content for the tests of the web page: real cells, made-up scores."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd

from harness.evaluation.ceiling import Ceiling
from harness.evaluation.comparison import Comparison
from harness.evaluation.ranking import Ranking
from harness.report.frames import baselines_last
from harness.report.webpage.content import Content
from harness.spaces import open_space
from harness.stats import coefficients
from tests.report.rankings import comparison_of, ranking_of

_OF_RANKING = {field.name for field in dataclasses.fields(Ranking)} - {"frame", "points"}


def keys_of(space: str, count: int) -> list[str]:
    opened = open_space(space)
    return [opened.key(architecture) for architecture in opened.sample(count)]


def made(
    scores: Mapping[str, Sequence[float]], accuracies: Sequence[float], keys: Sequence[str], **others: Any
) -> Content:
    """Content with these scores, NaN for those that failed; coefficients of the first 500, intervals made up.

    What else is given is of the content or of its ranking.
    """
    accuracy = np.asarray(accuracies, dtype=float)
    parts, rows = [], []
    for proxy, given in scores.items():
        values = np.asarray(given, dtype=float)
        there = np.isfinite(values)
        parts.append(
            pd.DataFrame(
                {
                    "proxy": proxy,
                    "architecture": np.asarray(keys)[there],
                    "score": values[there],
                    "accuracy": accuracy[there],
                    "parameters": 50_000 + 1_000 * np.arange(len(keys))[there],
                }
            )
        )
        found = coefficients(values[there][:500], accuracy[there][:500])._asdict() if there.any() else {}
        row: dict[str, Any] = {"proxy": proxy, "n": int(there.sum()), "failed": 1 - there.mean()}
        for name in ("spearman", "kendall_tau_b", "weighted_tau", "pearson"):
            value = found.get(name, math.nan)
            row |= {name: value, f"{name}_low": value - 0.05, f"{name}_high": value + 0.04}
        rows.append(row | {"best_accuracy": 93.5, "best_percentile": 97.25, "top10_best": 94.1})
    facts = {name: others.pop(name) for name in list(others) if name in _OF_RANKING}
    ranking = ranking_of(baselines_last(pd.DataFrame(rows)), pd.concat(parts, ignore_index=True), **facts)
    return Content(ranking, **others)


def ordinary(count: int = 60, **others: Any) -> Content:
    """Five proxies of some cells, one with failures, and the baselines."""
    generator = np.random.default_rng(0)
    accuracies = generator.normal(90, 2, size=count).clip(60, 94.3)
    noise = generator.normal(size=(5, count))
    scores = {
        "good": accuracies + 0.5 * noise[0],
        "wide": np.exp(accuracies - 90 + 3 * noise[1]),
        "signed": np.sinh(3 * noise[2]),
        "failing": np.where(np.arange(count) % 7 == 0, np.nan, accuracies + 4 * noise[3]),
        "params": accuracies + 2 * noise[4],
        "flops": accuracies + 2 * noise[4],
    }
    return made(scores, accuracies, keys_of("nasbench201", count), **others)


def compared(**others: Any) -> Comparison:
    """Verdicts on some proxies of `ordinary`; `failing` and `flops` are left out. The figures are made up."""
    frame = pd.DataFrame(
        {
            "proxy": ["good", "params", "wide", "signed"],
            "difference": [0.301, 0.0, -0.2, -0.62],
            "difference_low": [0.15, 0.0, -0.5, -0.8],
            "difference_high": [0.5, 0.0, 0.11, -0.4],
            "verdict": ["better", "", "not distinguishable", "worse"],
        }
    )
    return comparison_of(frame, **{"left_out": ("failing", "flops"), **others})


def ceiling_at(spearman: float) -> Ceiling:
    """One training against another; figures that the page does not show are made up."""
    ranking = ranking_of(pd.DataFrame())
    return Ceiling(pd.DataFrame(), spearman, 0.9, 0.9, 0.9, ("a", "b", "c"), pairs=3, n=60, ranking=ranking)


class Elements(HTMLParser):
    """Start tags with their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts[-1] += data

    def ids(self) -> list[str]:
        return [found["id"] for _, found in self.tags if found.get("id")]


def data_of(text: str) -> dict:
    return json.loads(Elements(text).scripts[0])


def array_of(held: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(held["data"]), dtype=f"<{held['type']}")
