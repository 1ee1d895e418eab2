"""Claims of the paper's abstract, and two of our own, each with a number of ours."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from harness.stats.mean import MeanInterval
from harness.studies.searches.claims import NOT_TESTABLE, OURS, Claimed, verdict
from harness.studies.searches.radars.budgets import seconds_to_equal
from harness.studies.searches.seminas.labels import (
    FOREST,
    NAO,
    SEMINAS,
    SEVENTH,
    TEST,
    paired,
    paired_tau,
    sevenfold,
)  # fmt: skip

MARGIN = 0.1
"""Points of accuracy by which a search may be below another and is still called comparable: our choice."""


def study_claims(runs: pd.DataFrame, summary: pd.DataFrame, draws: pd.DataFrame) -> Iterator[Claimed]:
    """The claims.

    Args:
        runs: from `harness.studies.searches.seminas.labels.runs_frame`.
        summary: from `harness.studies.searches.seminas.labels.summary_frame`.
        draws: from `harness.predict`, the draws.
    """
    budgets = sorted(set(runs[runs["search"] == SEMINAS]["labels"]))
    there = sorted(set(runs[runs["search"] == NAO]["labels"]))
    for count in sevenfold(budgets, there):
        change = paired(runs, (SEMINAS, count), (NAO, SEVENTH * count))
        needed = seconds_to_equal(summary, TEST, SEMINAS, NAO, SEVENTH * count, by="labels")
        equal = "in none of its budgets, or in all" if math.isnan(needed) else f"with about {needed:,.0f} labels"
        yield Claimed(
            f"comparable with NAO of seven times the labels: {count:,} against {SEVENTH * count:,}",
            "comparable with a seventh of the labels, on NAS-Bench-101",
            f"{_points(change)}; it reaches NAO's mean of {SEVENTH * count:,} labels {equal}",
            verdict(None if math.isnan(change.low) else change.low >= -MARGIN),
        )
    for count in budgets:
        change = paired(runs, (SEMINAS, count), (NAO, count))
        yield Claimed(
            f"higher accuracy than NAO with as many labels: {count:,}, at equal updates",
            "",
            _points(change),
            verdict(None if math.isnan(change.low) else change.low > 0),
        )
    for count in sorted(set(draws["samples"])):
        change = paired_tau(draws, SEMINAS, NAO, count)
        yield Claimed(
            f"pseudo-labels make the predictor rank better: {count:,} labels, at equal updates ({OURS})",
            "",
            f"Kendall's τ-b {change.mean:+.3f} [{change.low:+.3f}, {change.high:+.3f}]",
            verdict(None if math.isnan(change.low) else change.low > 0),
        )
    for count in budgets:
        change = paired(runs, (SEMINAS, count), (FOREST, count))
        yield Claimed(
            f"better than a random forest on GRAF's features: {count:,} labels ({OURS})",
            "",
            _points(change),
            verdict(None if math.isnan(change.low) else change.low > 0),
        )
    for claim, published in (
        ("accuracy on NAS-Bench-101", "94.02 % test accuracy"),
        ("error on ImageNet", "23.5 % top-1, 4 GPU days"),
        ("text to speech", "97 % intelligibility"),
    ):
        yield Claimed(claim, published, "none of its tables and data is here", NOT_TESTABLE)


def _points(change: MeanInterval) -> str:
    ends = "" if math.isnan(change.low) else f" [{change.low:+.2f}, {change.high:+.2f}]"
    return f"points of test accuracy, paired by run: {change.mean:+.2f}{ends}"
