"""Schedulers and workers as a user starts them: lost, late, of another version, or not there."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.errors import RunError, SettingError
from harness.scoring.cluster.connection import connected, dashboard
from harness.scoring.runner import run
from tests.scoring.cluster.conftest import PROXIES
from tests.scoring.cluster.daemons import Daemons, until
from tests.scoring.runs import bits


def kill_when(path: Path, process: subprocess.Popen[bytes]) -> threading.Thread:
    def wait() -> None:
        until(path.exists)
        process.kill()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.slow
def test_a_lost_scheduler_ends_the_run_and_the_same_call_goes_on_with_a_new_one(
    daemons: Daemons,
    score: Callable[..., pd.DataFrame],
    cells: list[Any],
    expected: pd.DataFrame,
    lines: Callable[[Path], int],
    tmp_path: Path,
) -> None:
    log, late = tmp_path / "log", tmp_path / "late"

    @harness.proxy(source="test")
    def logs(loss_gradient: Any) -> float:
        with open(log, "a") as file:
            file.write("computed\n")
        if len(log.read_text().splitlines()) == 6:
            late.touch()
        return 1.0

    lost = daemons.scheduler()
    daemons.worker()
    thread = kill_when(late, lost)
    names = [*PROXIES, "logs"]
    with connected(str(daemons.file)) as client, pytest.raises(RunError, match="was lost; what was finished is in the"):
        score(client, cells, names)
    thread.join()
    with harness.Store(tmp_path / "s") as store:
        kept = store.frame()
    kept = kept[kept["proxy"] == "logs"]
    daemons.scheduler()
    daemons.worker()
    before = lines(log)
    with connected(str(daemons.file)) as client:
        frame = score(client, cells, names)
    assert bits(frame[frame["proxy"] != "logs"]) == bits(expected)
    assert lines(log) - before == len(cells) - len(kept), "only what was missing"
    assert len(kept) < len(cells)


@pytest.mark.slow
def test_a_worker_of_another_version_gets_no_task_and_one_that_joins_late_gets_some(
    daemons: Daemons,
    score: Callable[..., pd.DataFrame],
    cells: list[Any],
    expected: pd.DataFrame,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = tmp_path / "site"
    (other / "torch-9.9.dist-info").mkdir(parents=True)
    (other / "torch-9.9.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 9.9\n")
    refused = tmp_path / "refused"

    @harness.proxy(source="test")
    def waits(loss_gradient: Any) -> float:
        while not refused.exists():
            time.sleep(0.02)
        return 1.0

    daemons.scheduler()
    found: list[pd.DataFrame] = []
    with caplog.at_level(logging.INFO, logger="harness"), connected(str(daemons.file)) as client:
        assert client is not None
        thread = threading.Thread(target=lambda: found.append(score(client, cells, [*PROXIES, "waits"])))
        thread.start()
        until(lambda: "the cluster has no workers: waiting for some" in caplog.text)
        daemons.worker()
        until(lambda: len(client.nthreads()) == 1)
        (good,) = client.nthreads()
        daemons.worker(PYTHONPATH=f"{other}:{Path(harness.__file__).parent.parent}")
        until(lambda: "gets no task" in caplog.text)
        (bad,) = set(client.nthreads()) - {good}
        refused.touch()
        thread.join()
    (frame,) = found
    assert bits(frame[frame["proxy"] != "waits"]) == bits(expected)
    (said,) = [record.getMessage() for record in caplog.records if "gets no task" in record.getMessage()]
    assert said == f"the worker {bad} gets no task: it has torch 9.9 (here {harness_torch()})"


def harness_torch() -> str:
    from harness.versions import installed

    return installed("torch")


def test_a_cluster_of_nothing_but_other_versions_is_an_error(
    daemons: Daemons, score: Callable[..., pd.DataFrame], cells: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemons.scheduler()
    daemons.worker()
    monkeypatch.setattr("harness.scoring.cluster.workers.installed", lambda package: "0.0.1")
    with (
        connected(str(daemons.file)) as client,
        pytest.raises(RunError, match=r"no worker of the cluster can be used: tcp://.*it has nasinit .*\(here 0\.0\.1"),
    ):
        score(client, cells)


@pytest.mark.slow
def test_the_command_line_takes_a_scheduler_file_or_an_address(
    daemons: Daemons, expected: pd.DataFrame, tmp_path: Path
) -> None:
    daemons.scheduler()
    daemons.worker()
    cells = tmp_path / "cells.txt"
    cells.write_text("\n".join(dict.fromkeys(expected["architecture"])))
    small = "--width 4 --depth 1 --batch-size 4 --image-size 8 --classes 3 --proxies grad_norm,nwot --store s".split()
    command = [sys.executable, "-m", "nasinit", "score", "--architectures", str(cells), *small]
    ended = subprocess.run([*command, "--scheduler", str(daemons.file)], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert re.search(
        r"scored 30 of 30 architectures, [\d.,]+ a minute, 0 s left, 1 worker(, \d not_applicable)?\n", ended.stderr
    )
    with harness.Store(tmp_path / "s") as store:
        frame = store.frame()
    assert bits(frame) == bits(expected[expected["proxy"].isin(["grad_norm", "nwot"])])
    address = json.loads(daemons.file.read_text())["address"]
    with connected(address) as client:
        assert client is not None
        assert len(client.nthreads()) == 1


def test_where_no_scheduler_is_the_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, space: Any, tiny: dict[str, Any]
) -> None:
    with pytest.raises(SettingError, match="--scheduler takes an address, such as tcp://host:8786, or a scheduler fil"):
        connected("scheduler.json").__enter__()
    monkeypatch.setattr("harness.scoring.cluster.connection._CONNECT_SECONDS", 0.5)
    with pytest.raises(RunError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:1': "):
        connected("tcp://127.0.0.1:1").__enter__()
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(SettingError, match=r"bad.json is no scheduler file of Dask: KeyError: 'address'"):
        connected(str(tmp_path / "bad.json")).__enter__()
    with pytest.raises(SettingError, match=r"client must be a distributed.Client .*, got 'tcp://127.0.0.1:1'"):
        run(space, space.sample(1), "nwot", store=tmp_path / "s", client="tcp://127.0.0.1:1", **tiny)  # type: ignore[arg-type]


def test_a_client_and_something_else_to_compute_on_are_not_given_together(
    client: Any, space: Any, thread: Any, tiny: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(SettingError, match="give client or executor, not both"):
        run(space, space.sample(1), "nwot", store=tmp_path / "s", client=client, executor=thread, **tiny)
    with pytest.raises(SettingError, match=r"give workers or a client \(--scheduler\), not both"):
        run(space, space.sample(1), "nwot", store=tmp_path / "s", client=client, workers=2, **tiny)


@pytest.mark.parametrize(
    ("found", "said"),
    [(None, "no dashboard: the scheduler has no bokeh"), ("a module", "dashboard: http://127.0.0.1:8787/status")],
)
def test_the_dashboard_is_named_where_there_is_one(found: str | None, said: str) -> None:
    class Scheduler:
        dashboard_link = "http://127.0.0.1:8787/status"

        def run_on_scheduler(self, function: Callable[..., Any], package: str) -> str | None:
            assert (function, package) == (find_spec, "bokeh")
            return found

    assert dashboard(Scheduler()) == said
