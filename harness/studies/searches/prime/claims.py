"""Claims of the two papers, each with our number and whether it shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd
from scipy import stats

from harness.evaluation.columns import SPACE, dataset_title
from harness.stats.mean import student_interval
from harness.studies.searches.claims import NOT_TESTABLE, Claimed, verdict
from harness.studies.searches.prime.arms import TABLE
from harness.studies.searches.prime.judged import IMAGES

PUBLISHED = {"CIFAR-10": (2.62, 3.7), "CIFAR-100": (17.44, 3.16)}
"""Published test error in per cent and parameters in millions of DARTS-PRIME's networks (DARTS space, 600 epochs)."""


class Comparison(NamedTuple):
    """A claim that one arm has less, or more, of a quantity than another.

    Attributes:
        words: the claim.
        quantity: column of the searches' frame.
        arm: the arm that the claim is on.
        against: the arm that it is compared with.
        less: whether the claim is that it has less.
    """

    words: str
    quantity: str
    arm: str
    against: str
    less: bool = True


_NEARER = "proximity ends nearer to a discrete architecture"
_GAP = "with proximity the supernet loses less accuracy in the projection"
COMPARISONS = (
    Comparison(f"{_NEARER}: DARTS", "distance", "proximity", "darts"),
    Comparison(f"{_NEARER}: dynamic schedule", "distance", "prime", "dynamic"),
    Comparison(f"{_NEARER}: clipped", "distance", "clipped-proximity", "clipped"),
    Comparison(f"{_NEARER}: clipped, dynamic schedule", "distance", "clipped-prime", "clipped-dynamic"),
    Comparison(f"{_GAP}: DARTS", "gap", "proximity", "darts"),
    Comparison(f"{_GAP}: dynamic schedule", "gap", "prime", "dynamic"),
    Comparison("ADMM ends nearer to a discrete architecture: DARTS", "distance", "admm", "darts"),
    Comparison("ADMM ends nearer to a discrete architecture: clipped", "distance", "clipped-admm", "clipped"),
    Comparison("DARTS-PRIME takes less time than DARTS", "cpu_seconds", "prime", "darts"),
    Comparison("DARTS-PRIME's cells have fewer skip connections than DARTS's", "skips", "prime", "darts"),
)
_ON_TABLE = "on the table supernet"
TABLE_COMPARISONS = (
    Comparison(f"{_ON_TABLE} {_NEARER}: DARTS", "distance", "proximity", "darts"),
    Comparison(f"{_ON_TABLE} adjusted {_NEARER}: DARTS", "distance", "adjusted-proximity", "darts"),
    Comparison(f"{_ON_TABLE} {_NEARER}: every 11th step", "distance", "periodic-proximity", "periodic"),
    Comparison(f"{_ON_TABLE} ADMM ends nearer to a discrete architecture: DARTS", "distance", "admm", "darts"),
)
"""Claims on the table supernet, whose seeds differ in where α begins alone."""
ACCURACIES = (
    ("DARTS-PRIME finds better cells than DARTS", "prime", "darts"),
    ("the dynamic schedule finds better cells than one of as many steps at even intervals", "dynamic", "periodic"),
    ("proximity finds better cells than without it: dynamic schedule", "prime", "dynamic"),
    ("the clipped activation finds better cells than the softmax: DARTS-PRIME", "clipped-prime", "prime"),
)
"""Claims on tabulated accuracies: words, arm, and the arm that it is compared with."""
_DYNAMIC = frozenset({"dynamic", "prime"})

_NEAR = 0.2
"""How far the share of steps may be from that of the long run, as a part of it, with its whole interval."""


def study_claims(searches: pd.DataFrame, columns: Sequence[str], steps: int) -> Iterator[Claimed]:
    """The claims on NAS-Bench-201, those whose arms are there, and the published numbers.

    A difference is the mean over the seeds, which are paired, with its 95 % interval (Student's t); the claim is shown
    where the whole interval has its sign.

    Args:
        searches: from `runs_frame`, of which those of that space are read.
        columns: columns of tabulated accuracies.
        steps: s of the dynamic schedule.
    """
    own = searches[searches["space"] == SPACE]
    on_table, runs = (own[own["supernet"] == kind] for kind in (TABLE, IMAGES))
    present, tabulated = set(runs["arm"]), set(on_table["arm"])
    compared = [*COMPARISONS]
    compared += [
        Comparison(words, column, arm, against, less=False) for words, arm, against in ACCURACIES for column in columns
    ]
    yield from (_compared(on_table, claim) for claim in TABLE_COMPARISONS if {claim.arm, claim.against} <= tabulated)
    yield from (_compared(runs, claim) for claim in compared if {claim.arm, claim.against} <= present)
    if present & _DYNAMIC:
        yield _share(runs[runs["arm"].isin(_DYNAMIC)], steps)
    if {"prime", "darts"} <= present:
        yield from (_spread(runs, column) for column in columns)
    for name, (error, params) in PUBLISHED.items():
        yield Claimed(
            f"DARTS-PRIME's networks on {name}", f"{error} % test error, {params} M parameters",
            "the DARTS space, 50 epochs of search, 600 of training: not run", NOT_TESTABLE,
        )  # fmt: skip


def _compared(runs: pd.DataFrame, claim: Comparison) -> Claimed:
    one, other = (runs[runs["arm"] == name].set_index("seed")[claim.quantity] for name in (claim.arm, claim.against))
    mean, low, high = student_interval(list((one - other).dropna()))
    held = None if math.isnan(low) else high < 0 if claim.less else low > 0
    quantity = dataset_title(claim.quantity) if claim.quantity.endswith("_pct") else claim.quantity.replace("_", " ")
    return Claimed(
        claim.words, "", f"{_printed(mean, low, high)} ({quantity}, {claim.arm} − {claim.against})", verdict(held)
    )


def _share(runs: pd.DataFrame, steps: int) -> Claimed:
    """The share of the steps in which α moves, next to 1 / (s + 1)."""
    share = 1 / (steps + 1)
    mean, low, high = student_interval(list(runs["alpha_steps"] / runs["steps"]))
    held = None if math.isnan(low) else (1 - _NEAR) * share <= low and high <= (1 + _NEAR) * share
    words = f"α moves in about one of {steps + 1} steps by the dynamic schedule, {share:.3f} in the long run"
    return Claimed(words, "", f"{_printed(mean, low, high, 3)}, within {_NEAR:.0%} or not", verdict(held))


def _spread(runs: pd.DataFrame, column: str) -> Claimed:
    """Ratio of the standard deviations over the seeds, with its 95 % interval by Fisher's F."""
    ours, darts = (runs[runs["arm"] == name][column] for name in ("prime", "darts"))
    ratio, low, high = float(ours.std() / darts.std()) if darts.std() > 0 else math.nan, math.nan, math.nan
    freedom = (len(ours) - 1, len(darts) - 1)
    if min(freedom) > 0 and not math.isnan(ratio):
        low, high = (ratio / math.sqrt(float(stats.f.ppf(end, *freedom))) for end in (0.975, 0.025))
    words = "DARTS-PRIME's accuracies spread less over seeds than DARTS's"
    found = f"ratio of the deviations {_printed(ratio, low, high)} ({dataset_title(column)})"
    return Claimed(words, "", found, verdict(None if math.isnan(low) else high < 1))


def _printed(value: float, low: float, high: float, decimals: int = 2) -> str:
    if math.isnan(value):
        return "not defined"
    ends = "" if math.isnan(low) else f" [{low:.{decimals}f}, {high:.{decimals}f}]"
    return f"{value:.{decimals}f}{ends}".replace("-", "−")
