"""Means over the seeds, differences with their intervals, and what the study says."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from harness.stats.mean import MeanInterval, student_interval
from harness.studies.searches.claims import NOT_FINISHED, OURS, Claimed, verdict
from harness.studies.searches.trilevel.sizes import MAIN
from harness.studies.searches.trilevel.trained import ANEW, BICUBIC, FOUND, LONGER, PLAIN, RANDOM

MEAN = "mean"
KINDS = (BICUBIC, RANDOM, PLAIN, LONGER, ANEW, FOUND)
ROUNDING_DB = 1e-3
"""Gaps below this are rounding."""


def comparison_frame(quality: pd.DataFrame) -> pd.DataFrame:
    """Means over the seeds of each kind of network on each test set; random architectures are averaged for each seed.

    Args:
        quality: rows of `harness.studies.searches.trilevel.trained.COLUMNS`.

    Returns:
        `set`, `kind`, `seeds`, `networks`, `parameters` (mean), `cpu_seconds` (mean of a training), `psnr_db`, `ssim`,
        and ends of 95 % intervals by Student's t over the seeds: `psnr_db_low`, `psnr_db_high`, `ssim_low` and
        `ssim_high`.
    """
    rows = []
    means = quality[quality["image"] == MEAN]
    for (test, kind), part in means.groupby(["set", "kind"], sort=False):
        by_seed = part.groupby("seed")[["psnr_db", "ssim"]].mean()
        row: dict[str, object] = {
            "set": test, "kind": kind, "seeds": len(by_seed), "networks": len(part),
            "parameters": part["parameters"].mean(), "cpu_seconds": part["cpu_seconds"].mean(),
        }  # fmt: skip
        for name in ("psnr_db", "ssim"):
            found = student_interval(by_seed[name].tolist())
            row |= {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    sets = list(dict.fromkeys(means["set"]))
    rows.sort(key=lambda row: (sets.index(str(row["set"])), KINDS.index(str(row["kind"]))))
    return pd.DataFrame(rows)


def differences_frame(quality: pd.DataFrame) -> pd.DataFrame:
    """What was found less each other kind of network, by seed, in PSNR.

    Returns:
        `set`, `against`, `seeds`, `difference_db` (mean), `low` and `high`: 95 % interval by Student's t over the
        seeds, NaN for one.
    """
    rows = []
    means = quality[quality["image"] == MEAN]
    for test, part in means.groupby("set", sort=False):
        values = part.groupby(["kind", "seed"])["psnr_db"].mean()
        own = values[FOUND] if FOUND in values else pd.Series(dtype=float)
        for kind in (kind for kind in KINDS if kind != FOUND and kind in values):
            other = values[kind]
            differences = own - other.iloc[0] if kind == BICUBIC else (own - other).dropna()
            rows.append((test, kind, len(differences), *student_interval(differences.tolist())))
    return pd.DataFrame(rows, columns=["set", "against", "seeds", "difference_db", "low", "high"])


def study_claims(searches: pd.DataFrame, differences: pd.DataFrame, seeds: int) -> list[Claimed]:
    """What the study shows; nothing is published beside it, since no table of the paper was read.

    Args:
        searches: from `harness.studies.searches.trilevel.searched.searches_frame`.
        differences: from `differences_frame`.
        seeds: number of seeds of the whole study.
    """
    return [*_gaps(searches, seeds), *_better(differences, seeds), _order(searches)]


def _gaps(searches: pd.DataFrame, seeds: int) -> Iterator[Claimed]:
    own = searches[searches["arm"] == MAIN]["gap_db"].tolist()
    largest = max(map(abs, own), default=math.nan)
    whole = len(own) == seeds
    yield Claimed(
        "With sparsestmax the supernet is the derived network at the end of the search", OURS,
        f"largest gap {largest:.4f} dB in {len(own)} searches", verdict(largest <= ROUNDING_DB if whole else None),
    )  # fmt: skip
    for arm in ("softmax", "sparsemax"):
        gap = searches[searches["arm"] == arm]["gap_db"].tolist()
        ours = f"{gap[0]:.2f} dB in one search" if gap else "no search"
        yield Claimed(
            f"With {arm} what is derived is another network than the supernet", OURS, ours,
            verdict(abs(gap[0]) > ROUNDING_DB if gap else None),
        )  # fmt: skip


def _better(differences: pd.DataFrame, seeds: int) -> Iterator[Claimed]:
    words = {
        BICUBIC: "bicubic enlargement", RANDOM: "the mean of random architectures",
        PLAIN: "a plain network of its size",
        LONGER: "a plain network of its size that is trained for as long as search and training took",
        ANEW: "the same architecture that inherits no weights",
    }  # fmt: skip
    for row in differences.to_dict("records"):
        found = MeanInterval(row["difference_db"], row["low"], row["high"])
        whole = row["seeds"] == seeds and seeds > 1
        ours = f"{found.mean:+.2f} dB" + ("" if math.isnan(found.low) else f" [{found.low:+.2f}, {found.high:+.2f}]")
        yield Claimed(
            f"What was found is better than {words[row['against']]} on {row['set']}", OURS, ours,
            verdict(found.low > 0) if whole else NOT_FINISHED,
        )  # fmt: skip


def _order(searches: pd.DataFrame) -> Claimed:
    by_weight = searches[searches["sparsity"] == "sparsestmax"].groupby("order_weight")[["cells", "upsamplings"]].mean()
    lengths = by_weight.sum(axis=1)
    ours = ", ".join(f"{length:.1f} steps at {weight:g}" for weight, length in lengths.items())
    held = None if len(lengths) < 2 else bool(lengths.is_monotonic_decreasing and lengths.iloc[-1] < lengths.iloc[0])
    return Claimed("A larger order weight gives a shorter path", OURS, ours or "no search", verdict(held))
