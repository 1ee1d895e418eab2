"""Claims of the paper's abstract, and two of our own, each with a number of ours."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from harness.studies.searches.claims import NOT_TESTABLE, OURS, Claimed, verdict
from harness.studies.searches.radars import budgets
from harness.studies.searches.radars.budgets import BASE, COMPARED, NULL, RADARS
from harness.studies.searches.radars.searched import LARGE, paired_change


def study_claims(
    queried: pd.DataFrame, chosen: pd.DataFrame, large: tuple[float, float, float], columns: list[str]
) -> Iterator[Claimed]:
    """The claims.

    Args:
        queried: from `harness.studies.searches.radars.budgets.budgets_frame`.
        chosen: from `harness.studies.searches.radars.searched.chosen_frame`.
        large: in the enlarged space the megabytes of a step of the full supernet, the bound, and the most that a step
            of RADARS kept; the last is NaN where that search is not finished.
        columns: test accuracies of the table.
    """
    column = columns[0]
    for name in columns:
        value, low, high = budgets.difference(queried, name, RADARS, BASE, COMPARED)
        yield Claimed(
            "more accuracy than a search by reinforcement learning at equal time",
            "up to 3.41 points",
            f"{name}: {value:+.2f} [{low:+.2f}, {high:+.2f}] points at {COMPARED:,} simulated seconds against "
            "REINFORCE at the same learning rate; cells of the sub-space are queried in the place of DARTS",
            verdict(low > 0),
        )
    seconds = budgets.seconds_to_equal(queried, column, BASE, RADARS, COMPARED)
    ratio = seconds / COMPARED
    yield Claimed(
        "2.5 times less search time than a search by reinforcement learning",
        "2.5 times",
        f"REINFORCE at the same learning rate has RADARS's {column} of {COMPARED:,} simulated seconds "
        + ("in no budget here, or in the smallest" if math.isnan(ratio) else f"in {ratio:.2f} times the seconds"),
        verdict(not math.isnan(ratio) and ratio >= 2.5),
    )
    full, bound, most = large
    yield Claimed(
        "its memory stays bounded where differentiable searches of the full supernet do not run",
        "two of them do not finish",
        f"in {LARGE} a step of DARTS's or DrNAS's supernet keeps {full:,.0f} MB, above a bound of {bound:,.0f} MB, and "
        "would be refused; "
        + ("RADARS is not finished" if math.isnan(most) else f"no step of RADARS kept more than {most:,.0f} MB"),
        verdict(None if math.isnan(most) else most <= bound < full),
    )
    value, low, high = budgets.difference(queried, column, RADARS, NULL, COMPARED)
    yield Claimed(
        f"its policy prunes better than chance ({OURS})",
        "",
        f"{column}: {value:+.2f} [{low:+.2f}, {high:+.2f}] points against random pruning at {COMPARED:,} seconds",
        verdict(low > 0),
    )
    for name in columns:
        value, low, high, seeds = paired_change(chosen, name, columns=len(columns))
        ends = "" if math.isnan(low) else f" [{low:+.1f}, {high:+.1f}]"
        together = f"intervals that hold for all {len(columns)} columns"
        yield Claimed(
            f"on images RADARS finds better cells than DARTS does in as many epochs: {name} ({OURS})",
            "",
            "no seed of both is finished"
            if math.isnan(value)
            else f"by {value:+.1f}{ends} points over {seeds} seeds, {together}",
            verdict(None if math.isnan(low) else low > 0),
        )
    yield Claimed("accuracies on ImageNet", "", "no search on ImageNet runs here", NOT_TESTABLE)
