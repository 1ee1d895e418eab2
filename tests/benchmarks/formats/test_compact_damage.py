"""Compact files that are damaged, changed or none: each way is an error that names what is wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import TableError
from benchmarks.formats.compact import describe_compact, read_compact
from tests.benchmarks.formats.compact_files import KEYS, rewrite, write


@pytest.mark.parametrize("count", [-1, 4, 2.0, True, "3"])
def test_a_count_of_rows_that_cannot_be_is_refused(tmp_path: Path, count: object) -> None:
    path = rewrite(tmp_path / "t.parquet", lambda d: d.update(rows_with_numbers=count))
    with pytest.raises(TableError, match=r"field 'rows_with_numbers' is no whole number from 0 to 3, its rows"):
        describe_compact(path)


def test_a_document_nested_too_deep_is_damage(tmp_path: Path) -> None:
    text = b"[" * 200_000
    metadata = {b"nasinit": text, b"nasinit_sha256": hashlib.sha256(text).hexdigest().encode()}
    path = write(tmp_path / "deep.parquet")
    pq.write_table(pq.read_table(path).replace_schema_metadata(metadata), path)
    for read in (read_compact, describe_compact):
        with pytest.raises(TableError, match=r"deep\.parquet is cut or damaged"):
            read(path)


def test_a_cut_file_is_an_error_wherever_it_is_cut(tmp_path: Path) -> None:
    content = write(tmp_path / "t.parquet").read_bytes()
    cut = tmp_path / "cut.parquet"
    for size in [*range(0, len(content), 61), len(content) - 1]:
        cut.write_bytes(content[:size])
        with pytest.raises(TableError, match=r"cut\.parquet"):
            read_compact(cut)


def test_a_damaged_byte_is_an_error_or_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet")
    content, whole = path.read_bytes(), read_compact(path)
    damaged, errors = tmp_path / "damaged.parquet", 0
    for place in range(0, len(content), 23):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            found = read_compact(damaged)
        except TableError:
            errors += 1
            continue
        assert (found.keys, found.columns) == (whole.keys, whole.columns)
        for name in whole.column_names:
            assert found.values(KEYS, name).tobytes() == whole.values(KEYS, name).tobytes()
    assert errors > len(content) / 23 / 3


def test_what_is_no_compact_table_is_refused(tmp_path: Path) -> None:
    text, foreign = tmp_path / "text.parquet", tmp_path / "foreign.parquet"
    text.write_text("architecture,x\n")
    pq.write_table(pa.table({"x": [1.0]}), foreign)
    for path, message in (
        (text, "is not a Parquet file: it begins with b'arch'"),
        (foreign, "Parquet file of another kind: its metadata has no 'nasinit'"),
        (tmp_path / "none.parquet", "cannot read .*none.parquet: No such file"),
        (tmp_path, "cannot read"),
    ):
        with pytest.raises(TableError, match=message):
            read_compact(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(format=2), "field 'format' is 2, and this version of nasinit reads format 1: update"),
        (lambda d: d.update(format=0), "reads format 1: convert or pull it again"),
        (lambda d: d.update(format=True), "no whole number in the field 'format'"),
        (lambda d: d.update(kind="curves"), "field 'kind' is 'curves', where 'table' is wanted"),
        (lambda d: d.pop("facts"), "no dict under 'facts'"),
        (lambda d: d.update(columns={}), "no list under 'columns'"),
        (lambda d: d["columns"][1].update(epochs="200"), r"columns\[1\].epochs is '200', which is no int \| None"),
        (lambda d: d["columns"][1].update(epochs=True), r"columns\[1\].epochs is True"),
        (lambda d: d["columns"][1].update(colour="red"), r"columns\[1\] has an unknown field 'colour'. Known: name"),
        (lambda d: d["columns"][1].update(unit="foo"), r"columns\[1\].unit: unknown unit 'foo'\..* Known: db, index"),
        (
            lambda d: d["columns"][1].update(description="a\x1b[2Jb"),
            r"columns\[1\].description is 'a\\x1b\[2Jb', which",
        ),
        (lambda d: d["facts"].update(title="a\nb"), r"facts.title is 'a\\nb', which has control characters in it"),
        (lambda d: d["columns"][2].pop("unit"), r"columns\[2\] lacks unit"),
        (lambda d: d["columns"].__setitem__(0, "index"), r"columns\[0\] is not an object but str"),
        (lambda d: d["columns"].pop(), "describes: anything_ratio"),
        (lambda d: d["columns"].reverse(), "describes: they are in another order"),
        (lambda d: d["facts"].update(name=None), "facts.name is None"),
    ],
)
def test_a_document_that_does_not_fit_names_the_field(tmp_path: Path, change: Any, message: str) -> None:
    path = rewrite(tmp_path / "odd.parquet", change)
    with pytest.raises(TableError, match=message) as raised:
        read_compact(path)
    assert "odd.parquet" in str(raised.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.array([1.0, None, 2.0]), "column 'anything_ratio' has 1 nulls"),
        (pa.array([1.0, 2.0, 3.0], pa.float32()), "column 'anything_ratio' holds float, not double"),
        (pa.array(["1", "2", "3"]), "column 'anything_ratio' holds string, not double"),
        (pa.array([1.0, np.inf, 3.0]), "anything_ratio.*infinite"),
    ],
)
def test_columns_of_other_types_are_refused(tmp_path: Path, values: pa.Array, message: str) -> None:
    path = rewrite(tmp_path / "t.parquet", arrow=lambda table: table.set_column(3, "anything_ratio", values))
    with pytest.raises(TableError, match=message):
        read_compact(path)
