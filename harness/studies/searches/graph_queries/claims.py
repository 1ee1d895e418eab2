"""Our own questions on searches of graph networks, each with a number of ours."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from harness.studies.searches.claims import OURS, Claimed, verdict
from harness.studies.searches.graph_queries.runs import TEST, VALID, Arm, better_on, difference

RANDOM, EVOLUTION, LOCAL = "random_search", "regularised_evolution", "local_search"
SEARCHES = (RANDOM, EVOLUTION, LOCAL)
POINTS = {
    "test_pct": "points of test accuracy",
    "valid_regret": "points of validation regret",
    "test_regret": "points of test regret",
}


def query_claims(runs: pd.DataFrame) -> Iterator[Claimed]:
    """The claims of the study.

    Args:
        runs: from `harness.studies.searches.graph_queries.runs.runs_frame`.
    """
    budgets = sorted(set(runs["queries"]))
    middle = budgets[len(budgets) // 2]
    for search in SEARCHES:
        yield compared(
            runs,
            f"choosing by test accuracy claims more than choosing by validation: {search}, {middle:,} queries",
            (Arm(search, middle, TEST), Arm(search, middle, VALID)),
            "test_pct",
            higher=True,
        )
    for search in SEARCHES[1:]:
        for budget in budgets:
            yield compared(
                runs,
                f"lower validation regret than random search: {search}, {budget:,} queries",
                (Arm(search, budget), Arm(RANDOM, budget)),
                "valid_regret",
                higher=False,
            )
    for search in SEARCHES[1:]:
        yield compared(
            runs,
            f"lower test regret than random search: {search}, {budgets[-1]:,} queries",
            (Arm(search, budgets[-1]), Arm(RANDOM, budgets[-1])),
            "test_regret",
            higher=False,
        )
    for search in SEARCHES:
        yield compared(
            runs,
            f"more queries find higher test accuracy: {search}, {budgets[-1]:,} against {budgets[0]:,}",
            (Arm(search, budgets[-1]), Arm(search, budgets[0])),
            "test_pct",
            higher=True,
        )


def compared(
    runs: pd.DataFrame, words: str, arms: tuple[Arm, Arm], quantity: str, *, higher: bool, published: str = ""
) -> Claimed:
    """A claim on the difference of two arms over the data sets.

    Args:
        runs: from `harness.studies.searches.graph_queries.runs.runs_frame`.
        words: the claim.
        arms: the two arms.
        quantity: what is compared.
        higher: whether the claim is that the first arm's is higher; else that it is lower.
        published: the paper's claim, in words; empty for our own question.
    """
    change = difference(runs, *arms, quantity)
    above, below = better_on(runs, *arms, quantity)
    held = None if math.isnan(change.low) else (change.low > 0 if higher else change.high < 0)
    ends = "" if math.isnan(change.low) else f" [{change.low:+.2f}, {change.high:+.2f}]"
    count = runs["dataset"].nunique()
    ours = (
        f"{POINTS[quantity]}, over {count} data sets: {change.mean:+.2f}{ends}; by its own runs higher on {above} and "
        f"lower on {below} of them"
    )
    return Claimed(words if published else f"{words} ({OURS})", published, ours, verdict(held))
