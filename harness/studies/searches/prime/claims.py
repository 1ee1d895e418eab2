"""Claims of the two papers, each with our number and whether it shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from harness.evaluation.columns import SPACE
from harness.studies.searches.prime.arms import TABLE
from harness.studies.searches.prime.frames import interval
from harness.studies.searches.prime.judged import IMAGES

SHOWN, NOT_SHOWN, UNTESTABLE = "shown", "not shown", "not testable here"
PUBLISHED = {"cifar10": (2.62, 3.7), "cifar100": (17.44, 3.16)}
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
_GAP = "and its supernet loses less accuracy in the projection"
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


def claims_frame(searches: pd.DataFrame, columns: Sequence[str], steps: int) -> pd.DataFrame:
    """The claims on NAS-Bench-201.

    Args:
        searches: from `runs_frame`, of which those of that space are read.
        columns: columns of tabulated accuracies.
        steps: s of the dynamic schedule.

    Returns:
        `claim`, `quantity`, `value` (mean difference over the seeds, which are paired), `low`, `high` (its 95 %
        interval, Student's t), `verdict`: shown where the whole interval has the claim's sign.
    """
    own = searches[searches["space"] == SPACE]
    on_table, runs = (own[own["supernet"] == kind] for kind in (TABLE, IMAGES))
    present, tabulated = set(runs["arm"]), set(on_table["arm"])
    compared = [*COMPARISONS]
    compared += [
        Comparison(words, column, arm, against, less=False) for words, arm, against in ACCURACIES for column in columns
    ]
    rows = [_compared(runs, claim) for claim in compared if {claim.arm, claim.against} <= present]
    rows += [_compared(on_table, claim) for claim in TABLE_COMPARISONS if {claim.arm, claim.against} <= tabulated]
    rows += _shares(runs, steps)
    rows += [_spread(runs, column) for column in columns if {"prime", "darts"} <= present]
    rows += [
        {
            "claim": f"{error} % test error on {name.upper()} with {params} M parameters", "quantity": "test error",
            "verdict": f"{UNTESTABLE}: the DARTS space, 50 epochs of search and 600 of training",
        }
        for name, (error, params) in PUBLISHED.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["claim", "quantity", "value", "low", "high", "verdict"])


def _compared(runs: pd.DataFrame, claim: Comparison) -> dict[str, object]:
    one, other = (runs[runs["arm"] == name].set_index("seed")[claim.quantity] for name in (claim.arm, claim.against))
    value, low, high = interval((one - other).dropna())
    verdict = UNTESTABLE if math.isnan(low) else _verdict(high < 0 if claim.less else low > 0)
    words = f"{claim.words} ({claim.arm} − {claim.against})"
    return {
        "claim": words, "quantity": claim.quantity, "value": value, "low": low, "high": high, "verdict": verdict,
    }  # fmt: skip


def _shares(runs: pd.DataFrame, steps: int) -> list[dict[str, object]]:
    """The share of the steps in which α moves, beside 1 / (s + 1)."""
    part = runs[runs["arm"].isin(["dynamic", "prime"])]
    if part.empty:
        return []
    value, low, high = interval(part["alpha_steps"] / part["steps"])
    words = f"α moves in one of {steps + 1} steps ({1 / (steps + 1):.3f}) by the dynamic schedule"
    verdict = UNTESTABLE if math.isnan(low) else _verdict(low <= 1 / (steps + 1) <= high)
    return [
        {"claim": words, "quantity": "share of steps", "value": value, "low": low, "high": high, "verdict": verdict}
    ]


def _spread(runs: pd.DataFrame, column: str) -> dict[str, object]:
    """Ratio of the standard deviations over the seeds, with its interval by Fisher's F."""
    ours, darts = (runs[runs["arm"] == name][column] for name in ("prime", "darts"))
    ratio = float(ours.std() / darts.std()) if darts.std() > 0 else math.nan
    freedom = (len(ours) - 1, len(darts) - 1)
    if min(freedom) == 0 or math.isnan(ratio):
        low = high = math.nan
    else:
        low, high = (ratio / math.sqrt(float(stats.f.ppf(share, *freedom))) for share in (0.975, 0.025))
    verdict = UNTESTABLE if np.isnan(low) else _verdict(high < 1)
    words = "DARTS-PRIME's accuracies spread less over seeds than DARTS's (ratio of the deviations)"
    return {"claim": words, "quantity": column, "value": ratio, "low": low, "high": high, "verdict": verdict}


def _verdict(held: object) -> str:
    return SHOWN if held else NOT_SHOWN
