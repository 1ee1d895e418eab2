"""Means over the seeds, and differences with their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from harness.stats.mean import MeanInterval, student_interval
from harness.studies.searches.claims import NOT_FINISHED, OURS, Claimed, verdict
from harness.studies.searches.restored.trainings import FOUND

MEAN = "mean"


def comparison_frame(quality: pd.DataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    """Means over the seeds of each kind of network on each test set; random architectures are averaged for each seed.

    Args:
        quality: rows of `harness.studies.searches.restored.trainings.COLUMNS`.
        kinds: kinds of networks in the order of the table.

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
    rows.sort(key=lambda row: (sets.index(str(row["set"])), kinds.index(str(row["kind"]))))
    return pd.DataFrame(rows)


def differences_frame(quality: pd.DataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    """What was found less each other kind of network, by seed, in PSNR; a baseline has one value for all seeds.

    Args:
        quality: rows of `harness.studies.searches.restored.trainings.COLUMNS`.
        kinds: kinds of networks in the order of the table.

    Returns:
        `set`, `against`, `seeds`, `difference_db` (mean), `low` and `high`: 95 % interval by Student's t over the
        seeds, NaN for one.
    """
    rows = []
    means = quality[quality["image"] == MEAN]
    for test, part in means.groupby("set", sort=False):
        values = part.groupby(["kind", "seed"])["psnr_db"].mean()
        own = values[FOUND] if FOUND in values else pd.Series(dtype=float)
        for kind in (kind for kind in kinds if kind != FOUND and kind in values):
            other = values[kind]
            differences = own - other.iloc[0] if list(other.index) == [-1] else (own - other).dropna()
            rows.append((test, kind, len(differences), *student_interval(differences.tolist())))
    return pd.DataFrame(rows, columns=["set", "against", "seeds", "difference_db", "low", "high"])


def better_claims(differences: pd.DataFrame, seeds: int, words: Mapping[str, str]) -> Iterator[Claimed]:
    """Whether what was found is better than each other kind, by the interval over the seeds.

    Args:
        differences: from `differences_frame`.
        seeds: number of seeds of the whole study.
        words: by kind, what it is called in a claim.
    """
    for row in differences.to_dict("records"):
        found = MeanInterval(row["difference_db"], row["low"], row["high"])
        whole = row["seeds"] == seeds and seeds > 1
        ours = f"by {found.mean:+.2f} dB" + ("" if math.isnan(found.low) else f" [{found.low:+.2f}, {found.high:+.2f}]")
        yield Claimed(
            f"What was found is better than {words[row['against']]} on {row['set']} ({OURS})", "", ours,
            verdict(found.low > 0) if whole else NOT_FINISHED,
        )  # fmt: skip
