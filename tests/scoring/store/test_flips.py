"""A bit of a store flips: the row is named, or nothing that is read has changed; never does another value come out."""

from __future__ import annotations

import math
import random
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import StoreError
from harness.proxies import Proxy
from harness.scoring.scorer import DIED, ERROR, NOT_FINITE, OK, Score
from harness.setting import Setting
from tests.scoring.store.stores import frame_bits

CELLS = tuple(f"|cell {number}~0|" for number in range(12))
SETTINGS = (Setting(), Setting(bn="eval", seed=3))


@pytest.fixture
def store(path: Path, proxies: list[Proxy]) -> Path:
    """Two runs in two settings, with failures, and with rows written again, of which the file may hold the old ones."""
    draw = random.Random(0)
    with harness.Store(path) as store:
        for setting in SETTINGS:
            setting_id = store.setting_id("nasbench201", setting, "2.6.0")
            store.begin_run(setting_id, proxies, {cell: cell for cell in CELLS})
            for _ in range(2):
                store.write(setting_id, [(cell, proxy, _score(draw)) for cell in CELLS for proxy in proxies])
    return path


def _score(draw: random.Random) -> Score:
    status = draw.choice([OK, OK, OK, NOT_FINITE, ERROR, DIED])
    value = draw.choice([draw.gauss(0, 100), float(draw.randrange(1000)), 0.0, 1.0]) if status == OK else math.nan
    return Score(value, status, "" if status == OK else "a message – ✓", draw.random(), draw.choice([value, math.nan]))


def _read(path: Path, proxies: list[Proxy]) -> list[Any] | str:
    """All that a reader gets, floats in full; or the error."""
    try:
        with harness.Store(path, readonly=True) as store:
            runs = store.runs()
            return [
                runs,
                *(frame_bits(store.frame(run.number)) for run in runs),
                *(store.finished(run.setting_id, proxy, retry_failed=True) for run in runs for proxy in proxies),
            ]
    except StoreError as error:
        return str(error)


def _flipped(path: Path, proxies: list[Proxy], places: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Errors by byte and bit; the other flips change nothing."""
    whole, expected = path.read_bytes(), _read(path, proxies)
    assert not isinstance(expected, str)
    errors = {}
    for byte, bit in places:
        with path.open("r+b") as file:
            file.seek(byte)
            file.write(bytes([whole[byte] ^ 1 << bit]))
        found = _read(path, proxies)
        if isinstance(found, str):
            assert str(path) in found
            assert found.isprintable()
            errors[byte, bit] = found
        else:
            assert found == expected, f"byte {byte}, bit {bit}: another value comes out"
        path.write_bytes(whole)
    return errors


def _record(whole: bytes, text: str, occurrence: int) -> range:
    """Bytes of the record that begins with a text, with its header and up to the end of its message."""
    at = [match.start() for match in re.finditer(re.escape(text.encode()), whole)][occurrence]
    return range(at - 16, at + 100)


@pytest.mark.slow
def test_every_bit_of_some_rows(store: Path, proxies: list[Proxy]) -> None:
    whole = store.read_bytes()
    for text, table in (
        (f"{CELLS[4]}grad_norm1", "score"),
        (f"{CELLS[7]}params1", "score"),
        ("nasbench201{", "setting"),
    ):
        record = _record(whole, text, 0)
        errors = _flipped(store, proxies, [(byte, bit) for byte in record for bit in range(8)])
        inside = [
            (byte, bit) for byte in range(record.start + 16, record.start + 16 + len(text) + 8) for bit in range(8)
        ]
        assert set(inside) <= set(errors), f"every bit of a {table} that is read is missed"


@pytest.mark.slow
def test_bits_all_over_the_file(store: Path, proxies: list[Proxy]) -> None:
    draw = random.Random(1)
    size = len(store.read_bytes())
    places = [(byte, draw.randrange(8)) for byte in range(0, size, 29)]
    pages = [(page + byte, bit) for page in range(0, size, 4096) for byte in range(12) for bit in range(8)]
    errors = _flipped(
        store, proxies, [*places, *pages, *((byte, bit) for byte in range(100) for bit in range(0, 8, 3))]
    )
    assert len(errors) > 300


def _changed(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


IN_ROW = f"setting_id = 2 AND proxy = 'grad_norm' AND architecture = '{CELLS[3]}'"
NAMED = re.escape(f"the score of grad_norm for {CELLS[3]}, setting 2")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (f"UPDATE score SET value = 1e9 WHERE {IN_ROW}", rf"is damaged in 1 of 76 rows, first in {NAMED}"),
        (
            f"UPDATE score SET value = NULL, status = 'ok', standard_error = 4.0 WHERE {IN_ROW}",
            f"in 1 of 76 .* {NAMED}",
        ),
        (f"UPDATE score SET seconds = seconds + 1e-9 WHERE {IN_ROW}", f"in 1 of 76 .* {NAMED}"),
        (f"UPDATE score SET checksum = checksum + 1 WHERE {IN_ROW}", f"in 1 of 76 .* {NAMED}"),
        (f"UPDATE score SET message = x'6f6b' WHERE {IN_ROW}", f"in 1 of 76 .* {NAMED}"),
        (f"UPDATE score SET status = CAST(x'6fff' AS TEXT) WHERE {IN_ROW}", f"in 1 of 76 .* {NAMED}"),
        (f"UPDATE score SET version = '2' WHERE {IN_ROW}", f"in 1 of 76 .* {NAMED}"),
        (
            f"UPDATE score SET architecture = 'a' || CAST(x'0a1b' AS TEXT) WHERE {IN_ROW}",
            r"in 1 of 76 .* grad_norm for a\\n\\x1b, setting 2",
        ),
        (
            "UPDATE score SET value = value + 1 WHERE status = 'ok'",
            r"is damaged in \d\d of 76 rows, first in the score of",
        ),
        ("UPDATE setting SET torch = '2.7.0' WHERE id = 2", "in 38 of 76 rows, first in setting 2, of nasbench201"),
        ("UPDATE setting SET id = 5 WHERE id = 2", "in 37 of 76 rows, first in run 2"),
        ("UPDATE run SET setting_id = 1 WHERE id = 2", "in 1 of 76 rows, first in run 2"),
        ("UPDATE run SET id = 7 WHERE id = 1", "in 1 of 76 rows, first in run 7"),
        ("UPDATE run SET architectures = replace(architectures, '3~', '4~')", "in 2 of 76 rows, first in run 1"),
        (
            f"DELETE FROM score WHERE {IN_ROW}",
            "lost rows: 1 of its counts .* scores of grad_norm, version 1, in setting 2",
        ),
        ("DELETE FROM run WHERE id = 2", "lost rows: 1 of its counts do not hold, first that of runs"),
        ("DELETE FROM total WHERE proxy = 'params'", "has lost rows: 2 of its counts do not hold"),
        ("UPDATE total SET checksums = checksums - 1 WHERE counted = 'setting'", "1 of its counts .* of settings"),
    ],
)
def test_what_is_not_as_it_was_written_is_named(
    store: Path, proxies: list[Proxy], statement: str, message: str
) -> None:
    _changed(store, statement)
    error = _read(store, proxies)
    assert isinstance(error, str)
    assert re.search(message, error), error
    assert "use a whole copy of the store, or score anew into another one" in error
    with pytest.raises(StoreError, match=r"is damaged|has lost rows"):
        _begin(store, proxies)


def _begin(path: Path, proxies: list[Proxy]) -> None:
    """What a run does before it scores anything."""
    with harness.Store(path) as opened:
        number = opened.setting_id("nasbench201", SETTINGS[1], "2.6.0")
        opened.begin_run(number, proxies, {cell: cell for cell in CELLS})
        for proxy in proxies:
            opened.finished(number, proxy)


def test_two_rows_that_change_places(store: Path, proxies: list[Proxy]) -> None:
    """Each is a row that was written, in the setting where the other was."""
    key = f"proxy = 'params' AND architecture = '{CELLS[3]}'"
    _changed(store, f"UPDATE score SET setting_id = -setting_id WHERE {key}")
    _changed(store, f"UPDATE score SET setting_id = 3 + setting_id WHERE {key}")
    assert "is damaged in 2 of 76 rows" in str(_read(store, proxies))


def test_damage_in_what_is_not_read_stops_nobody(store: Path, proxies: list[Proxy]) -> None:
    _changed(store, f"UPDATE score SET value = 1e9 WHERE {IN_ROW}")
    with harness.Store(store, readonly=True) as opened:
        assert len(opened.frame(1)) == 36
        assert opened.finished(2, proxies[1], retry_failed=True)
        with pytest.raises(StoreError, match=NAMED):
            opened.frame(2)
        with pytest.raises(StoreError, match=NAMED):
            opened.finished(2, proxies[0])
