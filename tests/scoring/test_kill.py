"""A driver that is killed, for real: the store is whole, no worker is left, and the same command goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

import harness
from harness.scoring.runner import run

CELLS, SEED, FIRST = 16, 3, 4
SCRIPT = textwrap.dedent("""
    import sys, time
    import harness

    @harness.proxy(source="test")
    def slow(loss_gradient):
        '''The gradient's size; says that it was computed, and takes its time.'''
        with open("log", "a") as file:
            file.write("computed\\n")
        time.sleep(0.2)
        return float(sum(gradient.abs().sum() for gradient in loss_gradient.values()))

    if __name__ == "__main__":
        space = harness.open_space("nasbench201")
        harness.run(space, space.sample(%d, %d), ["grad_norm", "slow", "params"], store="scores.sqlite", workers=2,
                    width=4, depth=1, batch_size=4, image_size=8, classes=3)
""") % (CELLS, SEED)

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")


class Ended(NamedTuple):
    folder: Path
    kept: dict[str, float]
    computed: int
    workers: list[int]
    survivors: list[int]


def _committed(store: Path) -> dict[str, float]:
    """Scores of the slow proxy that another process can read now."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return dict(connection.execute("SELECT architecture, value FROM score WHERE proxy = 'slow'"))
    except sqlite3.Error:
        return {}  # not made yet


def _stat(pid: int) -> tuple[str, int] | None:
    """State and parent of a process, None where there is none."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[:2]
    except OSError:
        return None
    return state, int(parent)


def _children(pid: int) -> list[int]:
    found = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [child for child in found if (stat := _stat(child)) is not None and stat[1] == pid]


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if (stat := _stat(pid)) is not None and stat[0] not in "ZX"]


def _until(condition: Callable[[], Any], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, lines: Callable[[Path], int]) -> Ended:
    folder = tmp_path_factory.mktemp("killed")
    (folder / "driver.py").write_text(SCRIPT)
    store = folder / "scores.sqlite"
    with open(folder / "messages", "w") as messages:
        driver = subprocess.Popen([sys.executable, "driver.py"], cwd=folder, stdout=messages, stderr=messages)
    workers: list[int] = []
    try:
        began = _until(lambda: len(_committed(store)) >= FIRST or driver.poll() is not None, 120)
        assert began, "the run does not get going"
        assert driver.poll() is None, (folder / "messages").read_text()
        workers = _children(driver.pid)
        before = _committed(store)
    finally:
        driver.kill()
        driver.wait()
    ended = _until(lambda: not _alive(workers), 15)
    survivors = _alive(workers)
    for worker in survivors:  # a failed test leaves nothing behind either
        os.kill(worker, signal.SIGKILL)
    assert ended == (not survivors)
    return Ended(folder, before, lines(folder / "log"), workers, survivors)


@pytest.fixture(scope="module")
def kept(killed: Ended) -> dict[str, float]:
    """What the store held after the kill, before anything else opened it."""
    return _committed(killed.folder / "scores.sqlite")


@pytest.fixture(scope="module")
def resumed(killed: Ended, kept: dict[str, float]) -> pd.DataFrame:
    ended = subprocess.run([sys.executable, "driver.py"], cwd=killed.folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    with harness.Store(killed.folder / "scores.sqlite") as store:
        return store.frame()


def test_the_store_holds_every_result_that_was_committed(killed: Ended, kept: dict[str, float]) -> None:
    assert FIRST <= len(killed.kept) < CELLS
    assert killed.kept.items() <= kept.items()
    with harness.Store(killed.folder / "scores.sqlite") as store:
        frame = store.frame(1)
    ok = frame[frame["proxy"] == "slow"]
    assert set(frame["status"]) == {"ok"}
    assert (frame["proxy"] == "grad_norm").sum() == len(ok), "a result is all its proxies, or none"
    assert (frame["proxy"] == "params").sum() == CELLS
    assert {str(value) for value in ok["score"]} == {str(value) for value in kept.values()}


def test_the_workers_end_with_their_driver(killed: Ended) -> None:
    assert len(killed.workers) >= 2, "two workers, and what watches their semaphores"
    assert killed.survivors == []


def test_the_same_command_computes_only_what_is_missing(
    killed: Ended, kept: dict[str, float], resumed: pd.DataFrame, lines: Callable[[Path], int], space: Any
) -> None:
    classes = {str(space.minimal(cell)) for cell in space.sample(CELLS, SEED)}
    assert set(kept) < classes
    assert lines(killed.folder / "log") - killed.computed == len(classes) - len(kept)
    assert _committed(killed.folder / "scores.sqlite").items() >= kept.items()
    assert len(resumed) == 3 * CELLS


def test_the_rows_are_those_of_a_run_that_nothing_interrupted(
    resumed: pd.DataFrame, space: Any, tiny: dict[str, Any], thread: Executor, tmp_path: Path
) -> None:
    namespace: dict[str, Any] = {"__name__": "driver"}
    exec(SCRIPT.replace("time.sleep(0.2)", "pass").replace('"log"', repr(str(tmp_path / "log"))), namespace)
    frame = run(
        space, space.sample(CELLS, SEED), ["grad_norm", "slow", "params"], store=tmp_path / "s", executor=thread, **tiny
    )
    columns = ["architecture", "proxy", "score", "status", "standard_error", "message"]
    assert frame[columns].to_csv() == resumed[columns].to_csv()
    assert [value.hex() for value in frame["score"]] == [value.hex() for value in resumed["score"]]
