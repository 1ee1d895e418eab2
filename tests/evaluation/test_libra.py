"""LIBRA's choice, by the definition with loops, and by proxies whose places are known."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import harness
from benchmarks import Table
from harness.errors import ScoresError
from harness.evaluation.libra import libra, with_libra
from tests.evaluation.sized import ACCURACY, KEYS, PARAMS, frame_of, table_of

BINS = 4


def of_class(values: np.ndarray) -> list[int]:
    return [int((rank - 0.5) * BINS // len(values)) for rank in stats.rankdata(values)]


def conditional_entropy(y: list[int], given: list[tuple[int, ...]]) -> float:
    """-Σ p(y, z) log p(y | z), counted."""
    both, alone = Counter(zip(y, given, strict=True)), Counter(given)
    return -sum(count / len(y) * math.log(count / alone[z]) for (_, z), count in both.items())


def choice(scores: dict[str, np.ndarray], values: np.ndarray) -> tuple[str, str, str]:
    rho = {name: stats.spearmanr(column, values).statistic for name, column in scores.items()}
    best = max(rho, key=rho.__getitem__)
    y, first = of_class(values), of_class(scores[best])
    without = conditional_entropy(y, [(z,) for z in first])
    gains = {
        name: without - conditional_entropy(y, list(zip(first, of_class(column), strict=True)))
        for name, column in scores.items()
        if name != best and rho[name] > rho[best] - 0.1
    }
    second = min(gains, key=gains.__getitem__) if gains else ""
    bias = {name: stats.spearmanr(column, PARAMS).statistic for name, column in scores.items()}
    own = stats.spearmanr(values, PARAMS).statistic
    third = min((name for name in scores if name not in (best, second)), key=lambda name: abs(bias[name] - own))
    return best, second, third


@pytest.fixture
def scores(sized_accuracies: np.ndarray) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(2)
    noise = {"one": 0.3, "two": 0.35, "three": 0.4, "four": 3.0, "five": 9.0}
    return {name: sized_accuracies + generator.normal(0, size, 60) for name, size in noise.items()}


@pytest.fixture
def table(sized_accuracies: np.ndarray) -> Table:
    return table_of(**{ACCURACY: sized_accuracies})


def ranked(scores: dict[str, np.ndarray], table: Table) -> harness.evaluation.ranking.Ranking:
    return harness.correlate(frame_of(scores), table, ACCURACY, resamples=1)


def test_the_three_are_those_of_the_definition(
    scores: dict[str, np.ndarray], table: Table, sized_accuracies: np.ndarray
) -> None:
    ranking = ranked(scores, table)
    everything = {row: ranking.points.query("proxy == @row")["score"].to_numpy() for row in ranking.frame["proxy"]}
    found = libra(ranking, bins=BINS)
    assert found.chosen == choice(everything, sized_accuracies)
    ranks = np.log([stats.rankdata(everything[name]) / 60 for name in found.chosen]).sum(axis=0)
    assert found.scores.tolist() == pytest.approx(ranks.tolist(), rel=1e-12)
    assert found.words.startswith(f"libra combines {', '.join(found.chosen)}, chosen by the values that")
    mapped = {name: np.exp(column / 10) for name, column in scores.items()}
    assert libra(ranked(mapped, table), bins=BINS).chosen == found.chosen, "only orders count"


def test_a_copy_of_the_best_tells_least_beyond_it(scores: dict[str, np.ndarray], table: Table) -> None:
    copied = {"one": scores["one"], "copy": 2 * scores["one"], "two": scores["two"], "five": scores["five"]}
    found = libra(ranked(copied, table))
    assert {found.best, found.informative} == {"one", "copy"}
    alone = libra(ranked({"one": scores["one"], "five": scores["five"]}, table))
    assert alone.best == "one"
    assert alone.aligned in ("params", "flops", "five")


def test_it_joins_the_frame_as_a_proxy(scores: dict[str, np.ndarray], table: Table) -> None:
    frame = frame_of(scores)
    together, found = with_libra(frame, ranked(scores, table))
    again = harness.correlate(together, table, ACCURACY, resamples=1).frame.set_index("proxy")
    assert again.loc["libra", "n"] == len(KEYS) == len(found.scores)
    assert set(together["proxy"]) == {*scores, "libra"}


def test_what_it_cannot_choose_from_is_refused(scores: dict[str, np.ndarray], table: Table) -> None:
    with pytest.raises(ScoresError, match="at least 2 classes, got 1"):
        libra(ranked(scores, table), bins=1)
    seeds = pd.concat([frame_of(scores).assign(seed=seed) for seed in (0, 1)])
    with pytest.raises(ScoresError, match="of one seed; these are of 2"):
        libra(harness.correlate(seeds, table, ACCURACY, resamples=1))
