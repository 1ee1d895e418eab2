"""Whole tasks on a cluster: each once, again where its worker dies, given up where it kills every worker."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RunError, SearchError
from harness.scoring.cluster.connection import connected
from harness.scoring.cluster.whole_tasks import MOST_DEATHS, WholeTasks
from tests.scoring.cluster.daemons import Daemons, until


def squared(number: int) -> int:
    if number == 3:
        raise SearchError("no square today")
    return number**2


def kills(place: int, folder: Path) -> int:
    """The first task ends its worker, until it has done so more often than is allowed without progress."""
    deaths = len(list(folder.iterdir()))
    if place == 0 and deaths < MOST_DEATHS + 2:
        (folder / f"{deaths}").touch()
        os._exit(9)
    return place


def waits(place: int, folder: Path) -> int:
    """Says its process, and waits until it may go on."""
    (folder / f"{place}-{os.getpid()}").touch()
    until((folder / "go").exists)
    return place


def test_each_task_ends_once_with_its_result_or_its_error(client: Any) -> None:
    tasks = WholeTasks(client, squared, lambda place: (place,), 6)
    assert tasks.workers == 2
    ends = [end for end in tasks.ends() if end is not None]
    assert sorted(end.place for end in ends) == list(range(6))
    assert {end.place: end.result for end in ends if end.error is None} == {0: 0, 1: 1, 2: 4, 4: 16, 5: 25}
    (failed,) = (end for end in ends if end.error is not None)
    assert isinstance(failed.error, SearchError)
    assert str(failed.error) == "no square today"


def test_a_task_whose_worker_is_killed_runs_again_and_one_that_ended_does_not(
    cluster: Any, client: Any, tmp_path: Path
) -> None:
    def kill() -> None:
        until(lambda: len(list(tmp_path.iterdir())) == 2)
        first = min(tmp_path.iterdir())
        os.kill(int(first.name.split("-")[1]), signal.SIGKILL)
        until(lambda: len(list(tmp_path.iterdir())) == 3)
        (tmp_path / "go").touch()

    thread = threading.Thread(target=kill)
    thread.start()
    ends = [end for end in WholeTasks(client, waits, lambda place: (place, tmp_path), 3).ends() if end is not None]
    thread.join()
    assert sorted((end.place, end.result) for end in ends) == [(0, 0), (1, 1), (2, 2)]
    begun = [name.name.split("-")[0] for name in tmp_path.iterdir() if name.name != "go"]
    assert sorted(begun) == ["0", "0", "1", "2"]


@pytest.mark.slow
@pytest.mark.parametrize("progresses", [False, True])
def test_a_task_that_kills_every_worker_is_given_up_unless_it_progresses(
    client: Any, tmp_path: Path, progresses: bool
) -> None:
    def reached(place: int) -> object:
        return len(list(tmp_path.iterdir())) if progresses else None

    tasks = WholeTasks(client, kills, lambda place: (place, tmp_path), 2, reached)
    found = {end.place: end for end in tasks.ends() if end is not None}
    assert found[1].result == 1
    if progresses:
        assert found[0].result == 0
        assert len(list(tmp_path.iterdir())) == MOST_DEATHS + 2
        return
    assert isinstance(found[0].error, RunError)
    assert str(found[0].error).startswith(f"{MOST_DEATHS} workers died with it, one after the other")
    assert len(list(tmp_path.iterdir())) == MOST_DEATHS


@pytest.mark.slow
def test_a_lost_scheduler_is_named(daemons: Daemons, tmp_path: Path) -> None:
    lost = daemons.scheduler()
    daemons.worker()
    folder = tmp_path / "places"
    folder.mkdir()

    def kill() -> None:
        until(lambda: any(folder.iterdir()))
        lost.kill()

    thread = threading.Thread(target=kill)
    thread.start()
    with connected(str(daemons.file)) as client, pytest.raises(RunError, match=r"was lost; what was finished is kept"):
        list(WholeTasks(client, waits, lambda place: (place, folder), 1).ends())
    thread.join()
