"""Tables and scores that are none: one message that names the file and the place, exit code 2, nothing lost."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

RANKING = (("correlate",), ("plot", "scatter"))


# --- tables ---


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("nasbench210", "unknown table 'nasbench210'. Did you mean 'nasbench201'? Known: "),
        ("nasbench201-official", "nasbench201-official is not here: set the environment variable NASINIT_DATA"),
        ("missing.csv", "cannot read missing.csv: No such file or directory"),
    ],
)
def test_a_table_that_is_not_there(refuse: Callable[..., str], store: Path, table: str, message: str) -> None:
    for command in RANKING:
        assert message in refuse(*command, store, "--table", table)


@pytest.mark.parametrize("command", RANKING, ids=" ".join)
def test_a_column_that_is_not_there(
    refuse: Callable[..., str], store: Path, table: Path, command: tuple[str, ...]
) -> None:
    text = refuse(*command, store, "--table", table, "--column", "cifar10_tset_200ep_pct")
    assert "unknown column 'cifar10_tset_200ep_pct'. Did you mean 'cifar10_test_200ep_pct'? Known: " in text
    assert table.name in text


def test_a_damaged_table_is_named_with_the_place(
    refuse: Callable[..., str], store: Path, table_rows: list[str], tmp_path: Path
) -> None:
    header, first, second, *rest = table_rows
    cell, _, numbers = first.partition(",")
    damaged = {
        "cut.csv": ["row 11 has 2 cells, the header 3", "the file is cut"],
        "nan.csv": ["row 0 (from 0)", "'cifar10_test_200ep_pct'", "is missing (NaN)"],
        "twice.csv": [repr(cell), "stands in row 0 and again in row 12"],
        "misspelt.csv": ["row 0 (from 0): malformed NAS-Bench-201 cell", "names source '1', expected 0"],
        "cut_key.csv": ["row 0, column 'architecture'", "is no architecture of a known space, or is cut"],
        "text.csv": ["row 0, column 'cifar10_test_200ep_pct': 'high' is not a number"],
        "percent.csv": ["row 0 (from 0)", "is not a percentage from 0 to 100"],
        "empty.csv": ["is empty"],
        "cut.csv.gz": ["is cut or damaged"],
        "plain.csv.gz": ["is not a gzip file"],
    }
    contents = {
        "cut.csv": "\n".join(table_rows)[: -len(rest[-1].rpartition(",")[2]) - 1],
        "nan.csv": "\n".join([header, f"{cell},nan,50", second, *rest]),
        "twice.csv": "\n".join([*table_rows, first]),
        "misspelt.csv": "\n".join([header, f"{cell.replace('~0', '~1', 1)},{numbers}", second, *rest]),
        "cut_key.csv": "\n".join([header, f"{cell[:-1]},{numbers}", second, *rest]),
        "text.csv": "\n".join([header, f"{cell},high,50", second, *rest]),
        "percent.csv": "\n".join([header, f"{cell},101,50", second, *rest]),
        "empty.csv": "",
        "cut.csv.gz": gzip.compress("\n".join(table_rows).encode())[:-40],
        "plain.csv.gz": "\n".join(table_rows),
    }
    assert damaged.keys() == contents.keys()
    for name, content in contents.items():
        case, _, suffix = name.partition(".")
        file = (
            tmp_path / case / f"nasbench201_official.{suffix}"
        )  # under any other name it is a table of the user's own
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        text = refuse("correlate", store, "--table", file)
        assert [part for part in (str(file), *damaged[name]) if part not in text] == [], text


# --- scores ---


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cell,proxy,score\nx,y,1\n", "architecture"),
        (b"architecture,proxy,value\nx,y,1\n", "unknown column of the scores: wanted 'score'"),
        (b"\x00\xff\xfe\x80garbage\x01" * 50, ""),
        (b"", "is empty: if there were scores in it, they are lost"),
        (b"architecture,proxy,score\n", "there are no scores to rank"),
        (b"architecture,proxy,score\n|none~0|,grad_norm,1\n", "malformed NAS-Bench-201 cell '|none~0|'"),
        (b"architecture,proxy,score\n,grad_norm,1\n", "malformed NAS-Bench-201 cell 'nan'"),
        (b"architecture,proxy,score\na,b,1\na,b,1,2,3\n", "is neither a store nor a CSV of scores"),
        (b"SQLite format 3\x00 and so on" * 99, "It is damaged or another kind of file; it was not changed"),
    ],
)
def test_scores_that_are_none(
    refuse: Callable[..., str], table: Path, tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "scores.csv"
    file.write_bytes(content)
    assert message in refuse("correlate", file, "--table", table)
    assert file.read_bytes() == content


def test_scores_that_contradict_each_other(
    refuse: Callable[..., str], cells: list[str], table: Path, tmp_path: Path
) -> None:
    file = tmp_path / "scores.csv"
    rows = [f"{cell},mine,{place}" for place, cell in enumerate(cells)]
    for line, message in (
        (
            f"{cells[0]},mine,7",
            f"1 scores stand twice and differ, the first is mine for {cells[0]} (0 and 7): give the scores",
        ),
        (f"{cells[0]},other,high", f"the score 'high' of other for {cells[0]} is not a number"),
    ):
        file.write_text("\n".join(["architecture,proxy,score", *rows, line]))
        assert message in refuse("correlate", file, "--table", table)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.sqlite", "no scores at missing.sqlite: `nasinit score --sample 200` makes scores.sqlite"),
        (".", "no scores at .: "),
        ("/proc/self/mem", "cannot read /proc/self/mem: Input/output error"),
    ],
)
def test_scores_that_cannot_be_read(refuse: Callable[..., str], table: Path, path: str, message: str) -> None:
    for command in RANKING:
        assert message in refuse(*command, path, "--table", table)


def test_a_run_that_is_not_there(refuse: Callable[..., str], store: Path, table: Path, tmp_path: Path) -> None:
    for number in (99, 0, -1):
        assert f"{store} has no run {number}; it holds runs 1 to 1" in refuse(
            "correlate", store, "--table", table, "--run", number
        )
    (tmp_path / "s.csv").write_text("architecture,proxy,score\n")
    assert "is a CSV file and has no runs" in refuse("correlate", tmp_path / "s.csv", "--table", table, "--run", 1)


def test_a_store_of_another_version_or_program_is_left_alone(
    refuse: Callable[..., str], store: Path, table: Path, tmp_path: Path, tiny: tuple[str, ...]
) -> None:
    newer, foreign = tmp_path / "newer.sqlite", tmp_path / "foreign.sqlite"
    shutil.copy(store, newer)
    for path, statement in ((newer, "PRAGMA user_version = 9"), (foreign, "CREATE TABLE mail (body TEXT)")):
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.close()
    for path, message in (
        (newer, "is a store of version 9; this release reads versions 1 and 2"),
        (foreign, "another prog"),
    ):
        before = path.read_bytes()
        for arguments in (
            ("correlate", path, "--table", table),
            ("plot", "scatter", path, "--table", table),
            ("score", "--sample", 3, "--proxies", "params", "--store", path, *tiny),
        ):
            text = refuse(*arguments)
            assert message in text
            assert str(path) in text
        assert path.read_bytes() == before
