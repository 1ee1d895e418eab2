"""Searches that query tables of spaces other than NAS-Bench-201: what they choose, what it costs, who is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import harness.spaces
from benchmarks import Column, Facts, Table
from harness.errors import SearchError
from harness.evaluation.searches.proxy_scores import ProxyScores, scores_by_cell
from harness.evaluation.searches.table_searches import EXACT, table_searches
from harness.search.query.methods import METHODS
from harness.spaces import open_space
from harness.spaces.space import Space
from tests.spaces.toy_graphs import ToyGraphs
from tests.studies.made_tables import accuracy, seconds_column

VALID, LONG, TEST, SHORT = (f"cifar10_{kind}ep_pct" for kind in ("valid_12", "valid_90", "test_90", "test_12"))


def table_of(space: Space, columns: dict[str, np.ndarray]) -> Table:
    keys = [space.key(architecture) for architecture in space]  # type: ignore[attr-defined]
    facts = Facts("made", space.name, "A table of this test", "nowhere", "none", None, None, None, "No limits.")
    described: list[Column] = [seconds_column(name) if name.endswith("_s") else accuracy(name) for name in columns]
    return Table(keys, described, list(columns.values()), facts)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ToyGraphs:
    monkeypatch.setattr(harness.spaces, "_registered", {"toy-graphs": ToyGraphs()})
    return ToyGraphs()


@pytest.mark.slow
def test_every_search_runs_on_the_size_space_and_is_judged_by_the_longest_training() -> None:
    space = open_space("natsbench-sizes")
    channels = np.array([sum(layers.channels) for layers in space], dtype=float)  # type: ignore[attr-defined]
    half = {TEST.replace("cifar10", "cifar10half"): channels / 5}
    table = table_of(
        space, half | {VALID: channels / 4, LONG: channels / 3.6, SHORT: 50 - channels / 9, TEST: channels / 3.4}
    )
    names = [
        name for name, method in METHODS.items() if name not in ("hnas", "robot", "knas") and not method.only_named
    ]
    guided = scores_by_cell(None, proxy="params", space=space.name)
    found = table_searches(table, [*EXACT, *names], runs=3, seed=1, scores=guided)
    rows = found.frame.set_index("search")
    assert list(rows.index) == [*EXACT, *names]
    assert [name for name in found.frame if name.endswith("_mean")] == [f"{TEST}_mean"]
    assert (found.frame["published"] == "").all(), "no paper's row is of this space"
    assert rows.loc["random", f"{TEST}_mean"] == pytest.approx(channels.mean() / 3.4)
    values = dict(zip(table.keys, table.values(table.keys, TEST), strict=True))
    for name in names:
        assert rows.loc[name, f"{TEST}_mean"] == pytest.approx(np.mean([values[key] for key in found.chosen[name]]))
    climbed = table_searches(table, ["local_search"], runs=2, budget_seconds=1e7).chosen["local_search"]
    assert climbed == ("64:64:64:64:64",) * 2, "channels climb without a local optimum"
    assert any("modelled" in note and "over all cells of nasbench201" in note for note in found.notes)


def test_a_space_of_ones_own_is_queried_by_its_own_data_set(toy: ToyGraphs) -> None:
    values = np.arange(27.0)
    columns = {"cora_valid_5ep_pct": values, "cora_test_50ep_pct": values + 1, "cora_5ep_train_s": 0 * values + 2.0}
    found = table_searches(
        table_of(toy, columns), ["random_search"], runs=4, budget_seconds=9, column="cora_valid_5ep_pct"
    )
    row = found.frame.iloc[0]
    assert (row["seconds"], row["queries"]) == (8, 4), "two seconds a query, none for images that nobody knows"
    assert any("without those of a pass over validation images" in note for note in found.notes)
    del columns["cora_5ep_train_s"]
    with pytest.raises(SearchError, match="made has no column cora_5ep_train_s with those of its training"):
        table_searches(table_of(toy, columns), ["random_search"], column="cora_valid_5ep_pct")
    with pytest.raises(SearchError, match="name a column, one of cora_valid_5ep_pct, cora_test_50ep_pct"):
        table_searches(table_of(toy, columns), ["random_search"])


def test_scores_of_another_space_are_refused(toy: ToyGraphs) -> None:
    table = table_of(toy, {"cora_test_50ep_pct": np.arange(27.0)})
    frame = pd.DataFrame({"architecture": ["mean>sum>none", "sum>sum>sum"], "proxy": "nwot", "score": [1.0, 2.0]})
    assert set(table_searches(table, ["best_of_10"], runs=5, scores=frame).chosen["best_of_10"]) == {"sum>sum>sum"}
    with pytest.raises(SearchError, match="are of 5 cells, the space toy-graphs has 27"):
        table_searches(table, ["best_of_10"], scores=ProxyScores({"scores": np.arange(5.0)}))


def test_a_space_that_states_no_choices_says_so(toy: ToyGraphs, monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(toy, {"cora_test_50ep_pct": np.arange(27.0)})
    for choices, message in (
        (None, "the space toy-graphs does not state its architectures as choices"),
        (open_space("natsbench-sizes").choices, "has 27 architectures, its choices make 32,768"),  # type: ignore[attr-defined]
    ):
        monkeypatch.setattr(ToyGraphs, "choices", choices)
        with pytest.raises(SearchError, match=message):
            table_searches(table, ["random_search"])
