"""The engine of a cluster: what is sent, and what the death of workers costs."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import cloudpickle
import pandas as pd
import pytest

import harness
from harness.errors import RunError
from harness.scoring.cluster.engine import ClusterEngine
from harness.scoring.cluster.work import score_chunk
from harness.scoring.engine import ScoringTask
from tests.scoring.cluster.conftest import PROXIES
from tests.scoring.cluster.daemons import Killer
from tests.scoring.runs import bits


@pytest.mark.parametrize(
    ("kills", "at_once"),
    [(2, 1), *(pytest.param(*kills, marks=pytest.mark.slow) for kills in ((14, 1), (8, 2), (60, 1), (60, 2)))],
)
def test_the_rows_are_those_of_a_run_that_nothing_disturbed(
    cluster: Any,
    client: Any,
    score: Callable[..., pd.DataFrame],
    cells: list[Any],
    expected: pd.DataFrame,
    tmp_path: Path,
    kills: int,
    at_once: int,
) -> None:
    mark = tmp_path / "began"

    @harness.proxy(source="test")
    def marks(loss_gradient: Any) -> float:
        mark.touch()
        return 1.0

    with Killer(cluster, kills, seed=kills, after=mark, at_once=at_once) as killer:
        frame = score(client, cells, [*PROXIES, "marks"])
    assert killer.killed == kills
    assert len(frame) == (len(PROXIES) + 1) * len(cells)
    assert bits(frame[frame["proxy"] != "marks"]) == bits(expected)
    assert set(frame.loc[frame["proxy"] == "marks", "status"]) == {"ok"}
    with closing(sqlite3.connect(tmp_path / "s")) as store:
        assert store.execute("SELECT count(*) FROM score").fetchone() == (len(frame),), "nothing doubled"


def test_the_batch_is_scattered_once_and_cheap_tasks_are_sent_in_groups(
    client: Any,
    score: Callable[..., pd.DataFrame],
    cells: list[Any],
    expected: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scattered, sent = [], []
    scatter, submit = client.scatter, client.submit

    def recorded_submit(function: Any, *arguments: Any, **options: Any) -> Any:
        if function is score_chunk:
            _, items, step_key = arguments
            sent.append((len(items), len(cloudpickle.dumps((items, step_key)))))
        return submit(function, *arguments, **options)

    def recorded_scatter(*given: Any, **options: Any) -> Any:
        scattered.append(given)
        return scatter(*given, **options)

    monkeypatch.setattr(client, "scatter", recorded_scatter)
    monkeypatch.setattr(client, "submit", recorded_submit)
    monkeypatch.setattr("harness.scoring.cluster.engine._CHUNK_SECONDS", 1000.0)  # however slow the machine is
    frame = score(client, cells, ["l2_norm"])
    assert bits(frame) == bits(expected[expected["proxy"] == "l2_norm"])
    assert len(scattered) == 1
    assert sum(count for count, _ in sent) == len(cells)
    assert max(count for count, _ in sent) > 2
    assert sum(size for _, size in sent) < 500 * len(cells), "the cells' strings, and no batch"


def test_progress_shows_the_dashboard_workers_and_failures_by_kind(
    client: Any,
    score: Callable[..., pd.DataFrame],
    cells: list[Any],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    @harness.proxy(source="test")
    def fails_always(loss_gradient: Any) -> float:
        raise ValueError("no score today")

    with caplog.at_level(logging.INFO, logger="harness"):
        score(client, cells[:5], ["fails_always", "nwot"], progress=True)
    address = re.escape(client.scheduler.address)
    assert re.search(
        rf"Dask: 2 workers at {address}; (no dashboard: the scheduler has no bokeh|dashboard: ht)", caplog.text
    )
    assert re.search(
        r"scored 5 of 5 architectures, [\d.,]+ a minute, 0 s left, 2 workers, 5 error\n", capsys.readouterr().err
    )


@pytest.mark.slow
def test_a_proxy_that_kills_its_worker_is_given_up_for_that_architecture_alone(
    client: Any,
    space: Any,
    tiny: dict[str, Any],
    score: Callable[..., pd.DataFrame],
    cells: list[Any],
    expected: pd.DataFrame,
) -> None:
    shape = {name: tiny[name] for name in ("classes", "width", "depth")}
    deadly = space.sizes(cells[3], shape).parameters

    @harness.proxy(source="test")
    def kills_its_worker(parameter_count: int, loss_gradient: Any) -> float:
        if parameter_count == deadly:
            os._exit(9)
        return float(parameter_count)

    alike = [cell for cell in cells if space.sizes(cell, shape).parameters == deadly]
    few = [alike[0], *(cell for cell in cells if cell not in alike)][:8]
    frame = score(client, few, [*PROXIES, "kills_its_worker"])
    died = frame[frame["status"] == "died"]
    assert died[["architecture", "proxy"]].to_numpy().tolist() == [[str(alike[0]), "kills_its_worker"]]
    assert died["message"].tolist() == [
        "the worker process died 2 times on this architecture alone, while it computed this proxy: killed, or out of "
        "memory"
    ]
    others = frame[frame["proxy"] != "kills_its_worker"]
    assert bits(others).items() <= bits(expected).items()
    assert len(others) == len(few) * len(PROXIES)
    left = frame[(frame["proxy"] == "kills_its_worker") & (frame["status"] == "ok")]
    assert len(left) == len(few) - 1


def test_a_failure_outside_network_and_proxies_ends_the_run_with_a_message_and_what_was_finished(
    client: Any, space: Any, tiny: dict[str, Any]
) -> None:
    task = ScoringTask(cloudpickle.dumps(space), "no cell", harness.Setting(**tiny), ("grad_norm",), b"", b"")
    with pytest.raises(RunError, match="scoring no cell failed outside its network and proxies: SpaceError"):
        list(ClusterEngine(client).outcomes([task]))
    assert client.submit(int, pure=False).result() == 0, "the cluster goes on"
