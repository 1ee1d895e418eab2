"""CSV files as text: what is read, what is refused. Faults of the file itself are in the official table's tests."""

import csv
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import TableError
from benchmarks.formats.csv_rows import parsed, read_rows


def test_cells_are_kept_as_text_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "a.csv"
    rows = [["b", "a, quoted"], ["1", "x\ny"], ["02", 'say "so"']]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = read_rows(path)
    assert found.cells == {"b": ("1", "02"), "a, quoted": ("x\ny", 'say "so"')}
    assert len(found) == 2
    assert found.others(["b"]) == ["a, quoted"]
    assert found.numbers("b").tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("a,,b\n1,2,3\n", "column 1 (from 0) has no name"),
        (" ,b\n1,2\n", "column 0 (from 0) has no name"),
        ("a,b,a\n1,2,3\n", "column 'a' is there twice"),
        ("a,b\n1,2\n3\n", "row 1 has 1 cells, the header 2 (last column in both: 'a')"),
        ("a\n\n\n", "is empty: it has 1 lines"),
    ],
)
def test_a_broken_header_or_row_is_named(tmp_path, content, complaint):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(TableError, match=r"a\.csv.*" + re.escape(complaint)):
        read_rows(tmp_path / "a.csv")


def test_a_missing_column_names_those_that_are_there(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"a\.csv: column 'c' is missing; the file has: a, b"):
        read_rows(tmp_path / "a.csv").column("c")


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_numbers_come_back_to_the_last_bit(numbers):
    assert parsed("a.csv", "a", [repr(number) for number in numbers]).tolist() == numbers


def test_empty_cells_are_missing():
    np.testing.assert_array_equal(parsed("a.csv", "a", ["", "1e3", "nan", " 5 "]), [math.nan, 1000, math.nan, 5])


@pytest.mark.parametrize("cell", ["1_000", "1,5", "0x10", "-", "one", "5 %", "--1", "1e", "é"])
def test_text_is_named_with_its_row(cell):
    with pytest.raises(TableError, match=re.escape(f"a.csv: row 2, column 'a': {cell!r} is not a number; mend it")):
        parsed("a.csv", "a", ["1", "", cell])
    with pytest.raises(TableError, match="row 2, "):
        parsed("a.csv", "a", ["1", "", cell, "later"])
