"""What the study says."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from harness.studies.searches.claims import OURS, Claimed, verdict
from harness.studies.searches.restored.summary import better_claims
from harness.studies.searches.restored.trainings import ANEW, LONGER, PLAIN, RANDOM
from harness.studies.searches.trilevel.sizes import MAIN
from harness.studies.searches.trilevel.trained import BICUBIC

ROUNDING_DB = 1e-3
"""Gaps below this are rounding."""
_WORDS = {
    BICUBIC: "bicubic enlargement", RANDOM: "the mean of random architectures",
    PLAIN: "a plain network of its size",
    LONGER: "a plain network of its size that is trained for as long as search and training took",
    ANEW: "the same architecture that inherits no weights",
}  # fmt: skip


def study_claims(searches: pd.DataFrame, differences: pd.DataFrame, seeds: int) -> list[Claimed]:
    """What the study shows; nothing is published beside it, since no table of the paper was read.

    Args:
        searches: from `harness.studies.searches.trilevel.searched.searches_frame`.
        differences: from `harness.studies.searches.restored.summary.differences_frame`.
        seeds: number of seeds of the whole study.
    """
    return [*_gaps(searches, seeds), *better_claims(differences, seeds, _WORDS), _order(searches)]


def _gaps(searches: pd.DataFrame, seeds: int) -> Iterator[Claimed]:
    own = searches[searches["arm"] == MAIN]["gap_db"].tolist()
    largest = max(map(abs, own), default=math.nan)
    whole, counted = len(own) == seeds, f"{len(own)} search{'es' * (len(own) != 1)}"
    yield Claimed(
        f"With sparsestmax the supernet is the derived network at the end of the search ({OURS})", "",
        f"largest gap {largest:.4f} dB in {counted}", verdict(largest <= ROUNDING_DB if whole else None),
    )  # fmt: skip
    for arm in ("softmax", "sparsemax"):
        gap = searches[searches["arm"] == arm]["gap_db"].tolist()
        ours = f"{gap[0]:.2f} dB in one search" if gap else "no search"
        yield Claimed(
            f"With {arm} what is derived is another network than the supernet ({OURS})", "", ours,
            verdict(abs(gap[0]) > ROUNDING_DB if gap else None),
        )  # fmt: skip


def _order(searches: pd.DataFrame) -> Claimed:
    by_weight = searches[searches["sparsity"] == "sparsestmax"].groupby("order_weight")[["cells", "upsamplings"]].mean()
    lengths = by_weight.sum(axis=1)
    ours = ", ".join(f"{length:.1f} steps at {weight:g}" for weight, length in lengths.items())
    held = None if len(lengths) < 2 else bool(lengths.is_monotonic_decreasing and lengths.iloc[-1] < lengths.iloc[0])
    return Claimed(f"A larger order weight gives a shorter path ({OURS})", "", ours or "no search", verdict(held))
