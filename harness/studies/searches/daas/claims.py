"""Claims of the paper's abstract, and questions of our own, each with our number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from harness.search.gradient.policy_choices import PLANTED
from harness.stats import holm
from harness.stats.mean import MeanInterval, student_interval
from harness.stats.two_way import Interaction
from harness.studies.searches.claims import NOT_TESTABLE, OURS, Claimed, verdict
from harness.studies.searches.daas.searched import PLANTED_ARM
from harness.studies.searches.daas.sizes import PLANTED_OPERATIONS

PUBLISHED = {"CIFAR-10": 97.91, "ImageNet": 76.6}
"""Published test accuracies in per cent of DAAS's networks, from the abstract."""
_LEVEL = 0.05
_DEVIATIONS = 3
_BETTER = "searched together, cell and policy are better than {other}, at equal steps: {what}"


def study_claims(
    found: Interaction | None,
    places: tuple[int, int],
    chosen: pd.DataFrame,
    shares: pd.DataFrame,
    column: str,
    runs: int,
) -> Iterator[Claimed]:
    """The claims; one whose searches and trainings are not all over has no verdict.

    Args:
        found: the test of the interaction; None where trainings are not over.
        places: trainings of the table that are over, and all of them.
        chosen: from `harness.studies.searches.daas.searched.chosen_frame`.
        shares: from `harness.studies.searches.daas.searched.shares_frame`.
        column: the tabulated accuracy.
        runs: searches of each arm.
    """
    yield _interaction(found, places)
    yield from _joint(chosen, column, runs)
    yield _planted(shares, runs)
    for name, accuracy in PUBLISHED.items():
        yield Claimed(
            f"accuracy of the found network on {name}", f"{accuracy} %",
            "not comparable: other space, network, epochs and size; not run", NOT_TESTABLE,
        )  # fmt: skip


def _joint(chosen: pd.DataFrame, column: str, runs: int) -> Iterator[Claimed]:
    """The joint search against the other orders: shown where p is below 0.05 by Holm's correction over all of these.

    As each p is corrected by all, none has a verdict before all are over.
    """
    asked = [
        (other, words, quantity, what)
        for other, words in (("sequential", "one after the other"), ("fixed", "a cell under even augmentations"))
        for quantity, what in (("trained_pct", "trained here"), (column, column))
    ]
    changes = [paired_change(chosen, quantity, other) for other, _, quantity, _ in asked]
    corrected = holm([change.p for change in changes])
    count = int(np.isfinite(corrected).sum())
    whole = all(change.seeds >= runs for change in changes)
    for change, p, (_, words, _, what) in zip(changes, corrected.tolist(), asked, strict=True):
        over = not math.isnan(p)
        ours = _printed(change, runs) + (f", p = {p:.3f} with Holm's correction over {count}" if over else "")
        held = change.interval.mean > 0 and p < _LEVEL if whole else None
        yield Claimed(_BETTER.format(other=words, what=what), "", ours, verdict(held))


class Change(NamedTuple):
    """A mean over seeds of paired differences with its 95 % interval, p of no difference (Student's), and the seeds."""

    interval: MeanInterval
    p: float
    seeds: int


def paired_change(chosen: pd.DataFrame, quantity: str, other: str) -> Change:
    """The joint search's quantity less that of another arm, paired by seed; NaN where there are fewer than two."""
    wide = chosen.pivot(index="seed", columns="arm", values=quantity).reindex(columns=["joint", other]).dropna()
    changes = (wide["joint"] - wide[other]).tolist()
    return Change(student_interval(changes), _p(changes), len(changes))


def _p(changes: list[float]) -> float:
    """Two-sided p of a mean of 0 by Student's t; NaN for fewer than two values."""
    if len(changes) < 2:
        return math.nan
    if len(set(changes)) == 1:
        return float(changes[0] == 0)
    return float(stats.ttest_1samp(changes, 0).pvalue)


def planted_shares(shares: pd.DataFrame) -> list[float]:
    """Share of the planted operation in each policy at the end of its search."""
    own = shares[(shares["arm"] == PLANTED_ARM) & (shares["operation"] == PLANTED)]
    return [float(value) for value in own.sort_values("epoch").groupby("seed")["share"].last()]


def _interaction(found: Interaction | None, places: tuple[int, int]) -> Claimed:
    words = "the best augmentations depend on the cell: the interaction is larger than the noise of the seeds"
    if found is None:
        return Claimed(words, "", f"{places[0]} of {places[1]} trainings are over", verdict(None))
    return Claimed(
        words, "",
        f"F({found.freedom}, {found.residual_freedom}) = {found.f:.2f}, p = {found.p:.3f}, by permutations "
        f"{found.permutation_p:.3f}; deviation of the effects {found.deviation:.2f}, of the seeds "
        f"{found.residual_deviation:.2f} points",
        verdict(found.p < _LEVEL and found.permutation_p < _LEVEL),
    )  # fmt: skip


def _planted(shares: pd.DataFrame, runs: int) -> Claimed:
    """Whether the planted operation ends below its first share by three standard deviations over the seeds."""
    ends, first = planted_shares(shares), 1 / len(PLANTED_OPERATIONS)
    words = f"the policy gradient sees a planted harmful operation ({OURS})"
    if len(ends) < runs:
        return Claimed(words, "", f"{len(ends)} of {runs} searches with it are over", verdict(None))
    if len(ends) < 2:
        return Claimed(words, "", f"share {ends[0]:.4f} on one seed, {first:.4f} at first", verdict(False))
    mean, deviation = float(np.mean(ends)), float(np.std(ends, ddof=1))
    ours = f"share {mean:.4f} ± {deviation:.4f} over {len(ends)} seeds, {first:.4f} at first"
    return Claimed(words, "", ours, verdict(mean + _DEVIATIONS * deviation < first))


def _printed(change: Change, runs: int) -> str:
    (mean, low, high), seeds = change.interval, change.seeds
    if not seeds:
        return "no seed of both is finished"
    ends = "" if math.isnan(low) else f" [{low:+.2f}, {high:+.2f}]"
    return f"points over {seeds} of {runs} seed{'s' * (runs > 1)}: {mean:+.2f}{ends}".replace("-", "−")
