"""The paper's claims, each with a number of ours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness.evaluation.columns import SPACE
from harness.studies.searches.claims import NOT_FINISHED, NOT_TESTABLE, Claimed, verdict
from harness.studies.searches.toponas.arms import ONE_PATH, OWN_KERNELS, PLAIN, SEEDS, SIMPLIFIED
from harness.studies.searches.toponas.changes import IMAGENET16
from harness.studies.searches.toponas.published import EXPLAINED, PUBLISHED

if TYPE_CHECKING:
    import pandas as pd

_KEPT = 1.0
"""An accuracy is kept where the whole interval of its change lies above so many points of loss; our choice."""
_UNFINISHED = "no seed has the searches of both arms"
_UNTABULATED = "the table has no accuracies on ImageNet16-120"
_NOTHING_TO_MERGE = "of one path an edge our reading merges nothing, and differs by batch norm's ε alone"


def study_claims(
    cost: pd.DataFrame, changes: pd.DataFrame, differences: Mapping[str, float], seeds: int = SEEDS
) -> Iterator[Claimed]:
    """The claims.

    Args:
        cost: from `harness.studies.searches.toponas.cost.cost_frame`.
        changes: from `harness.studies.searches.toponas.changes.changes_frame`.
        differences: from `harness.studies.searches.toponas.cost.sharing_differences`.
        seeds: number of seeds of each search, all of which a verdict on accuracies waits for.
    """
    yield _nonlinear(differences)
    yield from _costs(cost)
    yield from _accuracies(changes, seeds)
    yield from _kernels(changes, seeds)
    yield from _untested()


def _nonlinear(differences: Mapping[str, float]) -> Claimed:
    exact, own, unit = differences.values()
    ours = (
        f"one kernel for two changes the logits by {exact:.0e} of the largest where there is no batch norm, and by "
        f"{own:.0%} (own kernels) or {unit:.0%} (unit kernels) with one batch norm for two"
    )
    held = exact < 1e-10 < 0.01 < min(own, unit)
    return Claimed("paths with non-linear modules cannot be merged as convolutions can", "", ours, verdict(held))


def _costs(cost: pd.DataFrame) -> Iterator[Claimed]:
    """Shown where seconds and bytes both fall at each depth, beside both supernets without shared batch norms.

    The largest ratio of the rounds counts for the seconds. How the published cost is defined was not seen.
    """
    for entry in EXPLAINED:
        part = cost[(cost["method"] == entry.method) & (cost["space"] == SPACE) & (cost["arm"] == SIMPLIFIED)]
        rows = part.to_dict("records")
        ours = "; ".join(
            f"N = {row['depth']}: {row['cpu_seconds_to_path_by_path']:.2f} of the seconds and "
            f"{row['saved_bytes_to_path_by_path']:.2f} of the bytes of path by path, {row['cpu_seconds_to_plain']:.2f} "
            f"and {row['saved_bytes_to_plain']:.2f} of our supernet's"
            for row in rows
        )
        below = all(
            max(row[f"cpu_seconds_to_{base}_high"], row[f"saved_bytes_to_{base}"]) < 1
            for row in rows
            for base in ("path_by_path", "plain")
        )
        published = f"cost {entry.cost_ratio:.3f} ± {entry.cost_ratio_read_to:.3f} of that without"
        if entry.method in ONE_PATH:
            yield Claimed(f"{entry.method} costs less", published, f"{ours}; {_NOTHING_TO_MERGE}", NOT_TESTABLE)
        else:
            yield Claimed(f"{entry.method} costs less", published, ours, verdict(below))


def _accuracies(changes: pd.DataFrame, seeds: int) -> Iterator[Claimed]:
    for entry in EXPLAINED:
        claim = f"{entry.method}: ImageNet16-120 {'rises' if entry.change > 0 else 'falls'}"
        row = _change(changes, entry.method, SIMPLIFIED, PLAIN)
        published = f"a change of {entry.change:+.1f} ± 0.2 points"
        if entry.method in ONE_PATH:
            ours = _lacking(changes) if row is None else f"a change of {_in_words(row)}"
            yield Claimed(claim, published, f"{ours}; {_NOTHING_TO_MERGE}", NOT_TESTABLE)
        elif row is None:
            yield _unjudged(claim, published, changes)
        else:
            yield Claimed(claim, published, f"a change of {_in_words(row)}", _judged(row, entry.change, seeds))


def _kernels(changes: pd.DataFrame, seeds: int) -> Iterator[Claimed]:
    for entry in EXPLAINED:
        if entry.method in ONE_PATH:
            continue
        claim = f"{entry.method}: kernel normalisation keeps the accuracy"
        row = _change(changes, entry.method, SIMPLIFIED, OWN_KERNELS)
        if row is None:
            yield _unjudged(claim, "", changes)
        else:
            kept = bool(row["change_low"] > -_KEPT)
            ours = f"against own kernels {_in_words(row)}; kept would be less than {_KEPT:g} point of loss"
            yield Claimed(claim, "", ours, verdict(kept if row["runs"] >= seeds else None))


def _untested() -> Iterator[Claimed]:
    for entry in PUBLISHED:
        if entry not in EXPLAINED:
            published = f"cost {entry.cost_ratio:.3f}, ImageNet16-120 {entry.change:+.1f} points"
            claim = f"{entry.method} costs less and finds more"
            yield Claimed(claim, published, "the mark was not explained", NOT_TESTABLE)
    yield Claimed("it works in spaces of other operation sets", "", "which sets was not read", NOT_TESTABLE)
    yield Claimed("some overhead in simple spaces", "", "which spaces are simple was not read", NOT_TESTABLE)


def _change(changes: pd.DataFrame, method: str, arm: str, base: str) -> dict[str, Any] | None:
    chosen = changes[
        (changes["method"] == method)
        & (changes["arm"] == arm)
        & (changes["base"] == base)
        & (changes["column"] == IMAGENET16)
    ]
    return None if chosen.empty else {str(key): value for key, value in chosen.iloc[0].items()}


def _unjudged(claim: str, published: str, changes: pd.DataFrame) -> Claimed:
    lacking = _lacking(changes)
    return Claimed(claim, published, lacking, NOT_TESTABLE if lacking == _UNTABULATED else NOT_FINISHED)


def _lacking(changes: pd.DataFrame) -> str:
    """Why there is no change on ImageNet16-120."""
    return _UNFINISHED if changes.empty or IMAGENET16 in set(changes["column"]) else _UNTABULATED


def _in_words(row: Mapping[str, Any]) -> str:
    ends = "" if math.isnan(row["change_low"]) else f" [{row['change_low']:+.1f}, {row['change_high']:+.1f}]"
    runs = int(row["runs"])
    return f"{row['change']:+.1f}{ends} points over {runs} seed{'s' * (runs > 1)} {row['by_seed']}"


def _judged(row: Mapping[str, Any], sign: float, seeds: int) -> str:
    """The verdict on a change, which waits until all seeds have both searches."""
    return verdict(_is_beyond_zero(row, sign) if row["runs"] >= seeds else None)


def _is_beyond_zero(row: Mapping[str, Any], sign: float) -> bool:
    """Whether the whole interval lies on the side of 0 that `sign` names."""
    low, high = row["change_low"], row["change_high"]
    return bool(low > 0) if sign > 0 else bool(high < 0)
