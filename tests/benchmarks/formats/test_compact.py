"""The compact form: exact, described in its footer, whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import benchmarks.files
import benchmarks.formats.compact
import benchmarks.formats.parquet
from benchmarks import Column, TableError
from benchmarks.formats.compact import describe_compact, read_compact, write_compact
from benchmarks.formats.parquet import has_document
from tests.benchmarks.formats.compact_files import COLUMNS, FACTS, KEYS, NUMBERS, rewrite, write


def test_everything_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet")
    table = read_compact(path)
    assert table.keys == KEYS
    assert table.columns == COLUMNS
    assert replace(table.facts, path=None, sha256=None, rows=None) == FACTS
    assert (table.facts.path, table.facts.rows) == (path, 3)
    assert table.facts.sha256 == benchmarks.files.sha256_of(path)
    for column, numbers in zip(COLUMNS, NUMBERS, strict=True):
        assert table.values(KEYS, column.name).tobytes() == np.array(numbers, dtype=np.float64).tobytes()


@settings(max_examples=30)
@given(st.lists(st.floats(allow_infinity=False), min_size=1, max_size=200))
def test_any_float_comes_back_to_the_last_bit(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    path = tmp_path_factory.mktemp("any") / "t.parquet"
    keys = [str(row) for row in range(len(numbers))]
    write_compact(path, keys, COLUMNS[2:], [numbers], FACTS)
    found = read_compact(path).values(keys, "anything_ratio")
    assert [value.hex() for value in found] == [float(value).hex() for value in numbers]


def test_the_same_table_is_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a.parquet").read_bytes() == write(tmp_path / "b.parquet").read_bytes()


def test_more_columns_than_are_decoded_at_a_time(tmp_path: Path) -> None:
    columns = [Column(f"column{place}", None, None, None, "ratio", "none", "") for place in range(75)]
    numbers = np.random.default_rng(0).standard_normal((75, 3))
    table = read_compact(write(tmp_path / "t.parquet", columns=columns, numbers=list(numbers)))
    for place, column in enumerate(columns):
        assert (table.values(KEYS, column.name) == numbers[place]).all()


def test_a_parquet_reader_without_us_reads_the_numbers(tmp_path: Path) -> None:
    plain = pq.read_table(write(tmp_path / "t.parquet"))
    assert plain.column_names == ["architecture", *(column.name for column in COLUMNS)]
    assert plain.column("architecture").to_pylist() == list(KEYS)


@pytest.mark.parametrize("how", ["replaced", "removed"])
def test_a_file_that_is_replaced_while_it_is_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path, other = write(tmp_path / "t.parquet"), write(tmp_path / "other.parquet", facts=replace(FACTS, name="other"))
    sum_of_before = benchmarks.formats.compact.sha256_of

    def then_replace(path: Path) -> str:
        digest = sum_of_before(path)
        other.replace(path) if how == "replaced" else path.unlink()
        return digest

    monkeypatch.setattr(benchmarks.formats.compact, "sha256_of", then_replace)
    with pytest.raises(TableError, match=r"t\.parquet was changed while it was read|cannot read .*t\.parquet"):
        read_compact(path)


def test_which_files_carry_a_document(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet")
    (tmp_path / "text.parquet").write_text("architecture,x\n")
    pq.write_table(pa.table({"x": [1.0]}), tmp_path / "foreign.parquet")
    assert has_document(path)
    for name in ("text.parquet", "foreign.parquet", "missing.parquet", ""):
        assert not has_document(tmp_path / name)


def test_the_footer_describes_the_table_and_no_number_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet")
    columns, facts, counted = describe_compact(path)
    assert (tuple(columns), counted) == (COLUMNS, 3)
    assert facts == replace(FACTS, path=path, rows=3)
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\0" * 40 + content[44:])
    assert describe_compact(path)[1] == facts
    with pytest.raises(TableError, match=r"t\.parquet"):
        read_compact(path)


def test_rows_with_only_an_index_or_a_size_are_not_counted(tmp_path: Path) -> None:
    nan = float("nan")
    params = Column("params", None, None, None, "params", "none", "size", True, False)
    path = write(tmp_path / "t.parquet", columns=(*COLUMNS[:2], params), numbers=([0, 1, 2], [nan, 5, nan], [7, 7, 7]))
    assert describe_compact(path)[2] == 1
    only_sizes = write(tmp_path / "s.parquet", columns=(COLUMNS[0], params), numbers=([0, 1, 2], [nan, 7, 7]))
    assert describe_compact(only_sizes)[2] == 3
    uncounted = rewrite(tmp_path / "u.parquet", lambda d: d.pop("rows_with_numbers"))
    assert describe_compact(uncounted)[2] is None


def test_control_characters_are_written_as_escape_sequences(tmp_path: Path) -> None:
    odd = replace(FACTS, title="\x1b[31mred\n\u202e\udc80 ü")
    columns = (*COLUMNS[:2], replace(COLUMNS[2], description="a\tb"))
    table = read_compact(write(tmp_path / "t.parquet", facts=odd, columns=columns))
    assert table.facts.title == r"\x1b[31mred\n\u202e\udc80 ü"
    assert table.columns[2].description == r"a\tb"
    with pytest.raises(TableError, match=r"a column's name 'a\\x1b_ratio' has control characters"):
        write(tmp_path / "u.parquet", columns=(*COLUMNS[:2], replace(COLUMNS[2], name="a\x1b_ratio")))


def test_a_path_inside_the_file_is_not_believed(tmp_path: Path) -> None:
    path = rewrite(tmp_path / "t.parquet", lambda d: d["facts"].update(path="/etc/passwd", sha256="0", rows=7))
    facts = read_compact(path).facts
    assert (facts.path, facts.rows, len(facts.sha256 or "")) == (path, 3, 64)


def test_a_document_that_was_changed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="does not have the SHA-256 it names"):
        read_compact(rewrite(tmp_path / "t.parquet", digest=False))


def test_fields_that_have_defaults_may_be_absent(tmp_path: Path) -> None:
    path = rewrite(tmp_path / "t.parquet", lambda d: d["columns"][1].pop("origin"))
    assert read_compact(path).columns[1] == replace(COLUMNS[1], origin="")


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("t.csv", {}, r"its name must end in \.parquet"),
        ("none/t.parquet", {}, "there is no folder"),
        ("", {}, r"must end in \.parquet|is a folder"),
        ("t.parquet", {"numbers": NUMBERS[:2]}, "3 columns are named, but 2 arrays"),
        ("t.parquet", {"columns": (replace(COLUMNS[0], unit="foo"), *COLUMNS[1:])}, "unit: unknown unit 'foo'"),
        ("t.parquet", {"keys": ("a", "a", "b")}, "key 'a' stands in row 0 and again in row 1"),
        ("t.parquet", {"columns": (replace(COLUMNS[0], name="architecture"), *COLUMNS[1:])}, "cannot be named"),
        ("t.parquet", {"numbers": ([0, 1, 2], [101, 1, 1], [0, 0, 0])}, "not a percentage"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(TableError, match=message):
        write(tmp_path / name if name else tmp_path, **changed)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "t.parquet")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(benchmarks.formats.parquet.os, "fsync", full)
    with pytest.raises(TableError, match=r"cannot write .*t\.parquet: No space left on device"):
        write(path, keys=("x", "y", "z"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads its peak memory in /proc")
def test_a_table_of_15625_rows_opens_in_little_memory_without_pandas(tmp_path: Path) -> None:
    names = [f"column{place}_ratio" for place in range(180)]
    columns = [Column(name, None, None, None, "ratio", "none", "made") for name in names]
    keys = [f"|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|{row:070d}|" for row in range(15_625)]
    numbers = np.random.default_rng(0).random((len(names), len(keys)))  # which no compression makes smaller
    path = write(tmp_path / "t.parquet", keys=keys, columns=columns, numbers=list(numbers))
    code = (
        "import re, sys, pyarrow.parquet\n"
        "from pathlib import Path\n"
        "from benchmarks.formats.compact import read_compact\n"
        "peak = lambda: int(re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "before = peak()\n"
        "table = read_compact(Path(sys.argv[1]))\n"
        "assert table.values(reversed(table.keys), 'column179_ratio').shape == (15625,)\n"
        "print(peak() - before, 'pandas' in sys.modules)\n"
    )
    out = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True).stdout
    kilobytes, pandas = out.split()
    assert pandas == "False"
    assert int(kilobytes) * 1024 < 78e6
    assert int(kilobytes) * 1024 > numbers.nbytes, "less than the numbers take: nothing was measured"


def test_the_written_document_is_plain_json(tmp_path: Path) -> None:
    document = json.loads(pq.read_schema(write(tmp_path / "t.parquet")).metadata[b"nasinit"])
    assert document["columns"] == [asdict(column) for column in COLUMNS]
    assert set(document["facts"]) == set(asdict(FACTS)) - {"path", "sha256", "rows"}
