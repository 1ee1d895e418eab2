"""The statements that the study looks at, each with a number of every seed and a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from scipy import stats

from harness.stats.mean import student_interval
from harness.studies.searches.claims import NOT_FINISHED, NOT_TESTABLE, OURS, Claimed, verdict
from harness.studies.searches.wiring.readings import (
    ALL,
    ARM,
    SEED,
    convolutions_and_skips,
    cost_sums,
    edge_costs,
    edge_shares,
    operation_costs,
)
from harness.studies.searches.wiring.runs import ARMS, BILEVEL, GROWTH, TABLED, UNIFORM

PAPER, DERIVED = "the paper's", "from its definitions"
_PATTERN = "a pattern; no number was read"
EARLY, COLLAPSED = 5, 4
"""Epochs of a search on NAS-Bench-201 whose costs predict it, and the skip connections of a collapsed cell."""


class Frames(NamedTuple):
    """What the claims read: the study's logs and costs (`readings.searches_frame` and `readings.costs_frame`)."""

    searches: pd.DataFrame
    costs: pd.DataFrame


class Claim(NamedTuple):
    """A statement on the searches of an arm.

    Attributes:
        words: the statement.
        source: whose it is: the paper's, derived from its definitions, or ours.
        arm: name of the arm.
        statistic: what the number is.
        values: gives the number of each seed.
        sign: 1 where the statement says that the number is above 0, −1 for below, 0 for exactly 0.
    """

    words: str
    source: str
    arm: str
    statistic: str
    values: Callable[[Frames], pd.Series[float]]
    sign: int


def _third(epochs: pd.Series[int], place: int) -> pd.Series[bool]:
    """Whether an epoch is of the first (0) or the last (2) third of a search."""
    most = epochs.max()
    return epochs <= max(1, most // 3) if place == 0 else epochs > most - max(1, most // 3)


def _difference(own: pd.DataFrame, deep: pd.Series[bool], column: str) -> pd.Series[float]:
    """The mean of a column over the edges from the inputs minus that over the deep edge, by seed."""
    inputs: pd.Series[float] = own[~deep].groupby(SEED)[column].mean()
    return inputs - own[deep].groupby(SEED)[column].mean()


def _growth(frames: Frames) -> pd.Series[float]:
    shares = edge_shares(frames.searches)
    own = shares[shares[ARM] == GROWTH].assign(chosen=lambda found: found["chosen"].astype(float))
    first, last = (own[_third(own["epoch"], place)].groupby(SEED)["chosen"].mean() for place in (0, 2))
    difference: pd.Series[float] = last - first
    return difference


def _drop(frames: Frames) -> pd.Series[float]:
    shares = edge_shares(frames.searches)
    own = shares[shares[ARM] == GROWTH].assign(chosen=lambda found: found["chosen"].astype(float))
    early = own[_third(own["epoch"], 0)].groupby([SEED, "epoch"])["chosen"].mean()
    smallest: pd.Series[float] = early.groupby(SEED).min()
    return smallest - 1 / 2


def _width(frames: Frames) -> pd.Series[float]:
    shares = edge_shares(frames.searches)
    own = shares[shares[ARM] == GROWTH]
    return _difference(own, own["source"] > 1, "share")


def _cost_of_width(frames: Frames) -> pd.Series[float]:
    costs = edge_costs(frames.costs[frames.costs[ARM] == UNIFORM])
    own = costs[(costs["part"] == "training") & (costs["images"] == ALL) & _third(costs["epoch"], 2)]
    return _difference(own, own["source"] > 1, "cost_nats")


def _edges_left(frames: Frames) -> pd.Series[float]:
    shares = edge_shares(frames.searches)
    own = shares[shares[ARM] == BILEVEL]
    left: pd.Series[float] = own[own["epoch"] == own["epoch"].max()].groupby(SEED)["chosen"].sum().astype(float)
    return left


def _sum_of(arm: str, part: str, images: str, column: str) -> Callable[[Frames], pd.Series[float]]:
    """The mean of a column of `cost_sums` over the last third of the epochs."""

    def values(frames: Frames) -> pd.Series[float]:
        sums = cost_sums(frames.costs[frames.costs[ARM] == arm])
        own = sums[(sums["part"] == part) & (sums["images"] == images) & _third(sums["epoch"], 2)]
        means: pd.Series[float] = own.groupby(SEED)[column].mean()
        return means

    return values


def _operations_in(last: bool) -> Callable[[Frames], pd.Series[float]]:
    """The mean training cost of the operations but `none`, in the first epoch or in the last."""

    def values(frames: Frames) -> pd.Series[float]:
        costs = operation_costs(frames.costs[frames.costs[ARM] == UNIFORM])
        epoch = costs["epoch"].max() if last else 1
        own = costs[(costs["part"] == "training") & (costs["images"] == ALL) & (costs["operation"] != "none")]
        return own[own["epoch"] == epoch].groupby(SEED)["cost_nats"].mean()

    return values


_EXCESS, _COST = "cross_entropy_minus_entropy_nats", "cost_nats"
CLAIMS: Sequence[Claim] = (
    Claim(
        "a search first drops most edges", PAPER, GROWTH,
        "smallest share of edges not none in the first third of the epochs, minus 1/2", _drop, -1,
    ),
    Claim(
        "then edges grow, rather than being pruned", PAPER, GROWTH,
        "share of edges not none, last third of the epochs minus first third", _growth, 1,
    ),
    Claim(
        "width before depth", PAPER, GROWTH,
        "mean weight of what is not none, edges from the inputs minus the edge between the nodes", _width, 1,
    ),
    Claim(
        "edges from the inputs cost less than the edge between the nodes", DERIVED, UNIFORM,
        "cost of an edge on training images, last third, the former minus the latter, nats", _cost_of_width, -1,
    ),
    Claim("a bi-level search ends without edges", PAPER, BILEVEL, "edges not none at the end, of 5", _edges_left, 0),
    Claim(
        "for its edges cost something on the search half", DERIVED, BILEVEL,
        "cost of all edges on the search half, last third, nats", _sum_of(BILEVEL, "validation", ALL, _COST), 1,
    ),
    Claim(
        "where on the training half they cost less than nothing", DERIVED, BILEVEL,
        "cost of all edges on the training half, last third, nats", _sum_of(BILEVEL, "training", ALL, _COST), -1,
    ),
    Claim(
        "at the start operations cost something", DERIVED, UNIFORM,
        "mean cost of an operation on training images, first epoch, nats", _operations_in(last=False), 1,
    ),
    Claim(
        "near convergence they cost less than nothing", DERIVED, UNIFORM,
        "mean cost of an operation on training images, last epoch, nats", _operations_in(last=True), -1,
    ),
    Claim(
        "wrongly classified images keep CE above H", DERIVED, UNIFORM,
        "CE − H of wrong images of the search half, last third, nats",
        _sum_of(UNIFORM, "validation", "wrong", _EXCESS), 1,
    ),
    Claim(
        "correctly classified images have CE below H", DERIVED, UNIFORM,
        "CE − H of correct images of the training half, last third, nats",
        _sum_of(UNIFORM, "training", "correct", _EXCESS), -1,
    ),
)  # fmt: skip

NOT_HERE: Mapping[str, str] = {
    "the same patterns on eight minimal or full cells, C = 16, 32 × 32 pixels, 150 epochs": "days of one core a search",
    "costs near convergence after 150 epochs of uniform Z": "ours train 30 epochs",
    "one cell whose output is its last node alone": "the searches here have no such output; a test has it (identity 3)",
}
"""Experiments of the paper that this study does not repeat, and why."""


def study_claims(frames: Frames) -> pd.DataFrame:
    """A row for each statement: `claim`, `published`, `ours`, `verdict`, as in `harness.studies.searches.claims`.

    Its numbers are `seeds`, `mean`, `low` and `high`, the ends of Student's 95 % interval over the seeds. A statement
    is shown where the whole interval lies on its side; one seed tests nothing.
    """
    rows = [_row(claim, frames) for claim in CLAIMS]
    rows += [_collapse_row(frames)]
    rows += [_untested(f"{words} ({PAPER})", _PATTERN, why) for words, why in NOT_HERE.items()]
    return pd.DataFrame(rows)


def collapse_table(frames: Frames) -> pd.DataFrame:
    """A row for each search on NAS-Bench-201: what its early costs say, and what became of it.

    `arm`, `seed`, `difference_nats` (cost of convolutions minus that of skips on the search half, mean of the first
    epochs), `predicted` (whether it is above 0), `skip_connections` of the choice, `collapsed`.
    """
    differences = convolutions_and_skips(frames.costs[frames.costs[ARM].isin(TABLED)])
    early = differences[differences["epoch"] <= EARLY].groupby([ARM, SEED], sort=False)["difference_nats"].mean()
    own = frames.searches[frames.searches[ARM].isin(TABLED)]
    last = own.groupby([ARM, SEED], sort=False).last()
    found = early.reset_index().merge(last.reset_index(), on=[ARM, SEED])
    recorded = [name for name in found.columns if name.endswith("_for_the_record")]
    found = found[[ARM, SEED, "difference_nats", "skip_connections", "architecture", *recorded]]
    found.insert(3, "predicted", found["difference_nats"] > 0)
    return found.assign(collapsed=found["skip_connections"] >= COLLAPSED)


def _row(claim: Claim, frames: Frames) -> dict[str, Any]:
    words, published = f"{claim.words} ({claim.source})", _PATTERN if claim.source == PAPER else ""
    searches = ARMS[claim.arm].words
    if not (frames.searches[ARM] == claim.arm).any():
        return _untested(words, published, f"{searches}: no search is finished", NOT_FINISHED)
    values = claim.values(frames).dropna().tolist()
    if not values:
        return _untested(words, published, f"{searches}: no image of that kind was recorded")
    mean, low, high = student_interval(values)
    ends = "" if math.isnan(low) else f" [{low:+.3f}, {high:+.3f}]"
    ours = f"{searches}: {claim.statistic}: {mean:+.3f}{ends}, n = {len(values)}"
    held = None if len(values) < 2 else _holds(claim.sign, low, high)
    return _told(words, published, ours, verdict(held), len(values), (mean, low, high))


def _collapse_row(frames: Frames) -> dict[str, Any]:
    words = f"the sign of the costs of convolutions against skips predicts the collapse on NAS-Bench-201 ({OURS})"
    if not frames.searches[ARM].isin(TABLED).any():
        return _untested(words, "", "no search is finished", NOT_FINISHED)
    found = collapse_table(frames)
    right = (found["predicted"] == found["collapsed"]).to_numpy()
    test = stats.binomtest(int(right.sum()), len(right)).proportion_ci()
    ours = (
        f"{', '.join(ARMS[name].words for name in TABLED)}: the first {EARLY} epochs tell {right.sum()} of "
        f"{len(right)} searches right; {int(found['collapsed'].sum())} of them collapse"
    )
    telling = found[SEED].nunique() > 1 and len(set(found["collapsed"])) > 1
    held = bool(right.all()) if telling else None
    return _told(words, "", ours, verdict(held), len(right), (float(right.mean()), float(test.low), float(test.high)))


def _holds(sign: int, low: float, high: float) -> bool:
    """Whether an interval lies wholly on the claimed side of 0; or, with sign 0, is 0."""
    if sign == 0:
        return low == high == 0
    return low > 0 if sign > 0 else high < 0


def _told(
    claim: str, published: str, ours: str, verdict: str, seeds: int, numbers: tuple[float, float, float]
) -> dict[str, Any]:
    named = Claimed(claim, published, ours, verdict)._asdict()
    return {**named, "seeds": seeds, **dict(zip(("mean", "low", "high"), numbers, strict=True))}


def _untested(claim: str, published: str, why: str, told: str = NOT_TESTABLE) -> dict[str, Any]:
    return _told(claim, published, why, told, 0, (math.nan,) * 3)
