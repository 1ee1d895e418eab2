"""The compact form: exact, whole or not at all, and clear about every way in which a file can be wrong."""

from __future__ import annotations

import hashlib
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

import benchmarks.compact
import benchmarks.files
import benchmarks.parquet
from benchmarks import Column, Facts, TableError
from benchmarks.compact import describe_compact, read_compact, write_compact
from benchmarks.parquet import has_document

FACTS = Facts(
    name="made",
    space="nasbench201",
    title="A made table, with “ü”",
    source="this test",
    licence="none",
    path=None,
    sha256=None,
    rows=None,
    note="a note",
    splits="cifar10 test",
    epochs="200",
    seeds="777",
)
COLUMNS = (
    Column("index", None, None, None, "index", "none", "place"),
    Column("cifar10_test_200ep_pct", "cifar10", "test", 200, "pct", "mean", "accuracy", True, True, "ori-test"),
    Column("anything_ratio", None, None, None, "ratio", "none", "any number", True, False),
)
KEYS = ("|none~0|", "b", "ü")
NUMBERS = ([0, 1, 2], [93.76, float("nan"), 1 / 3], [-0.0, 5e-324, -1.7976931348623157e308])


def write(path: Path, **changed: Any) -> Path:
    given = {"keys": KEYS, "columns": COLUMNS, "numbers": NUMBERS, "facts": FACTS} | changed
    write_compact(path, **given)
    return path


def rewrite(path: Path, change: Any = None, arrow: Any = None, digest: bool = True) -> Path:
    """The file anew with its JSON document or its columns changed; the digest fits unless told otherwise."""
    table = pq.read_table(write(path))
    document = json.loads(table.schema.metadata[b"nasinit"])
    if change is not None:
        change(document)
    benchmarks.parquet.write_parquet(path, [table if arrow is None else arrow(table)], document)
    if not digest:
        table = pq.read_table(path)
        pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"nasinit_sha256": b"0" * 64}), path)
    return path


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
    sum_of_before = benchmarks.compact.sha256_of

    def then_replace(path: Path) -> str:
        digest = sum_of_before(path)
        other.replace(path) if how == "replaced" else path.unlink()
        return digest

    monkeypatch.setattr(benchmarks.compact, "sha256_of", then_replace)
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


@pytest.mark.parametrize("count", [-1, 4, 2.0, True, "3"])
def test_a_count_of_rows_that_cannot_be_is_refused(tmp_path: Path, count: object) -> None:
    path = rewrite(tmp_path / "t.parquet", lambda d: d.update(rows_with_numbers=count))
    with pytest.raises(TableError, match=r"field 'rows_with_numbers' is no whole number from 0 to 3, its rows"):
        describe_compact(path)


def test_control_characters_are_written_as_escape_sequences(tmp_path: Path) -> None:
    odd = replace(FACTS, title="\x1b[31mred\n\u202e\udc80 ü")
    columns = (*COLUMNS[:2], replace(COLUMNS[2], description="a\tb"))
    table = read_compact(write(tmp_path / "t.parquet", facts=odd, columns=columns))
    assert table.facts.title == r"\x1b[31mred\n\u202e\udc80 ü"
    assert table.columns[2].description == r"a\tb"
    with pytest.raises(TableError, match=r"a column's name 'a\\x1b_ratio' has control characters"):
        write(tmp_path / "u.parquet", columns=(*COLUMNS[:2], replace(COLUMNS[2], name="a\x1b_ratio")))


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
        (lambda d: d["columns"][1].update(unit="foo"), r"columns\[1\].unit: unknown unit 'foo'\..* Known: index"),
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

    monkeypatch.setattr(benchmarks.parquet.os, "fsync", full)
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
        "from benchmarks.compact import read_compact\n"
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
