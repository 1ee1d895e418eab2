"""Stores of version 1 that cannot be migrated: an error in a line, and every byte as it was."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness
from harness.errors import StoreError
from harness.scoring.store import migration
from harness.scoring.store import store as store_module
from tests.scoring.store.stores import VERSION_1, content, copy_of_version_1


def _damage(path: Path, statement: str) -> bytes:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE setting SET setting = json_insert(setting, '$.warmth', 3) WHERE id = 2", "of another release"),
        ("UPDATE setting SET setting = '{' WHERE id = 3", "holds a row that cannot be read"),
        ("UPDATE run SET setting_id = 9 WHERE id = 4", "there is no setting 9"),
        ("UPDATE score SET setting_id = 9 WHERE setting_id = 3", "there is no setting 9"),
        ("UPDATE score SET message = x'ff' WHERE setting_id = 3", "holds a row that cannot be read"),
        ("UPDATE score SET message = CAST(x'ff' AS TEXT) WHERE setting_id = 3", "Could not decode"),
    ],
)
@pytest.mark.parametrize("readonly", [True, False])
def test_a_store_with_a_row_that_means_nothing_is_refused_and_left_alone(
    tmp_path: Path, statement: str, message: str, readonly: bool
) -> None:
    path = copy_of_version_1(tmp_path)
    before = _damage(path, statement)
    with pytest.raises(StoreError, match=message) as raised:
        harness.Store(path, readonly=readonly)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_a_structure_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = copy_of_version_1(tmp_path)
    whole = path.read_bytes()
    refused = 0
    for page in range(4096, len(whole), 4096):
        path.write_bytes(whole[: page + 3] + bytes([whole[page + 3], whole[page + 4] ^ 1]) + whole[page + 5 :])
        for readonly in (True, False):
            with pytest.raises(StoreError) as raised:
                harness.Store(path, readonly=readonly)
            assert str(path) in str(raised.value)
            refused += 1
        assert os.listdir(tmp_path) == [path.name]
    assert refused > 10


def test_a_copy_that_does_not_hold_the_same_rows_is_not_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that gives back another row than it took."""
    path = copy_of_version_1(tmp_path)
    write_through = migration._write_through

    def forgetful(file: Path) -> None:
        write_through(file)
        _damage(file, "UPDATE score SET seconds = seconds * 2 WHERE proxy = 'params' AND setting_id = 3")

    monkeypatch.setattr(migration, "_write_through", forgetful)
    with pytest.raises(StoreError, match="its copy, read again, holds other rows"):
        harness.Store(path)
    assert path.read_bytes() == VERSION_1.read_bytes()
    assert os.listdir(tmp_path) == [path.name]


@contextlib.contextmanager
def _readable_only() -> Iterator[Path]:
    """A folder whose files can be read and not written: permissions do not stop the superuser, who becomes nobody."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_of_version_1(folder).chmod(0o444)
        folder.chmod(0o555)
        superuser = os.geteuid() == 0
        try:
            if superuser:
                os.seteuid(65534)
            yield folder
        finally:
            if superuser:
                os.seteuid(0)
            folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_store_in_a_folder_that_can_only_be_read(tmp_path: Path) -> None:
    content(copy_of_version_1(tmp_path))  # nobody may not read all that is imported on use
    with _readable_only() as folder:
        path = folder / "scores.sqlite"
        with pytest.raises(OSError, match="denied"):
            (folder / "file").touch()
        with harness.Store(path, readonly=True) as store:
            assert len(store.runs()) == 6
        with pytest.raises(
            StoreError, match=r"cannot migrate the store .* as it was, and can be read so\. Give a path"
        ):
            harness.Store(path)
        assert path.read_bytes() == VERSION_1.read_bytes()
        assert os.listdir(folder) == [path.name]


def test_a_store_that_is_written_to_is_not_migrated_under_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PATIENCE", 0.05)
    path = copy_of_version_1(tmp_path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"database is locked.*Another run writes to it"):
            harness.Store(path)
        with harness.Store(path, readonly=True) as store:
            assert len(store.runs()) == 6
    assert path.read_bytes() == VERSION_1.read_bytes()
    assert os.listdir(tmp_path) == [path.name]
