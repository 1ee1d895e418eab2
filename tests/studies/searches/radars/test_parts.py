"""The parts of the study of RADARS: budgets, memory, and claims."""

import math

import numpy as np
import pandas as pd
import pytest

from harness.search.gradient.memory_bound import step_bytes
from harness.spaces import open_space
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.radars.budgets import BASE, BUDGETS, SEARCHES, difference, seconds_to_equal
from harness.studies.searches.radars.claims import study_claims
from harness.studies.searches.radars.memory import QUICK_SIZES, memory_frame
from harness.studies.searches.radars.searched import paired_change

COLUMN = "cifar10_test_200ep_pct"


def budgets(means, deviation=0.4, runs=500):
    """A frame whose search i has the means of row i."""
    rows = [
        {"search": name, "budget_seconds": budget, "runs": runs, f"{COLUMN}_mean": mean, f"{COLUMN}_std": deviation}
        for name, row in zip(SEARCHES, means, strict=True)
        for budget, mean in zip(BUDGETS, row, strict=True)
    ]
    return pd.DataFrame(rows)


RISING = np.array([93.0, 93.2, 93.4, 93.6, 93.8])
FRAME = budgets([RISING + 0.2, RISING - 0.3, RISING, RISING, RISING, RISING])


def test_a_difference_has_the_interval_of_two_independent_means():
    value, low, high = difference(FRAME, COLUMN, "radars", BASE, 12_000)
    margin = 1.96 * math.sqrt(2 * 0.4**2 / 500)
    assert (value, low, high) == pytest.approx((0.2, 0.2 - margin, 0.2 + margin), abs=1e-5)


def test_seconds_to_equal_are_read_between_budgets():
    """REINFORCE has at 20,000 s what RADARS has at 12,000 s."""
    assert seconds_to_equal(FRAME, COLUMN, BASE, "radars", 12_000) == pytest.approx(20_000)
    halfway = budgets([RISING + 0.1, *[RISING] * 5])
    assert seconds_to_equal(halfway, COLUMN, BASE, "radars", 8_000) == pytest.approx(math.sqrt(8_000 * 12_000))


def test_what_no_budget_reaches_has_no_seconds():
    assert math.isnan(seconds_to_equal(FRAME, COLUMN, BASE, "radars", 20_000))
    assert math.isnan(seconds_to_equal(FRAME, COLUMN, "radars", "random_pruning", 2_000))


def test_memory_grows_with_the_operations_to_that_of_the_full_supernet():
    frame = memory_frame(QUICK_SIZES)
    (size,) = QUICK_SIZES
    full = step_bytes(
        open_space(size.space).supernet(width=size.width, depth=size.depth),
        (size.batch_size, 3, size.image_size, size.image_size),
    )
    assert frame["operations"].tolist() == [1, 2, 3, 4, 5]
    assert frame["step_mb"].is_monotonic_increasing
    assert frame["step_mb"].iloc[-1] == full / 1e6
    assert frame["share"].iloc[-1] == 1


def chosen(radars, darts):
    """Cells of searches on images, by their accuracies."""
    rows = [
        {"space": "nasbench201", "supernet": "images", "method": method, "seed": seed, COLUMN: value}
        for method, values in (("radars", radars), ("darts", darts))
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["space", "supernet", "method", "seed", COLUMN])


def test_changes_are_paired_by_seed():
    mean, low, high, seeds = paired_change(chosen([90, 91, 93], [80, 82]), COLUMN)
    assert (mean, seeds) == (9.5, 2)
    assert low < 9.5 < high
    assert math.isnan(paired_change(chosen([], []), COLUMN)[0])


@pytest.mark.parametrize(
    ("frame", "large", "expected"),
    [
        (FRAME, (1000.0, 600.0, 590.0), [SHOWN, NOT_SHOWN, SHOWN, SHOWN, NOT_FINISHED, NOT_TESTABLE]),
        (
            budgets([RISING] * 6),
            (1000.0, 600.0, math.nan),
            [NOT_SHOWN, NOT_SHOWN, NOT_FINISHED, NOT_SHOWN, NOT_FINISHED, NOT_TESTABLE],
        ),
        (
            budgets([RISING + 1, *[RISING] * 5]),
            (1000.0, 600.0, 700.0),
            [SHOWN, NOT_SHOWN, NOT_SHOWN, SHOWN, NOT_FINISHED, NOT_TESTABLE],
        ),
    ],
)
def test_verdicts_follow_from_the_numbers(frame, large, expected):
    found = list(study_claims(frame, chosen([90], [80]), large, [COLUMN]))
    assert [claim.verdict for claim in found] == expected
    assert all(claim.ours for claim in found)
