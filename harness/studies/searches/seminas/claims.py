"""Claims of the paper's abstract, and some of our own, each with a number of ours."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from harness.evaluation.columns import PRINTED
from harness.stats.mean import MeanInterval
from harness.studies.searches.claims import NOT_TESTABLE, OURS, Claimed, verdict
from harness.studies.searches.radars.budgets import seconds_to_equal
from harness.studies.searches.seminas.curves import KNOWN, PROXIES, paired_tau, title_of
from harness.studies.searches.seminas.labels import ACCURACY, FOREST, NAO, SEMINAS, SEVENTH, paired, sevenfold

MARGIN = 0.1
"""Points of accuracy by which a search may be below another and is still called comparable: our choice."""


def study_claims(runs: pd.DataFrame, summary: pd.DataFrame, draws: pd.DataFrame) -> Iterator[Claimed]:
    """The claims.

    Args:
        runs: from `harness.studies.searches.seminas.labels.run_part`, one behind the other.
        summary: from `harness.studies.searches.seminas.labels.summary_frame`.
        draws: the draws of `harness.predict`, with `curve` and `column`.
    """
    for name, part in runs.groupby("data_set", sort=False):
        yield from _of_searches(PRINTED[str(name)], part, summary[summary["data_set"] == name])
    for curve, part in draws.groupby("curve", sort=False):
        yield from _of_predictors(str(curve), part)
    for claim, published in (
        ("accuracy on NAS-Bench-101", "94.02 % test accuracy"),
        ("error on ImageNet", "23.5 % top-1, 4 GPU days"),
        ("text to speech", "97 % intelligibility"),
    ):
        yield Claimed(claim, published, "none of its tables and data is here", NOT_TESTABLE)


def _of_searches(title: str, runs: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Claimed]:
    budgets = sorted(set(runs[runs["search"] == SEMINAS]["labels"]))
    there = sorted(set(runs[runs["search"] == NAO]["labels"]))
    for count in sevenfold(budgets, there):
        change = paired(runs, (SEMINAS, count), (NAO, SEVENTH * count))
        needed = seconds_to_equal(summary, ACCURACY, SEMINAS, NAO, SEVENTH * count, by="labels")
        equal = "in none of its budgets, or in all" if math.isnan(needed) else f"with about {needed:,.0f} labels"
        yield Claimed(
            f"{title}: comparable with NAO of seven times the labels: {count:,} against {SEVENTH * count:,}",
            "comparable with a seventh of the labels, on NAS-Bench-101",
            f"{_points(change)}; it reaches NAO's mean of {SEVENTH * count:,} labels {equal}",
            verdict(None if math.isnan(change.low) else change.low >= -MARGIN),
        )
    for count in budgets:
        yield _above(
            paired(runs, (SEMINAS, count), (NAO, count)),
            f"{title}: higher accuracy than NAO with as many labels: {count:,}, at equal updates",
        )
    for count in budgets:
        yield _above(
            paired(runs, (SEMINAS, count), (FOREST, count)),
            f"{title}: better than a random forest on GRAF's features: {count:,} labels ({OURS})",
        )


def _of_predictors(name: str, draws: pd.DataFrame) -> Iterator[Claimed]:
    title, counts = title_of(name), sorted(set(draws["samples"]))
    for count in counts:
        one, other, what = SEMINAS, NAO, "pseudo-labels make the predictor rank better"
        if name == KNOWN:
            one, other, what = PROXIES, FOREST, "a forest on proxies ranks better than one on GRAF's features"
        change = paired_tau(draws, one, other, count)
        yield Claimed(
            f"{title}: {what}: {count:,} labels{', at equal updates' * (name != KNOWN)} ({OURS})",
            "",
            f"Kendall's τ-b {change.mean:+.3f}{_ends(change, 3)}",
            verdict(None if math.isnan(change.low) else change.low > 0),
        )


def _above(change: MeanInterval, claim: str) -> Claimed:
    return Claimed(claim, "", _points(change), verdict(None if math.isnan(change.low) else change.low > 0))


def _points(change: MeanInterval) -> str:
    return f"points of test accuracy, paired by run: {change.mean:+.2f}{_ends(change, 2)}"


def _ends(change: MeanInterval, decimals: int) -> str:
    return "" if math.isnan(change.low) else f" [{change.low:+.{decimals}f}, {change.high:+.{decimals}f}]"
