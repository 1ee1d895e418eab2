"""Tables of the quality of restoring networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.report.cells import EN_DASH, number, ranged
from harness.report.tables.sheet import Heading, Sheet


def comparison_sheet(frame: pd.DataFrame) -> Sheet:
    """Quality of each kind of network on each test set.

    Args:
        frame: from `harness.studies.searches.restored.summary.comparison_frame`.
    """
    rows, ruled = [], []
    for place, row in enumerate(frame.to_dict("records")):
        if place and frame["set"].iloc[place - 1] != row["set"]:
            ruled.append(place)
        rows.append(
            [
                str(row["set"]), str(row["kind"]), number(float(row["networks"]), 0), _some(row["parameters"], 0),
                _some(row["cpu_seconds"] / 60, 2), _estimate(row, "psnr_db", 2), _estimate(row, "ssim", 4),
            ]
        )  # fmt: skip
    headings: list[Heading | str] = [
        Heading("set", "left"), Heading("network", "left"), "networks", "parameters", "CPU minutes", "PSNR (dB)",
        "SSIM",
    ]  # fmt: skip
    notes = (
        "Means over the seeds, with 95 % intervals by Student's t in brackets; CPU minutes of one training, without "
        "the search. Random architectures are averaged for each seed.",
    )
    return Sheet.of("Quality", headings, rows, ruled_above=tuple(ruled), notes=notes)


def differences_sheet(frame: pd.DataFrame) -> Sheet:
    """What was found less the others.

    Args:
        frame: from `harness.studies.searches.restored.summary.differences_frame`.
    """
    rows = [
        [
            str(row["set"]), str(row["against"]), number(float(row["seeds"]), 0),
            ranged(row["difference_db"], row["low"], row["high"], 2),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [Heading("set", "left"), Heading("found less", "left"), "seeds", "PSNR (dB)"]
    notes = ("Means over the seeds of paired differences, with 95 % intervals by Student's t in brackets.",)
    return Sheet.of("Differences", headings, rows, notes=notes)


def searches_sheet(frame: pd.DataFrame, note: str, decimals: int) -> Sheet:
    """The searches, and the gap between the supernet and what is derived.

    Args:
        frame: from the `searches_frame` of a study.
        note: what the arms and the values of PSNR are.
        decimals: decimals of the gap.
    """
    rows = [
        [
            str(row["arm"]), str(row["seed"]), str(row["architecture"]), number(float(row["parameters"]), 0),
            number(row["cpu_seconds"] / 60, 2), number(row["supernet_psnr_db"], 2), number(row["derived_psnr_db"], 2),
            number(row["gap_db"], decimals),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [
        Heading("arm", "left"), "seed", Heading("architecture", "left"), "parameters", "CPU minutes", "supernet (dB)",
        "derived (dB)", "gap (dB)",
    ]  # fmt: skip
    return Sheet.of("Searches", headings, rows, notes=(note,))


def _some(value: float, decimals: int) -> str:
    """A number; a dash for what does not apply."""
    return number(value, decimals) if value else EN_DASH


def _estimate(row: Mapping[Any, Any], name: str, decimals: int) -> str:
    low, high = (float(row[f"{name}_{end}"]) for end in ("low", "high"))
    return ranged(float(row[name]), math.nan if math.isnan(low) else low, high, decimals)
