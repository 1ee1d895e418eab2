"""The committed outcomes of graph-queries and agnn follow from their own runs, and these from the tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from harness.evaluation import TableError, open_table
from harness.studies.searches.agnn.study import AGNN, OTHERS, agnn_claims
from harness.studies.searches.agnn.trained_claims import trained_claims, trained_frame
from harness.studies.searches.claims import Claimed, claims_frame
from harness.studies.searches.graph_queries.claims import SEARCHES, query_claims
from harness.studies.searches.graph_queries.runs import datasets, summary_frame

RESULTS = Path(__file__).parents[2] / "results"
STUDIES = {"graph-queries": (SEARCHES, (100, 500, 1000), 2), "agnn": ((AGNN, *OTHERS), (100, 500), 1)}
"""Searches, numbers of queries and number of queried splits of each study."""


def read(study: str, name: str) -> pd.DataFrame:
    return pd.read_csv(RESULTS / study / name, float_precision="round_trip")


def trained() -> list[Claimed]:
    """The claims of the part with networks that are trained, which follow from its own files."""
    if not (RESULTS / "agnn" / "finals.csv").exists():
        return []
    queries, finals = read("agnn", "queries.csv.gz"), read("agnn", "finals.csv")
    pd.testing.assert_frame_equal(trained_frame(queries, finals), read("agnn", "trained.csv"))
    return list(trained_claims(queries, finals))


@pytest.mark.parametrize(("study", "claims"), [("graph-queries", query_claims), ("agnn", agnn_claims)])
def test_means_and_claims_follow_from_the_runs(study: str, claims: Callable[..., object]) -> None:
    runs = read(study, "runs.csv.gz")
    pd.testing.assert_frame_equal(summary_frame(runs), read(study, "searches.csv"))
    expected = claims_frame([*claims(runs), *(trained() if study == "agnn" else [])])  # type: ignore[misc]
    pd.testing.assert_frame_equal(read(study, "claims.csv").fillna(""), expected)


@pytest.mark.parametrize("study", STUDIES)
def test_every_search_has_twenty_runs_on_eight_data_sets(study: str) -> None:
    searches, budgets, splits = STUDIES[study]
    counts = read(study, "runs.csv.gz").groupby(["dataset", "asked", "search", "queries"]).size()
    assert set(counts) == {20}
    assert len(counts) == 8 * splits * len(searches) * len(budgets)
    record = json.loads((RESULTS / study / "study.json").read_text(encoding="utf-8"))
    assert not record["quick"]
    assert record["searches"] == list(searches)


@pytest.mark.parametrize("study", STUDIES)
def test_accuracies_and_regrets_are_those_of_the_tables(study: str) -> None:
    runs = read(study, "runs.csv.gz")
    for dataset in ("cora", "arxiv"):
        try:
            table = open_table(f"nasbench-graph-{dataset}")
        except TableError as error:
            pytest.skip(str(error))
        part = runs[runs["dataset"] == dataset]
        for split in ("valid", "test"):
            column = f"{dataset}_{split}_pct"
            assert part[f"{split}_pct"].tolist() == table.values(part["architecture"].tolist(), column).tolist()
            best = table.values(table.keys, column).max()
            assert (part[f"{split}_pct"] + part[f"{split}_regret"]).tolist() == pytest.approx([best] * len(part))
    assert len(datasets()) == 8


def test_a_larger_budget_is_no_worse_by_what_it_queries() -> None:
    runs = read("graph-queries", "runs.csv.gz")
    for asked, column in (("valid", "valid_pct"), ("test", "test_pct")):
        part = runs[runs["asked"] == asked].pivot(index=["dataset", "search", "run"], columns="queries", values=column)
        assert (part[100] <= part[500]).all()
        assert (part[500] <= part[1000]).all()
