"""The grid of readings: accuracy of what each chooses, by number of steps, with `none` and without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.studies.searches.nasi.cells import Accuracies, most_frequent
from harness.studies.searches.nasi.readings import AVERAGES, OBJECTIVES, Choice, Reading, choice
from harness.studies.searches.nasi.steps import Steps

WINDOWS = (25, 40, 100, 400)
BOUNDS = (30.0, 100.0, np.sqrt(2) * 10 / 0.1, 300.0, 566.0, 1000.0, 3000.0, 10000.0)
"""ν, or ν₀: the DARTS space's 100, γn/η of equation 13, NAS-Bench-1Shot1's 1,000, and others around them."""
WEIGHTS = (0.5, 1.0, 2.0)
SAMPLES = 4


class Named(NamedTuple):
    """A reading that has a name: where it comes from."""

    label: str
    reading: Reading


NAMED = (
    Named("preset nasi-ada (NAS-Bench-1Shot1's bound)", Reading(1000, 1, adaptive=True)),
    Named("preset nasi (equation 13's ν)", Reading(float(BOUNDS[2]), 1)),
    Named("NASI-FIX in the DARTS space", Reading(100, 2)),
    Named("NASI-ADA in the DARTS space", Reading(500, 2, adaptive=True)),
    Named("no bound", Reading()),
)
"""The readings of the short table; the rule by which ν adapts is recalled, not checked."""


def grid_readings() -> list[Reading]:
    """All readings, each with `none` and without it.

    These are the named ones, each bound under equation 18 and by own norms, each objective and average without a bound,
    and the named ones with four samples a step.
    """
    bounded = [
        Reading(float(nu), mu, adaptive, average)
        for average in AVERAGES[:2]
        for mu in WEIGHTS
        for adaptive in (False, True)
        for nu in (*BOUNDS, 500.0)
    ]
    free = [Reading(objective=objective, average=average) for objective in OBJECTIVES for average in AVERAGES]
    several = [named.reading._replace(samples=SAMPLES) for named in NAMED]
    found = dict.fromkeys([*(named.reading for named in NAMED), *bounded, *free, *several])
    return [reading._replace(none=none) for reading in found for none in (True, False)]


def readings_table(
    found: Sequence[Steps],
    accuracies: Accuracies,
    readings: Sequence[Reading] | None = None,
    windows: Sequence[int] = WINDOWS,
) -> pd.DataFrame:
    """What each reading chooses from the windows of each number of steps.

    A window has its steps to itself: the largest norm and an adaptive ν begin anew. Windows of one search share its
    weights, so that their deviation is that of noise and weights together, and not that of independent searches.

    Args:
        found: steps of the searches.
        accuracies: test accuracies of all cells.
        readings: the readings; by default `grid_readings()`.
        windows: numbers of steps; one that no search reaches is left out.

    Returns:
        `name` (of a reading in `NAMED`), `none` (`in` or `out`), the reading's `objective`, `average`, `rule` (`fixed`,
        `adaptive` or `none`), `nu`, `mu` and `samples`; `steps` and `runs`, the number of windows with a choice;
        `above_nu0` (share of the traces above ν or ν₀), `effective_steps`, `largest_ten` and `weight_above` (means of
        `harness.studies.searches.nasi.readings.Choice`), for each column `…_mean` and `…_std`, `cells` (distinct
        choices) and `most_frequent` (the most frequent operation of each edge).
    """
    names = {named.reading._replace(none=none): named.label for named in NAMED for none in (True, False)}
    rows = [
        _row(names.get(reading, ""), reading, count, found, accuracies)
        for reading in (grid_readings() if readings is None else readings)
        for count in windows
        if any(len(one.traces) >= count for one in found)
    ]
    return pd.DataFrame(rows)


def _row(name: str, reading: Reading, count: int, found: Sequence[Steps], accuracies: Accuracies) -> dict[str, Any]:
    chosen = list(_choices(reading, count, found))
    cells = [one.operations for one in chosen if one.operations is not None]
    bounded = np.isfinite(reading.nu)
    above = [traces > reading.nu for one in found for traces, _ in one.windows(count)]
    return {
        "name": name, "none": "in" if reading.none else "out", "objective": reading.objective,
        "average": reading.average, "rule": ("adaptive" if reading.adaptive else "fixed") if bounded else "none",
        "nu": reading.nu, "mu": reading.mu, "samples": reading.samples, "steps": count,
        "above_nu0": float(np.mean(above)),
        "effective_steps": float(np.mean([one.effective_steps for one in chosen])),
        **{name: _mean_of(chosen, name) if cells else np.nan for name in ("largest_ten", "weight_above")},
        **accuracies.row(cells), "cells": len({tuple(cell) for cell in cells}), "most_frequent": most_frequent(cells),
    }  # fmt: skip


def _mean_of(chosen: Sequence[Choice], name: str) -> float:
    return float(np.nanmean([getattr(one, name) for one in chosen]))


def _choices(reading: Reading, count: int, found: Sequence[Steps]) -> Iterator[Choice]:
    return (choice(*window, reading) for one in found for window in one.windows(count))
