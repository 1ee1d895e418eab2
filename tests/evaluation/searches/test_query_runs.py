"""Searches that query a table, on the workers of a real cluster: what they find here, to the last bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness.errors import RunError
from harness.evaluation.columns import TESTS
from harness.evaluation.searches import query_runs
from harness.evaluation.searches.proxy_scores import ProxyScores
from harness.evaluation.searches.query_runs import QueryTask, run_tasks
from harness.evaluation.searches.table_searches import table_searches
from harness.search.query.methods import METHODS
from harness.spaces.searches import IndexedSpace
from tests.scoring.cluster.daemons import local_cluster
from tests.studies.made_tables import KEYS, made_table


@pytest.mark.slow
def test_every_search_finds_on_a_cluster_what_it_finds_here() -> None:
    pytest.importorskip("distributed", reason="distributed is not installed (the extra cluster has it)")
    from distributed import Client

    generator = np.random.default_rng(0)
    names = ("cifar10_valid_12ep_pct", "cifar10_valid_200ep_pct", TESTS["cifar10"])
    table = made_table({name: generator.uniform(20, 90, len(KEYS)).round(2) for name in names})
    scores = {name: generator.uniform(1, 50, len(KEYS)) for name in ("scores", "metric", "condition", "knas", "params")}
    scores["metrics"] = generator.uniform(0, 1, (len(KEYS), 3))
    said: list[str] = []
    asked = {"runs": 3, "budget_seconds": 3_000, "scores": ProxyScores(scores)}
    here = table_searches(table, **asked)
    with local_cluster(2) as cluster, Client(cluster) as client:
        there = table_searches(table, **asked, client=client, announce=said.append)
        with pytest.raises(RunError, match="random_search failed on the cluster: SearchError: runs must be"):
            run_tasks([QueryTask("random_search", IndexedSpace(2, (1,)), (), {}, 0, 0, 1.0)], client, None, print)
    assert set(there.chosen) == {name for name, method in METHODS.items() if not method.only_named}
    assert there.chosen == here.chosen
    pd.testing.assert_frame_equal(there.frame, here.frame, check_exact=True)
    assert there.notes == here.notes
    assert said[0].startswith("Dask: 2 workers at ")


def test_what_takes_long_is_announced_before_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(query_runs, "run_task", lambda task: told.append(task.name))
    tasks = [QueryTask(name, IndexedSpace(2, (1,)), (), {}, 500, 0, 1.0) for name in ("reinforce", "hnas")]
    run_tasks(tasks, None, told.append, lambda _: None)
    assert told == ["reinforce", "hnas: 500 runs take about 150 s", "hnas"]
