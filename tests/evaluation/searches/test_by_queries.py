"""Searches in tables that count queries. Oracles: one table and one budget at a time, by the plain oracle."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import Column, Facts, Table, TableError, open_table
from harness.errors import SearchError
from harness.evaluation.searches import fidelities
from harness.evaluation.searches.by_queries import Asked, RowsOracle, found_by_queries, runs_by_queries
from harness.evaluation.searches.fidelities import is_counted, values_of_keys
from harness.evaluation.searches.table_queries import TableQueries
from harness.evaluation.searches.table_searches import budget_in_words, table_searches
from harness.search.query.methods import METHODS
from harness.search.query.oracle import Fidelity, Oracle
from harness.spaces import open_space
from tests.studies.made_tables import accuracy

BY_VALID = ["random_search", "regularised_evolution", "local_search", "reinforce"]


@pytest.fixture(scope="module")
def cora() -> Table:
    try:
        return open_table("nasbench-graph-cora")
    except TableError as error:
        pytest.skip(str(error))


def test_a_table_without_lengths_of_trainings_counts_queries(cora: Table) -> None:
    assert is_counted(cora)
    assert budget_in_words(cora, 12_000.0, None) == "500 queries a run"
    facts = Facts("made", "nasbench201", "A table", "nowhere", "none", None, None, None, "No limits.")
    timed = Table(["a"], [accuracy("cifar10_test_200ep_pct")], [np.array([1.0])], facts)
    assert not is_counted(timed)
    assert budget_in_words(timed, 12_000.0, None) == "12,000 s a run"
    sizes = Table(["a"], [Column("params_m", None, None, None, "m", "none", "size")], [np.array([1.0])], facts)
    assert not is_counted(sizes)


def test_an_encoding_of_no_architecture_is_answered_with_0(cora: Table) -> None:
    keys = [cora.keys[7], "", cora.keys[3]]
    first, second = cora.values([cora.keys[7], cora.keys[3]], "cora_valid_pct")
    assert values_of_keys(cora, keys, "cora_valid_pct").tolist() == [first, 0.0, second]
    found, notes = fidelities.test_accuracies(cora, keys)
    assert (list(found), notes) == (["cora_test_pct"], ())


@pytest.mark.slow
def test_searches_by_name_query_validation_accuracy_as_often_as_they_may(cora: Table) -> None:
    found = table_searches(cora, BY_VALID, runs=4, queries=30)
    assert (found.frame["queries"] == 30).all()
    assert found.frame["seconds"].isna().all()
    assert found.notes[:2] == (
        "a query answers cora_valid_pct as the table has it",
        "nasbench-graph-cora does not say how long its trainings take: queries are counted instead of seconds",
    )
    space = open_space("nasbench-graph")
    for row in found.frame.to_dict("records"):
        chosen = found.chosen[row["search"]]
        assert [space.key(space.parse(key)) for key in chosen] == list(chosen)
        assert row["cora_test_pct_mean"] == pytest.approx(cora.values(list(chosen), "cora_test_pct").mean())


def test_what_a_table_that_counts_queries_refuses(cora: Table) -> None:
    for given, why in (
        ({"budget_seconds": 100.0}, "does not say how long its trainings take: give queries, no budget_seconds"),
        ({"seconds": "modelled"}, "does not say how long its trainings take: give no seconds"),
        ({"queries": 0}, "queries must be a whole number from 1, got 0"),
    ):
        with pytest.raises(SearchError, match=why):
            table_searches(cora, ["random_search"], runs=1, **given)  # type: ignore[arg-type]
    for name, why in (
        ("radars", "it needs as many operations on every edge, which nasbench-graph does not have"),
        ("best_of_10", "it needs scores by cell, and the searches of nasbench-graph draw encodings"),
        ("successive_halving", "it needs a longer training in addition to cora_valid_pct"),
    ):
        with pytest.raises(SearchError, match=f"{name} cannot run: {why}"):
            table_searches(cora, [name], runs=1)


@pytest.mark.parametrize("name", BY_VALID)
def test_a_smaller_budget_is_the_beginning_of_a_larger_one(cora: Table, name: str) -> None:
    asked = TableQueries(cora, "cora_valid_pct", None)
    values = asked.fidelities(1).fidelities[0].values
    found = found_by_queries(values, asked, name, (5, 12), runs=6, seed=3)
    for budget, cells in zip((5, 12), found, strict=True):
        oracle = Oracle([Fidelity(values, np.ones(values.shape[1]))], runs=6, budget_seconds=float(budget))
        chosen = METHODS[name].search(oracle, asked.indexed, np.random.default_rng(3))
        assert (oracle.queries == budget).all()
        assert cells.tolist() == [chosen.tolist()]


def test_each_run_queries_the_values_of_its_own_table() -> None:
    values = np.random.default_rng(0).normal(size=(2, 9))
    oracle = RowsOracle(values, runs=3, queries=2)
    cells = np.array([0, 1, 2, 3, 4, 5])
    assert oracle.query(cells).values.tolist() == values[[0, 0, 0, 1, 1, 1], cells].tolist()
    oracle.query(cells + 1)
    assert not oracle.is_open.any()


def test_runs_are_judged_by_their_own_table(cora: Table) -> None:
    other = open_table("nasbench-graph-arxiv")
    asked = [
        Asked(cora, "cora_valid_pct", {"valid": "cora_valid_pct", "test": "cora_test_pct"}),
        Asked(other, "arxiv_test_pct", {"valid": "arxiv_valid_pct", "test": "arxiv_test_pct"}),
    ]
    frame = runs_by_queries(asked, ["random_search"], (4, 8), runs=3, seed=0)
    assert frame.groupby(["place", "queries"]).size().tolist() == [3] * 4
    for place, table, name in ((0, cora, "cora"), (1, other, "arxiv")):
        part = frame[frame["place"] == place]
        keys = part["architecture"].tolist()
        tests = table.values(keys, f"{name}_test_pct")
        assert part["test"].tolist() == tests.tolist()
        best = table.values(table.keys, f"{name}_test_pct").max()
        assert part["test_regret"].tolist() == pytest.approx((best - tests).tolist())
    again = runs_by_queries(asked, ["random_search"], (4, 8), runs=3, seed=0)
    assert frame.equals(again)
