"""Stores of version 1: the same rows come out, the original stays, and who only reads changes nothing."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import StoreNotice, StoreWriteError
from harness.proxies import resolve
from harness.scoring.files import read_scores
from harness.scoring.scorer import OK, Score
from harness.scoring.store import migration
from harness.setting import Setting
from tests.scoring.store.stores import VERSION_1, copy_of_version_1, frame_bits

EXPECTED = json.loads(VERSION_1.with_suffix(".json").read_text(encoding="utf-8"))
"""What the release that wrote the store read from it: runs, and the rows of their frames with floats in full."""
ROWS = "SELECT setting_id, architecture, proxy, version, value, standard_error, status, message, seconds FROM score"
RUNS = "SELECT id, started, setting_id, proxies, architectures FROM run"


def _check_expected(store: harness.Store) -> None:
    runs = store.runs()
    shown = [
        [run.number, run.started, run.setting_id, run.space, run.torch, list(map(list, run.proxies.items())),
         sorted(run.size_proxies), list(map(list, run.scored_as.items()))]
        for run in runs
    ]  # fmt: skip
    assert shown == [[*run[:4], *run[5:]] for run in EXPECTED["runs"]]
    kept = ("bn", "seed", "batch_size", "probes", "dtype", "init", "input", "batch_digest")
    assert [[getattr(run.setting, name) for name in kept] for run in runs] == [
        [run[4][name] for name in kept] for run in EXPECTED["runs"]
    ]
    assert [run.setting for run in runs] == [
        migration.setting_from_version_1(json.dumps(run[4])) for run in EXPECTED["runs"]
    ]
    for run in runs:
        frame = store.frame(run.number)
        assert list(frame.columns) == EXPECTED["columns"][1:]
        assert frame_bits(frame) == [tuple(row[1:]) for row in EXPECTED["rows"] if row[0] == run.number]


def _migrated(path: Path) -> harness.Store:
    with pytest.warns(StoreNotice):
        return harness.Store(path)


def _raw(path: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute(query), key=repr)


def test_the_stored_store_holds_what_a_format_can_get_wrong() -> None:
    rows = EXPECTED["rows"]
    statuses = {row[4] for row in rows}
    assert statuses == {"ok", "error", "not_finite", "died", "out_of_memory"}
    assert {"nan", "0x0.0p+0", "0x0.0000000000001p-1022"} <= {row[3] for row in rows}
    assert any("装置" in row[7] for row in rows)
    assert any("\x00" in row[7] for row in rows)
    assert _raw(VERSION_1, "PRAGMA user_version") == [(1,)]


def test_who_only_reads_gets_the_rows_and_changes_nothing(tmp_path: Path) -> None:
    path = copy_of_version_1(tmp_path)
    with harness.Store(path, readonly=True) as store:
        _check_expected(store)
        with pytest.raises(StoreWriteError, match="was opened to be read only"):
            store.setting_id("nasbench201", Setting(), "2.6.0")
    scores = read_scores(path, 1)
    assert frame_bits(scores.frame) == [tuple(row[1:]) for row in EXPECTED["rows"] if row[0] == 1]
    assert path.read_bytes() == VERSION_1.read_bytes()
    assert os.listdir(tmp_path) == [path.name]


def test_who_writes_migrates_the_store_and_keeps_the_original(tmp_path: Path) -> None:
    path = copy_of_version_1(tmp_path)
    path.chmod(0o640)
    with pytest.warns(StoreNotice) as said:
        store = harness.Store(path)
    with store:
        _check_expected(store)
    kept = tmp_path / "scores.version-1.sqlite"
    (notice,) = (str(warning.message) for warning in said)
    assert notice.startswith(f"{path} is brought from version 1 of the store to version 2, with the same rows; ")
    assert notice.endswith(f"the original is kept as {kept}")
    assert said[0].filename == __file__, "the line of the caller, who may wonder"
    assert sorted(os.listdir(tmp_path)) == [path.name, kept.name]
    assert kept.read_bytes() == VERSION_1.read_bytes()
    assert {stat.S_IMODE(file.stat().st_mode) for file in (path, kept)} == {0o640}
    for query in (ROWS, RUNS):
        assert _raw(path, query) == _raw(VERSION_1, query) != []
    assert _raw(path, "PRAGMA integrity_check") == [("ok",)]
    with harness.Store(path) as store:  # without a notice: warnings are errors here
        _check_expected(store)
        setting_id = store.runs()[1].setting_id
        store.write(setting_id, [("cell", *resolve("grad_norm"), Score(1.0, OK, "", 0.0))])
        assert "cell" in store.finished(setting_id, *resolve("grad_norm"))
        _check_expected(store)


def test_a_migrated_store_is_gone_on_with(tmp_path: Path) -> None:
    path = copy_of_version_1(tmp_path)
    with _migrated(path) as store:
        first, second = store.runs()[:2]
        assert store.setting_id(first.space, first.setting, first.torch) == first.setting_id
        assert store.setting_id(second.space, second.setting, second.torch) == second.setting_id
        assert store.setting_id("darts", first.setting, "2.6.0") == 4
        assert store.begin_run(first.setting_id, resolve("params"), {"cell": "cell"}) == 7
        (grad_norm,) = resolve("grad_norm")
        old = {row[1] for row in _raw(VERSION_1, f"{ROWS} WHERE proxy = 'grad_norm' AND setting_id = 2 AND value <> 0")}
        assert store.finished(2, grad_norm) == old != set()


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    path = copy_of_version_1(tmp_path)
    (tmp_path / "scores.version-1.sqlite").write_text("mine")
    (tmp_path / "scores.version-1-2.sqlite").mkdir()
    with pytest.warns(StoreNotice, match="kept as .*scores.version-1-3.sqlite"):
        harness.Store(path).close()
    assert (tmp_path / "scores.version-1.sqlite").read_text() == "mine"
    assert (tmp_path / "scores.version-1-3.sqlite").read_bytes() == VERSION_1.read_bytes()
    assert len(os.listdir(tmp_path)) == 4


def test_a_link_to_a_store_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path = copy_of_version_1(tmp_path / "elsewhere")
    link = tmp_path / "link.sqlite"
    link.symlink_to(path)
    with _migrated(link) as store:
        _check_expected(store)
    assert link.is_symlink()
    assert sorted(os.listdir(path.parent)) == ["scores.sqlite", "scores.version-1.sqlite"]


def test_an_empty_store_of_version_1(tmp_path: Path) -> None:
    path = copy_of_version_1(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for table in ("score", "run", "setting"):
            connection.execute(f"DELETE FROM {table}")
        connection.commit()
    with harness.Store(path, readonly=True) as store:
        assert store.runs() == []
    with _migrated(path) as store:
        assert store.runs() == []
        assert store.setting_id("darts", Setting(), "2.6.0") == 1


def test_settings_that_become_the_same_keep_their_rows_apart(tmp_path: Path) -> None:
    """An earlier release wrote no `probes`: as a setting its text is that of a later one."""
    path = copy_of_version_1(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE setting SET setting = (SELECT json_remove(setting, '$.probes') FROM setting WHERE id = 1) "
            "WHERE id = 2"
        )
        connection.commit()
    with _migrated(path) as store:
        first, second = store.runs()[:2]
        assert (first.setting, first.setting_id) != (second.setting, second.setting_id)
        assert first.setting == second.setting
        assert store.setting_id(second.space, second.setting, second.torch) == second.setting_id, "the newer one"
        assert _raw(path, ROWS) == _raw(VERSION_1, ROWS)


def test_a_write_that_a_kill_left_half_done_is_undone_first(tmp_path: Path) -> None:
    path = copy_of_version_1(tmp_path)
    program = (
        "import os, sqlite3\n"
        f"c = sqlite3.connect({str(path)!r}, isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1')\nc.execute('BEGIN IMMEDIATE')\n"
        "c.execute(\"UPDATE score SET message = message || 'half'\")\nc.execute('DELETE FROM run')\n"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert (tmp_path / "scores.sqlite-journal").stat().st_size
    assert path.read_bytes() != VERSION_1.read_bytes()
    with _migrated(path) as store:
        _check_expected(store)
    assert (tmp_path / "scores.version-1.sqlite").read_bytes() == VERSION_1.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["scores.sqlite", "scores.version-1.sqlite"]


def test_a_writer_of_the_earlier_release_cannot_spoil_the_new_store(tmp_path: Path) -> None:
    """It has the file open that is replaced, and would make its journal under the new file's name."""
    path = copy_of_version_1(tmp_path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as earlier:
        assert earlier.execute("SELECT count(*) FROM run").fetchone() == (6,)
        with pytest.warns(StoreNotice):
            harness.Store(path).close()
        earlier.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            earlier.execute("INSERT OR REPLACE INTO score VALUES (1, 'a', 'b', 'c', 1.0, NULL, 'ok', '', 0.0)")
        assert sorted(os.listdir(tmp_path)) == ["scores.sqlite", "scores.version-1.sqlite"]
    with harness.Store(path) as store:
        _check_expected(store)
    assert (tmp_path / "scores.version-1.sqlite").read_bytes() == VERSION_1.read_bytes()
