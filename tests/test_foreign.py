"""Files that are something else, compressed files that hold too much, cells of spreadsheets, and messages of them."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import benchmarks
from benchmarks.formats import parquet
from benchmarks.readers import user_table
from harness.errors import HarnessError, unknown
from harness.evaluation.matching import recognised_space
from harness.report.files import write_csv
from harness.scoring.files import read_scores
from harness.text import foreign, shown
from harness.text.foreign import for_spreadsheet, from_spreadsheet, kind_of

ROOT = Path(__file__).parent.parent
CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
CELLS = {f"({', '.join(map(str, np.base_repr(n, 5).zfill(6)))})": {"p": {"score": n}} for n in range(15_625)}


def zipped() -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        archive.writestr("a.csv", "architecture,proxy,score\n")
    return file.getvalue()


OTHERS = {
    "JSON": json.dumps({"set": CELLS}).encode(),
    "JSON lines": b'{"architecture": "a"}\n{"architecture": "b"}\n',
    "JSON list": b"\xef\xbb\xbf\n [1, 2]",
    "HTML": b"<!DOCTYPE html>" + b"x" * 5_000_000,
    "pickle": pickle.dumps(list(range(100))),
    "zip": zipped(),
    "numpy": b"\x93NUMPY\x01\x00",
    "parquet": b"PAR1\x15\x04",
    "bytes": bytes(range(256)) * 50_000,
    "UTF-16": "architecture,proxy,score\na,b,1\n".encode("utf-16"),
    "one long line": b"x" * 20_000_000,
    "wide header": ",".join(f"column {n}" for n in range(100_000)).encode() + b"\n",
    "wide and right at first": b"architecture," + b"x" * 900_000 + b"\n1,2\n",
    "prose": b"# Heading\n\nSome text, with commas.\n",
    "long cell": b"architecture,proxy,score\n" + b"y" * 500_000 + b",p,many\n",
    "cells that do not fit": b"architecture,proxy,score\n" + b"a,b,1\n" * 9 + b"1,2,3,4," + b"x" * 100_000 + b"\n",
}


def test_the_two_packages_have_the_same_words_for_what_is_foreign() -> None:
    for name in ("shown.py", "foreign.py"):
        assert (ROOT / "harness" / "text" / name).read_bytes() == (ROOT / "benchmarks" / name).read_bytes()
    assert (ROOT / "harness" / "loading" / "plugins.py").read_bytes() == (
        ROOT / "benchmarks" / "plugins.py"
    ).read_bytes()


@pytest.mark.parametrize("name", OTHERS)
def test_a_wrong_file_of_scores_is_one_short_line_within_seconds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(OTHERS[name])
    start = time.monotonic()
    with pytest.raises(HarnessError) as caught:
        recognised_space(read_scores(path).frame)
    assert time.monotonic() - start < 3
    assert len(str(caught.value)) < 2500 + len(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", OTHERS)
def test_a_wrong_file_for_a_table_is_one_short_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(OTHERS[name])
    with pytest.raises(benchmarks.TableError) as caught:
        benchmarks.open_table(path)
    assert len(str(caught.value)) < 2500 + len(str(path))


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"architecture,proxy,score\n", ""),
        (b'"architecture",proxy\n', ""),
        ("\ufeffarchitecture,proxy\n".encode(), ""),
        (b"|none~0|+|none~0|none~1|\n", ""),
        (b"", ""),
        (b"a" * (foreign.BEGINNING - 1), ""),
        (b" \n{}", "JSON"),
        (b"a,b\n1,\x00", "a binary file"),
    ],
)
def test_a_file_is_known_by_its_beginning(beginning: bytes, kind: str) -> None:
    assert kind_of(beginning) == kind


def test_an_unknown_name_is_answered_at_length_only_up_to_a_limit() -> None:
    start = time.monotonic()
    message = unknown("column", "x" * 1_000_000, [f"{n}" * 1000 for n in range(5000)])
    assert time.monotonic() - start < 2
    assert len(message) < 2500
    assert message.endswith(" others")
    assert unknown("column", "ab", ["abc", "d"]) == "unknown column 'ab'. Did you mean 'abc'? Known: abc, d"


@pytest.mark.parametrize("name", ["scores.csv.gz", "table.csv.gz"])
def test_a_compressed_file_that_holds_too_much_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"architecture,proxy,score\n" + b"a,b,1\n" * 1000))
    for module in ("harness.text", "benchmarks"):
        monkeypatch.setattr(f"{module}.foreign.LARGEST", 5000)
    with pytest.raises((HarnessError, benchmarks.TableError), match="holds more than 5,000 bytes"):
        read_scores(path) if name.startswith("scores") else benchmarks.open_table(path)


def test_a_parquet_file_that_says_it_holds_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"architecture": [CELL] * 3, "x": [1.0] * 3}), path)
    assert len(benchmarks.open_table(path)) == 1
    monkeypatch.setattr(user_table, "_MOST_CELLS", 5)
    with pytest.raises(benchmarks.TableError, match="says that it holds 6 cells"):
        benchmarks.open_table(path)


def test_a_million_rows_in_a_few_bytes_are_counted_before_they_are_read(tmp_path: Path) -> None:
    path, rows = tmp_path / "bomb.parquet", 150_000_000
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, dtype=np.int8)), pa.array([CELL]))
    with pq.ParquetWriter(path, pa.schema([("architecture", column.type), ("x", pa.null())])) as writer:
        part = pa.table({"architecture": column, "x": pa.nulls(1_000_000)})
        for _ in range(rows // 1_000_000):
            writer.write_table(part)
    with pytest.raises(benchmarks.TableError, match="says that it holds 300,000,000 cells"):
        benchmarks.open_table(path)


def test_a_converted_file_with_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "made.parquet"
    document = {"format": parquet.FORMAT, "kind": "made", "facts": {}, "columns": []}
    parquet.write_parquet(path, [pa.table({"architecture": [CELL] * 3})], document)
    assert parquet.Parquet(path, "made").rows == 3
    monkeypatch.setattr(parquet, "_MOST_ROWS", 2)
    with pytest.raises(benchmarks.TableError, match="it says that it has 3 rows, and may have 2"):
        parquet.Parquet(path, "made")


def test_a_columns_name_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"architecture": [CELL], "xyzzy": [1.0]}), path)
    path.write_bytes(path.read_bytes().replace(b"xyzzy", b"xy\xccz\xcc"))
    with pytest.raises(benchmarks.TableError, match=r"is not UTF-8|is damaged"):
        benchmarks.open_table(path)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_whole_numbers_that_float64_rounds_are_refused_in_tables(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    for number in (2**53, 2**60, 2**53 + 1):
        if suffix == ".csv":
            path.write_text(f"architecture,x\n{CELL},{number}\n")
        else:
            pq.write_table(pa.table({"architecture": [CELL], "x": [number]}), path)
        if number != 2**53 + 1:
            assert benchmarks.open_table(path).values([CELL], "x").tolist() == [number]
    with pytest.raises(benchmarks.TableError, match=r"whole numbers? above 2\^53"):
        benchmarks.open_table(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([1 + 1j]), "complex128"),
        (np.ma.masked_array([1.0], mask=[True]), "1 masked"),
        ([2**53 + 1], "would round"),
        ([2**70 + 1], "would round"),
        (np.array(["2020"], dtype="datetime64[Y]"), "datetime64"),
    ],
)
def test_a_table_of_arrays_is_right_or_refused(values: object, message: str) -> None:
    column = benchmarks.Column("x", None, None, None, "ratio", "one", "made")
    facts = benchmarks.Facts("made", "nasbench201", "made", "here", "none", None, None, None, "")
    with pytest.raises(benchmarks.TableError, match=message):
        benchmarks.Table([CELL], [column], [values], facts)


@given(st.text() | st.builds(lambda mark, rest: mark + rest, st.sampled_from("='+-@\t\r\n'＝"), st.text()))
def test_cells_come_back_from_a_spreadsheet(text: str) -> None:
    made = for_spreadsheet(text)
    assert from_spreadsheet(made) == text
    assert made[:1] not in tuple("=@\t\r\n＝＋－＠")
    assert made[:1] not in ("+", "-") or float(made) is not None


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), min_size=1)


@given(st.lists(NAMES | st.sampled_from(["NA", "nan", "0", "True", "=1", "-1", "null"]), min_size=1))
def test_proxies_of_any_name_come_back_from_a_csv(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "scores.csv"
    frame = pd.DataFrame({"architecture": CELL, "proxy": names, "score": 1.0, "=column": "x"})
    write_csv(frame, path)
    found = read_scores(path).frame
    assert list(found["proxy"]) == names
    assert list(found.columns) == list(frame.columns)


@pytest.mark.parametrize("mark", list("=+-@\t"))
def test_no_cell_or_heading_begins_a_formula(mark: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({f"{mark}HYPERLINK(1)": [f"{mark}cmd|' /C calc'!A0", "-0.5"], "score": [-0.5, 1.0]})
    lines = write_csv(frame, tmp_path / "a.csv").read_text().splitlines()
    assert [line.lstrip('"')[0] for line in lines] == ["'", "'", "-"]
    assert lines[1].endswith(",-0.5"), "numbers stay numbers"


@pytest.mark.parametrize("value", ["x" * 90, b"y" * 90, ["z" * 90]])
def test_a_value_is_shown_by_its_beginning(value: object) -> None:
    assert len(shown.shown(value)) < 100
    assert shown.shown(value).endswith("…")
