"""The table and the claims of the part of AGNN's study with networks that are trained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from harness.spaces.agnn.encoding import parse, representative
from harness.stats.mean import welch_interval
from harness.studies.searches.agnn.trained import PLAIN, RANDOM_CLASS, SHARED
from harness.studies.searches.claims import OURS, Claimed, verdict

AGNN = "agnn"
OTHERS = {
    RANDOM_CLASS: "a random class",
    "random_search": "random search",
    "graphnas": "a recurrent controller that draws everything anew",
}
"""What AGNN without sharing is held against, in words."""


def runs_frame(queries: pd.DataFrame, finals: pd.DataFrame) -> pd.DataFrame:
    """A row for each run of each arm, and one for each training of the plain network.

    Args:
        queries: from `harness.studies.searches.agnn.trained.run_trained`.
        finals: from the same.

    Returns:
        `graph`, `arm`, `run`, `found_pct` (the best answer), `seconds` (of all its trainings), `networks` (how many
        different ones were asked for), and `validation_pct` and `test_pct`, means over the trainings of what was found;
        of the plain network its own, without the former three.
    """
    keys = ["graph", "arm", "run"]
    own = finals[finals["arm"] != PLAIN].groupby(keys, sort=False)[["validation_pct", "test_pct"]].mean()
    named = queries.assign(network=[str(representative(parse(text))) for text in queries["architecture"]])
    asked = named.groupby(keys, sort=False).agg(
        found_pct=("validation_pct", "max"), seconds=("seconds", "sum"), networks=("network", "nunique")
    )
    plain = finals[finals["arm"] == PLAIN].assign(run=lambda frame: frame["seed"] - frame["seed"].min())
    rows = asked.join(own).reset_index()
    return pd.concat([rows, plain[[*keys, "validation_pct", "test_pct"]]], ignore_index=True)


def trained_frame(queries: pd.DataFrame, finals: pd.DataFrame) -> pd.DataFrame:
    """Means and standard deviations of each quantity of `runs_frame` over the runs of each arm on each graph."""
    rows = []
    runs = runs_frame(queries, finals)
    for graph in dict.fromkeys(runs["graph"]):
        for arm, part in runs[runs["graph"] == graph].groupby("arm", sort=False):
            row: dict[str, object] = {"graph": graph, "arm": arm, "runs": len(part)}
            for name in ("networks", "seconds", "found_pct", "validation_pct", "test_pct"):
                row |= {f"{name}_mean": part[name].mean(), f"{name}_std": part[name].std()}
            rows.append(row)
    return pd.DataFrame(rows)


def trained_claims(queries: pd.DataFrame, finals: pd.DataFrame) -> Iterator[Claimed]:
    """Whether AGNN finds better networks than the other searches and than the plain one, and what sharing is worth.

    Args:
        queries: from `harness.studies.searches.agnn.trained.run_trained`.
        finals: from the same.
    """
    runs = runs_frame(queries, finals)
    count = int(queries["query"].max()) + 1
    for graph in dict.fromkeys(runs["graph"]):
        own = runs[runs["graph"] == graph]

        def of(arm: str, quantity: str, own: pd.DataFrame = own) -> list[float]:
            return [float(value) for value in own.loc[own["arm"] == arm, quantity]]

        for name, words in OTHERS.items():
            for quantity, split in (("found_pct", "validation"), ("test_pct", "test")):
                yield _compared(
                    f"higher {split} accuracy than {words}: {graph}, {count:,} queries",
                    f"points of {split} accuracy", of(AGNN, quantity), of(name, quantity), higher=True,
                )  # fmt: skip
        yield _compared(
            f"higher test accuracy than a plain network of two graph convolutions: {graph}",
            "points of test accuracy", of(AGNN, "test_pct"), of(PLAIN, "test_pct"), higher=True,
            others="trainings of the plain one",
        )  # fmt: skip
        yield _compared(
            f"sharing weights costs test accuracy: {graph}",
            "points of test accuracy", of(SHARED, "test_pct"), of(AGNN, "test_pct"), higher=False,
        )  # fmt: skip
        yield _compared(
            f"sharing weights saves time: {graph}",
            "seconds a run", of(SHARED, "seconds"), of(AGNN, "seconds"), higher=False,
        )  # fmt: skip


def _compared(
    claim: str, unit: str, first: Sequence[float], second: Sequence[float], *, higher: bool, others: str = "runs"
) -> Claimed:
    """A claim on the difference of two arms' means, by Welch's interval over their runs.

    Args:
        claim: the claim in words.
        unit: what is compared, in words.
        first: values of the first arm's runs.
        second: values of the second arm's runs, or of the plain network's trainings.
        higher: whether the claim is that the first arm's are higher; else that they are lower.
        others: what the second values are of, in words.
    """
    counts = f"{len(first)} runs and {len(second)} {others}"
    words = f"{claim} ({OURS})"
    change, low, high = welch_interval(first, second)
    if math.isnan(low):
        return Claimed(words, "", f"{counts} have no interval", verdict(None))
    ours = f"{unit}, {counts}: {change:+.2f} [{low:+.2f}, {high:+.2f}]"
    return Claimed(words, "", ours, verdict(low > 0 if higher else high < 0))
