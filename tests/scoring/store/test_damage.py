"""No file, however odd, ends in anything but a StoreError or whole scores."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import harness
from harness.errors import StoreError, StoreWriteError
from harness.proxies import Proxy, resolve
from harness.scoring.scorer import OK, Score
from harness.scoring.store import store as store_module
from harness.setting import Setting
from tests.scoring.store.stores import content, fill


def _foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmark (address TEXT)")
    connection.commit()
    connection.close()


def test_a_path_without_a_file_becomes_a_store_unless_it_is_only_read(path: Path) -> None:
    with pytest.raises(StoreError, match=f"there is no store {path}"):
        harness.Store(path, readonly=True)
    assert not path.exists()
    with harness.Store(path) as store:
        assert store.runs() == []
    with harness.Store(path, readonly=True) as store:
        assert store.runs() == []


def _text(path: Path) -> None:
    path.write_text("architecture,proxy,score\n" * 100)


def _other_version(path: Path) -> None:
    fill(path, resolve("params"))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 3")
    connection.close()


def _without_tables(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 0")
    connection.execute("VACUUM")
    connection.close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_foreign, "is a database of another program, not a store of scores: give another path"),
        (_text, "file is not a database. It is damaged or another kind of file; it was not changed"),
        (_other_version, "is a store of version 3; this release reads versions 1 and 2. Nothing in it was changed"),
        (_without_tables, "is a database of another program, not a store of scores: give another path"),
        (Path.touch, "this file is empty. If there were scores in it, they are lost: use a copy of it. If there were"),
        (lambda path: path.write_bytes(b"S"), "is cut: it has 1 bytes, less than the first page"),
        (lambda path: path.write_bytes(b"\x00" * 5000), "not a database"),
        (lambda path: path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4080), "not a database"),
    ],
    ids=["foreign", "text", "version", "no-tables", "empty", "one-byte", "zeros", "garbage"],
)
def test_a_file_that_is_no_store_of_ours_is_named_and_left_alone(
    path: Path, make: Callable[[Path], None], message: str
) -> None:
    make(path)
    before = path.read_bytes()
    for readonly in (False, True):
        with pytest.raises(StoreError) as raised:
            harness.Store(path, readonly=readonly)
        assert message in str(raised.value)
        assert str(path) in str(raised.value)
        assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (".", "unable to open database file. Give a path that can be written"),
        ("missing/folder/scores.sqlite", "there is no folder"),
        ("/proc/scores.sqlite", "unable to open database file. Give a path that can be written"),
    ],
)
def test_a_path_where_no_store_can_be(tmp_path: Path, where: str, message: str) -> None:
    with pytest.raises(StoreError) as raised:
        harness.Store(tmp_path / where)
    assert message in str(raised.value)
    assert str(tmp_path / where) in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_may_only_be_read_is_read(path: Path, proxies: list[Proxy]) -> None:
    setting_id = fill(path, proxies)
    with harness.Store(path) as store:
        store._connection.execute("PRAGMA query_only = ON")  # permissions do not stop the superuser, this does
        assert len(store.frame()) == 9
        with pytest.raises(StoreWriteError, match=r"readonly database\. Give a path that can be written"):
            store.write(setting_id, [("cell", proxies[0], Score(1.0, OK, "", 0.0))])
        with pytest.raises(StoreWriteError, match="cannot write the store"):
            store.begin_run(setting_id, proxies, {"cell": "cell"})
        assert len(store.runs()) == 1


@pytest.mark.parametrize("readonly", [True, False])
def test_a_write_that_a_kill_left_half_done_is_undone(path: Path, proxies: list[Proxy], readonly: bool) -> None:
    fill(path, proxies)
    before, expected = path.read_bytes(), content(path)
    program = (
        f"import os, sqlite3\nc = sqlite3.connect({str(path)!r}, isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1')\nc.execute('BEGIN IMMEDIATE')\nc.execute('UPDATE score SET seconds = 9')\n"
        "c.execute('DELETE FROM run')\nc.execute('SELECT 1')\nos.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert path.read_bytes() != before
    with harness.Store(path, readonly=readonly) as store:
        assert len(store.frame()) == 9
    assert content(path) == expected
    assert path.read_bytes() == before


def test_a_store_that_is_opened_to_be_read_only(path: Path, proxies: list[Proxy]) -> None:
    setting_id = fill(path, proxies)
    before = path.read_bytes()
    with harness.Store(path, readonly=True) as store:
        assert len(store.frame()) == 9
        for write in (
            lambda: store.setting_id("nasbench201", Setting(), "2.6.0"),
            lambda: store.begin_run(setting_id, proxies, {"cell": "cell"}),
            lambda: store.write(setting_id, [("cell", proxies[0], Score(1.0, OK, "", 0.0))]),
        ):
            with pytest.raises(StoreWriteError, match="was opened to be read only: open it without readonly=True"):
                write()
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            store._connection.execute("DELETE FROM score")
    assert path.read_bytes() == before


def test_a_store_that_another_program_holds(path: Path, proxies: list[Proxy], monkeypatch: pytest.MonkeyPatch) -> None:
    setting_id = fill(path, proxies)
    monkeypatch.setattr(store_module, "PATIENCE", 0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    with harness.Store(path) as store:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"database is locked\. Another run writes to it"):
            harness.Store(path)
        with pytest.raises(StoreWriteError, match=r"database is locked\. Another run writes to it"):
            store.write(setting_id, [("cell", proxies[0], Score(1.0, OK, "", 0.0))])
        with pytest.raises(StoreError, match="cannot read the store"):
            store.frame()
        holder.execute("ROLLBACK")
        store.write(setting_id, [("cell", proxies[0], Score(1.0, OK, "", 0.0))])
        assert len(store.finished(setting_id, proxies[0])) == 4
    holder.close()


def test_two_runs_may_write_to_one_store(path: Path, proxies: list[Proxy]) -> None:
    setting_id = fill(path, proxies)
    with harness.Store(path) as one, harness.Store(path) as other:
        for number in range(20):
            writer = (one, other)[number % 2]
            writer.write(setting_id, [(f"cell {number}", proxies[0], Score(1.0, OK, "", 0.0))])
        assert len(one.finished(setting_id, proxies[0])) == len(other.finished(setting_id, proxies[0])) == 23


def _read(path: Path) -> list[pd.DataFrame] | StoreError:
    """The frames of all runs, or why there are none."""
    try:
        with harness.Store(path) as store:
            return [store.frame(run.number) for run in store.runs()]
    except StoreError as error:
        return error


def test_a_file_cut_at_any_place(path: Path, proxies: list[Proxy]) -> None:
    cells = tuple(f"cell {number}" for number in range(150))
    fill(path, proxies, cells)
    fill(path, proxies, cells[:5], Setting(seed=1))
    whole = path.read_bytes()
    opened = []
    for length in {*range(130), *range(0, len(whole), 211), *range(len(whole) - 4200, len(whole) + 1, 61), len(whole)}:
        content = whole[:length]
        path.write_bytes(content)
        frames = _read(path)
        if isinstance(frames, StoreError):
            assert str(path) in str(frames)
            assert path.read_bytes() == content, "a damaged file is not made worse"
        else:
            opened.append(length)
            assert [len(frame) for frame in frames] == [450, 15]
            assert all(frame["score"].notna().all() for frame in frames)
    assert opened == [len(whole)]


def test_pages_overwritten_at_any_place(path: Path, proxies: list[Proxy]) -> None:
    cells = tuple(f"cell {number}" for number in range(60))
    fill(path, proxies, cells)
    whole = path.read_bytes()
    (expected,) = _read(path)
    outcomes = set()
    for start in range(0, len(whole), 97):
        path.write_bytes(whole[:start] + b"\x00" * 64 + whole[start + 64 :])
        outcome = _read(path)
        outcomes.add(isinstance(outcome, StoreError))
        if isinstance(outcome, StoreError):
            assert str(path) in str(outcome)
        else:
            assert [frame.to_csv() for frame in outcome] == [expected.to_csv()], "no other rows, and none less"
    assert outcomes == {True, False}


def test_damage_of_which_sqlite_quotes_what_is_no_text(path: Path, proxies: list[Proxy]) -> None:
    fill(path, proxies)
    path.write_bytes(path.read_bytes().replace(b"totaltotal", b"\xf4otaltotal"))  # the name of a table
    outcome = _read(path)
    assert isinstance(outcome, StoreError)
    assert isinstance(outcome.__cause__, UnicodeDecodeError)
    assert f"cannot open the store {path}: " in str(outcome)
    assert "It is damaged or another kind of file" in str(outcome)


def test_a_run_of_another_release_is_named(path: Path, proxies: list[Proxy], monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({**json.loads(Setting().json()), "warmth": 3}, sort_keys=True)
    with monkeypatch.context() as later:
        later.setattr(Setting, "json", lambda _: text)
        fill(path, proxies)
    with harness.Store(path) as store, pytest.raises(StoreError, match="of another release"):
        store.frame()


def test_a_full_disk(path: Path, proxies: list[Proxy]) -> None:
    """The system lets the file grow no more, as a full disk does: what was written stays, and the next run goes on."""
    setting_id = fill(path, proxies)
    limit = path.stat().st_size + 4096
    program = textwrap.dedent(f"""
        import resource
        from harness import Store
        from harness.errors import StoreWriteError
        from harness.proxies import resolve
        from harness.scoring.scorer import Score
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        (proxy,) = resolve("grad_norm")
        with Store({str(path)!r}) as store:
            for number in range(10_000):
                try:
                    store.write({setting_id}, [(f"more {{number}}", proxy, Score(1.0, "ok", "", 0.0))])
                except StoreWriteError as error:
                    print(len(store.finished({setting_id}, proxy)), number, error)
                    break
    """)
    command = [sys.executable, "-B", "-c", program]  # -B: the limit would cut compiled files in the repository short
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    finished, number, message = ended.stdout.split(" ", 2)
    assert "cannot write the store" in message
    assert "Free some space, then run the same command again" in message
    assert int(number) > 0
    assert int(finished) == 3 + int(number)
    with harness.Store(path) as store:
        assert len(store.finished(setting_id, proxies[0])) == 3 + int(number)
        store.write(setting_id, [(f"more {number}", proxies[0], Score(1.0, OK, "", 0.0))])
        assert len(store.finished(setting_id, proxies[0])) == 4 + int(number)
        assert len(store.frame()) == 9
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != limit
