"""Processes that are killed, for real, while a store is made or migrated, and processes that do so at once."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import harness
from harness.errors import StoreNotice
from harness.proxies import resolve
from harness.scoring.store import store as store_module
from harness.scoring.store.format import VERSION
from tests.scoring.store.kills import RandomKills, begin
from tests.scoring.store.stores import VERSION_1, content, copy_of_version_1

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")

AT_EVERY_LINE = textwrap.dedent("""
    import collections, os, shutil, signal, sys, warnings
    from pathlib import Path
    import harness.scoring.store
    from harness.scoring.store import damage, file, format, migration, store

    warnings.simplefilter("ignore")
    original, folder, every = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    modules = {module.__file__ for module in (damage, file, format, migration, store)}

    def opened(name, at_line):
        here = folder / name
        here.mkdir()
        if original.name != "none":
            shutil.copyfile(original, here / "scores.sqlite")

        def trace(frame, event, argument):
            if frame.f_code.co_filename not in modules:
                return None
            at_line(frame)
            return trace

        sys.settrace(trace)
        store.Store(here / "scores.sqlite").close()
        sys.settrace(None)

    passes, moments = collections.Counter(), []

    def note(frame):
        line = frame.f_code, frame.f_lineno
        passes[line] += 1
        moments.append(passes[line])

    opened("whole", note)
    for moment in [moment for moment, times in enumerate(moments) if times <= 2][::every]:
        pid = os.fork()
        if not pid:
            left = moment

            def kill(frame):
                global left
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1

            opened(str(moment), kill)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL, moment
""")
"""Opens a store whole, and then, for the first two times that a line of ours begins, as a process killed there; of
these moments the first, and then one in `every`."""

EVERY = pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.slow)])


def _version(path: Path) -> int:
    connection = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def _names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


@pytest.fixture(scope="module")
def expected() -> list[object]:
    return content(VERSION_1)


@EVERY
def test_a_kill_at_any_line_of_the_migration_leaves_one_store_or_the_other(
    every: int, tmp_path: Path, expected: list[object]
) -> None:
    subprocess.run([sys.executable, "-c", AT_EVERY_LINE, str(VERSION_1), str(tmp_path), str(every)], check=True)
    shutil.rmtree(tmp_path / "whole")
    folders = sorted(tmp_path.iterdir(), key=lambda folder: int(folder.name))
    assert len(folders) > 150 / every
    versions = []
    for folder in folders:
        path, kept = folder / "scores.sqlite", folder / "scores.version-1.sqlite"
        versions.append(_version(path))
        if versions[-1] == 1:
            assert path.read_bytes() == VERSION_1.read_bytes()
        if versions[-1] == VERSION or kept.exists():
            assert kept.read_bytes() == VERSION_1.read_bytes(), "whole from the moment that it has its name"
        assert content(path) == expected
        if versions[-1] == 1:
            with pytest.warns(StoreNotice, match=r"kept as .*scores\.version-1\.sqlite"):
                harness.Store(path).close()
            assert content(path) == expected
        assert _names(folder) == ["scores.sqlite", "scores.version-1.sqlite"], "what a kill left is cleared away"
    assert versions == sorted(versions)
    assert set(versions) == {1, VERSION}


@EVERY
def test_a_kill_at_any_line_of_the_making_leaves_no_file_or_a_store(every: int, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", AT_EVERY_LINE, "none", str(tmp_path), str(every)], check=True)
    made = 0
    for folder in tmp_path.iterdir():
        path = folder / "scores.sqlite"
        made += path.exists()
        with harness.Store(path) as store:
            assert store.runs() == []
    assert 10 / every < made < len(os.listdir(tmp_path)) - 10 / every


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of version 1 whose migration takes long enough to be killed inside SQLite's and the system's calls."""
    path = copy_of_version_1(tmp_path_factory.mktemp("large"))
    connection = sqlite3.connect(path)
    connection.execute("""
        WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20000)
        INSERT INTO score SELECT 2, 'cell ' || n, 'grad_norm', '1', n / 7.0, NULL, 'ok', '', n / 11.0 FROM number
    """)
    connection.commit()
    connection.close()
    return path


MIGRATE = textwrap.dedent("""
    import sys, warnings
    import harness.scoring.store
    warnings.simplefilter("ignore")
    sys.stdin.readline()
    print("begins", flush=True)
    with harness.scoring.store.Store(sys.argv[1]) as store:
        print("version 2" if store._connection.execute("SELECT count(*) FROM total").fetchone()[0] else "empty")
        print(len(store.runs()), store._connection.execute("SELECT count(*) FROM score").fetchone()[0])
""")


def _process(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MIGRATE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_a_kill_at_any_time_of_the_migration_leaves_one_store_or_the_other(large: Path, tmp_path: Path) -> None:
    before = large.read_bytes()
    path, kept = tmp_path / "scores.sqlite", tmp_path / "scores.version-1.sqlite"
    kills = RandomKills(longest=1.0)
    for _ in range(25):
        shutil.copyfile(large, path)
        kept.unlink(missing_ok=True)
        kills.end(_process(path))
        if _version(path) == 1:
            assert path.read_bytes() == before
        else:
            assert kept.read_bytes() == before
            with harness.Store(path, readonly=True) as store:
                assert len(store.runs()) == 6
                assert len(store.finished(2, *resolve("grad_norm"))) == 20001
    assert kills.killed >= 10


def test_of_processes_that_open_a_store_at_once_one_migrates_it(large: Path, tmp_path: Path) -> None:
    path = Path(shutil.copyfile(large, tmp_path / "scores.sqlite"))
    with sqlite3.connect(large) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM score").fetchone()
    connection.close()
    processes = [_process(path) for _ in range(4)]
    for process in processes:
        begin(process)
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert said == [f"begins\nversion 2\n6 {rows}\n"] * 4
    assert _names(tmp_path) == ["scores.sqlite", "scores.version-1.sqlite"]
    assert (tmp_path / "scores.version-1.sqlite").read_bytes() == large.read_bytes()


def test_a_migration_is_waited_for_as_long_as_it_gives_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience is for writers of a row."""
    path = copy_of_version_1(tmp_path)
    locked = threading.Event()

    def other_process() -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            locked.set()
            for _ in range(50):
                (tmp_path / ".scores.sqlite.version-2.partial").touch()
                time.sleep(0.02)
            holder.execute("ROLLBACK")

    thread = threading.Thread(target=other_process)
    thread.start()
    locked.wait()
    start = time.monotonic()
    monkeypatch.setattr(store_module, "PATIENCE", 0.3)
    with pytest.warns(StoreNotice):
        harness.Store(path).close()
    assert time.monotonic() - start > 0.6
    thread.join()


def test_processes_that_make_a_store_at_once_write_to_one(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite"
    program = textwrap.dedent("""
        import sys
        import harness.scoring.store
        from harness.setting import Setting
        sys.stdin.readline()
        with harness.scoring.store.Store(sys.argv[1]) as store:
            print(store.setting_id(sys.argv[2], Setting(), "2.6.0"))
    """)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path), f"space {number}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(6)
    ]  # fmt: skip
    for process in processes:
        begin(process)
    numbers = [int(process.communicate(timeout=120)[0]) for process in processes]
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    assert _names(tmp_path) == ["scores.sqlite"]
