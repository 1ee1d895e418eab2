"""The table and the claims of the study of SANE, from its trainings and searches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from scipy import stats

from harness.search.gradient.checkpoint import ACCURACY
from harness.studies.searches.claims import NOT_TESTABLE, OURS, Claimed, verdict
from harness.studies.searches.sane import searched
from harness.training.nodes import NodeAccuracy

RANDOM, FOUND = "random", "SANE"
ALL, BEST, TUNED = "all", "the best by validation", "the best by validation, tuned"
_USER = "86.37 ± 0.15 (a user of the authors' code, in issue 2 of its repository; the paper's was not seen)"
_PPI = "micro-F1 0.9856 ± 0.0120, as a public leaderboard quotes the paper"
_CHANCE = 0.05
_FEWEST = 2
"""Architectures of each kind that an interval needs."""


class Group(NamedTuple):
    """The trainings of a row of the table.

    Attributes:
        graph: name of the graph.
        kind: `human`, `RANDOM` or `FOUND`.
        name: name of the design, or `ALL`, `BEST` or `TUNED`.
        architecture: text of the architecture; empty for several.
        accuracies: accuracies of all trainings.
    """

    graph: str
    kind: str
    name: str
    architecture: str
    accuracies: Sequence[NodeAccuracy]


def table_frame(groups: Sequence[Group]) -> pd.DataFrame:
    """A row for each group: trainings, means and standard deviations of both accuracies, and the architecture."""
    rows = []
    for group in groups:
        frame = pd.DataFrame(list(group.accuracies))
        row: dict[str, object] = {"graph": group.graph, "kind": group.kind, "name": group.name, "trainings": len(frame)}
        for column in ("validation_pct", "test_pct"):
            row |= {f"{column}_mean": frame[column].mean(), f"{column}_std": frame[column].std()}
        rows.append({**row, "architecture": group.architecture})
    return pd.DataFrame(rows)


def study_claims(
    table: pd.DataFrame, genotypes: pd.DataFrame, supernets: pd.DataFrame, unfinished: Sequence[str] = ()
) -> list[Claimed]:
    """The claims: what searching is worth, whether the code's setting learns, and the published rows.

    Args:
        table: from `table_frame`.
        genotypes: `graph`, `kind` and mean `test_pct` of each random and each searched architecture.
        supernets: from `harness.studies.searches.sane.searched.supernet_frame`.
        unfinished: graphs on which searches or trainings are still to come.
    """
    claims = []
    for graph in dict.fromkeys(table["graph"]):
        own = genotypes[genotypes["graph"] == graph]
        found, drawn = (own.loc[own["kind"] == kind, "test_pct"].tolist() for kind in (FOUND, RANDOM))
        claims.append(_better(str(graph), found, drawn, finished=graph not in unfinished))
    by_code = supernets[supernets["setting"] == searched.CODE]
    for graph in dict.fromkeys(by_code["graph"]):
        last = by_code[by_code["graph"] == graph].to_dict("records")[-1]
        accuracy, majority = float(last[ACCURACY]), float(last["majority_pct"])
        words = (
            f"{accuracy:.2f} % of the validation nodes after {last['epoch']} epochs, the most frequent class has "
            f"{majority:.2f} %; no operation weight is more than {last['largest_gap']:.4f} above equal ones"
        )
        claim = f"by the setting of the authors' code the supernet learns: {graph} ({OURS})"
        claims.append(Claimed(claim, "", words, verdict(accuracy > majority)))
    tuned = table[(table["graph"] == "cora") & (table["kind"] == FOUND) & (table["name"] == TUNED)]
    for row in tuned.to_dict("records"):
        ours = f"{row['test_pct_mean']:.2f} ± {row['test_pct_std']:.2f}"
        claims.append(Claimed("the accuracy of SANE on Cora", _USER, ours, NOT_TESTABLE))
    claims.append(Claimed("the micro-F1 of SANE on PPI", _PPI, "PPI is not here", NOT_TESTABLE))
    return claims


def _better(graph: str, found: list[float], drawn: list[float], *, finished: bool) -> Claimed:
    """Whether searched architectures are better than random ones, by Welch's interval of the difference of means."""
    claim = f"searched architectures are more accurate than random ones: {graph}"
    if not finished or min(len(found), len(drawn)) < _FEWEST:
        words = f"{len(found)} searched and {len(drawn)} random architectures are trained under all seeds"
        return Claimed(claim, "", words, verdict(None))
    test = stats.ttest_ind(found, drawn, equal_var=False)
    ends = test.confidence_interval(1 - _CHANCE)
    words = (
        f"points of test accuracy, means of {len(found)} and {len(drawn)} architectures: "
        f"{sum(found) / len(found) - sum(drawn) / len(drawn):+.2f} [{ends.low:+.2f}, {ends.high:+.2f}]"
    )
    return Claimed(claim, "", words, verdict(bool(ends.low > 0)))
