"""The format as its description says: checksums and totals computed anew from the raw file by plain means."""

from __future__ import annotations

import binascii
import contextlib
import math
import sqlite3
import struct
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.proxies import Proxy
from harness.scoring.scorer import DIED, ERROR, OK, Score
from harness.scoring.store import format as store_format
from harness.setting import Setting
from tests.scoring.store.stores import fill

NULL = bytes.fromhex("000000000000f87f")


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def _number(value: float | None) -> bytes:
    return NULL if value is None else struct.pack("<d", value)


@pytest.fixture
def store(path: Path, proxies: list[Proxy]) -> Path:
    fill(path, proxies)
    number = fill(path, proxies[:2], ("cell one", "ячейка"), Setting(bn="eval"))
    with harness.Store(path) as store:
        store.write(number, [("cell one", proxies[0], Score(-1.5e-300, OK, "", 0.1, 1 / 3))])
        store.write(number, [("cell two", proxies[0], Score(math.nan, ERROR, "– ✓ \x00\n", 7.0))])
        store.write(number, [("cell two", proxies[1], Score(math.nan, DIED, "killed", 0.0, 2.0))])
    return path


def test_the_marks_of_the_file(store: Path) -> None:
    assert _rows(store, "PRAGMA application_id") == [(int.from_bytes(b"NASI", "big"),)]
    assert _rows(store, "PRAGMA user_version") == [(2,)]
    assert _rows(store, "PRAGMA encoding") == [("UTF-8",)]
    tables = {name for (name,) in _rows(store, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"setting", "score", "run", "total"}
    for table in tables:
        _check_described(store, table)


def _check_described(store: Path, table: str) -> None:
    described = store_format.__doc__.split(f"Table `{table}`:")[1].split("\n\n")[0]
    columns = [name for _, name, *_ in _rows(store, f"PRAGMA table_info({table})")]
    assert columns
    assert all(f" {name}" in described for name in columns), f"a column of {table} is not described"


def test_the_machine_of_a_score_has_tables_of_its_own(store: Path, proxies: list[Proxy]) -> None:
    with harness.Store(store) as opened:
        opened.write(2, [("cell ✓", proxy, Score(1.0, OK, "", 0.5)) for proxy in proxies[:2]], machine="A ✓")
        opened.write(2, [("cell ✓", proxies[0], Score(2.0, OK, "", 0.5))], machine="B")
        opened.write(1, [("cell one", proxies[0], Score(2.0, OK, "", 0.5))])
    for table in ("origin", "made"):
        _check_described(store, table)
    start = b"\0".join(
        text.encode() for text in _rows(store, "SELECT space, setting, torch FROM setting WHERE id = 2")[0]
    )
    rows = _rows(
        store,
        "SELECT architecture, machine, proxies, checksum FROM made JOIN origin ON origin_id = origin.id ORDER BY 2",
    )
    version = proxies[0].version
    assert [row[:3] for row in rows] == [
        ("cell ✓", "A ✓", f'[["{proxies[1].name}", "{version}"]]'),
        ("cell ✓", "B", f'[["{proxies[0].name}", "{version}"]]'),
    ]
    for *texts, checksum in rows:
        assert checksum == binascii.crc32(start + b"\0".join(text.encode() for text in texts))
    with harness.Store(store, readonly=True) as opened, opened.reading() as contents:
        assert contents.origins.counted() == {"A ✓": 1, "B": 1}
        assert list(contents.origins.checked({2: binascii.crc32(start)})) == [(2, "cell ✓", True)] * 2
        assert list(contents.origins.checked({2: 0})) == [(2, "cell ✓", False)] * 2


def test_checksums(store: Path) -> None:
    starts = {}
    for number, *texts, checksum in _rows(store, "SELECT id, space, setting, torch, checksum FROM setting"):
        starts[number] = b"\0".join(text.encode() for text in texts)
        assert checksum == binascii.crc32(starts[number])
    assert len(starts) == 2
    for number, setting, *texts, checksum in _rows(
        store, "SELECT id, setting_id, started, proxies, architectures, checksum FROM run"
    ):
        parts = starts[setting], number.to_bytes(8, "little"), b"\0".join(text.encode() for text in texts)
        assert checksum == binascii.crc32(b"".join(parts))
    scores = _rows(
        store,
        "SELECT setting_id, value, standard_error, seconds, architecture, proxy, version, status, message, checksum "
        "FROM score",
    )
    assert len(scores) == 9 + 4 + 2
    for setting, value, standard_error, seconds, *texts, checksum in scores:
        numbers = _number(value) + _number(standard_error) + _number(seconds)
        assert checksum == binascii.crc32(starts[setting] + numbers + b"\0".join(text.encode() for text in texts))


def test_totals(store: Path) -> None:
    expected = {
        ("setting", 0, "", "", *_rows(store, "SELECT count(*), sum(checksum) FROM setting")[0]),
        ("run", 0, "", "", *_rows(store, "SELECT count(*), sum(checksum) FROM run")[0]),
    }
    for row in _rows(store, "SELECT setting_id, proxy, version, count(*), sum(checksum) FROM score GROUP BY 1, 2, 3"):
        expected.add(("score", *row))
    assert set(_rows(store, "SELECT * FROM total")) == expected
    assert len(expected) == 2 + 5


def test_a_row_may_be_copied_into_another_store(store: Path, proxies: list[Proxy], tmp_path: Path) -> None:
    """Its checksum knows no local number."""
    other = tmp_path / "other.sqlite"
    fill(other, proxies, (), Setting(seed=9))
    fill(other, proxies, (), Setting(bn="train"))
    number = fill(other, proxies, (), Setting(bn="eval"))
    assert number == 3
    rows = _rows(store, "SELECT * FROM score WHERE setting_id = 2 AND proxy = 'grad_norm'")
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.executemany("INSERT INTO score VALUES (3, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [row[1:] for row in rows])
        total = ("score", 3, "grad_norm", "1", len(rows), sum(row[-1] for row in rows))
        connection.execute("INSERT INTO total VALUES (?, ?, ?, ?, ?, ?)", total)
        connection.commit()
    with harness.Store(other) as copied, harness.Store(store) as original:
        assert copied.finished(3, proxies[0]) == original.finished(2, proxies[0]) == {"cell one", "cell two", "ячейка"}
