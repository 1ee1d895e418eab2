"""What a killed run leaves behind is gone after the next start, and what belongs to a living process stays."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness
from harness.scoring.engine import close_pool, worker_pool
from harness.writing import partial_path, replacing, temporary_folder

SHARED = Path("/dev/shm")
KILLED = """
import os, signal, sys
from pathlib import Path
from harness.scoring.store import file
from harness.writing import replacing, temporary_folder

def stop(*arguments):
    print("stopped", flush=True)
    sys.stdin.readline()

kind, path = sys.argv[1], Path(sys.argv[2])
if kind == "store":
    file.place_new = stop
    file.make_store(path)
elif kind == "file":
    with replacing(path) as partial:
        partial.write_text("half")
        stop()
elif kind == "folder":
    with temporary_folder() as folder:
        (folder / "file").touch()
        stop()
else:
    from harness.scoring.engine import worker_pool
    pool = worker_pool(1)
    pool.submit(int).result()
    stop()
"""


@contextlib.contextmanager
def stopped(kind: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that waits in the middle of writing, in a group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, kind, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True, env={**os.environ, "TMPDIR": str(path.parent)},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stopped\n"
        try:
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen[str], *, group: bool = True) -> None:
    with contextlib.suppress(ProcessLookupError):
        (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
    process.wait()


def semaphores(pid: int) -> list[Path]:
    return list(SHARED.glob(f"sem.loky-{pid}-*"))


def start_again(kind: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "store":
        harness.Store(path).close()
    elif kind == "file":
        with replacing(path) as partial:
            partial.touch()
    else:
        monkeypatch.setattr("tempfile.tempdir", str(path.parent))
        with temporary_folder():
            pass


@pytest.mark.parametrize("kind", ["store", "file", "folder"])
def test_unfinished_files_of_a_killed_process_are_removed_by_the_next_and_no_others(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores [1].sqlite"
    with stopped(kind, path) as process:
        (left,) = (found.name for found in tmp_path.iterdir())
        start_again(kind, path, monkeypatch)
        assert left in os.listdir(tmp_path), "its process lives"
        kill(process)
        foreign = tmp_path / left.replace(f"-{process.pid}-", "-1-")
        elsewhere = tmp_path / left.replace(left.split("-")[0][-8:], "0" * 8)
        for other in (foreign, elsewhere):
            other.touch()
        start_again(kind, path, monkeypatch)
    assert set(os.listdir(tmp_path)) - {path.name} == {foreign.name, elsewhere.name}


def test_a_process_of_the_same_number_is_another(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    mine = partial_path(path)
    host, number, process, _ = mine.name.removeprefix(f".{path.name}.").split("-")
    mine.touch()
    before = path.with_name(f".{path.name}.{host}-{number}-{'0' * len(process)}-000000.partial")
    before.touch()
    with replacing(path) as partial:
        partial.touch()
    assert set(os.listdir(tmp_path)) == {mine.name, path.name}


@pytest.mark.skipif(not SHARED.is_dir(), reason="semaphores are files in /dev/shm")
def test_semaphores_of_a_killed_run_are_removed_by_the_next(tmp_path: Path) -> None:
    with stopped("pool", tmp_path / "s") as process:
        assert semaphores(process.pid)
        close_pool(worker_pool(1))
        assert semaphores(process.pid), "its process lives"
        kill(process)
        assert semaphores(process.pid), "all its group was killed, so nobody has removed them"
        close_pool(worker_pool(1))
        assert not semaphores(process.pid)


@pytest.mark.skipif(not SHARED.is_dir(), reason="semaphores are files in /dev/shm")
def test_a_killed_run_whose_group_lives_removes_them_itself_and_says_nothing(tmp_path: Path) -> None:
    with stopped("pool", tmp_path / "s") as process:
        kill(process, group=False)
        end = time.monotonic() + 20
        while semaphores(process.pid) and time.monotonic() < end:
            time.sleep(0.05)
        assert not semaphores(process.pid)
        assert process.stderr is not None
        assert process.stderr.read() == ""
