"""Bad input: one message that names it, exit code 2, no traceback, nothing lost."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]
RANKING = (("correlate",), ("plot", "scatter"))


@pytest.fixture
def refuse(nasinit: Run) -> Callable[..., str]:
    """Runs a command that must be refused; its message, which is all of standard error."""

    def refused(*arguments: object, stdin: str = "") -> str:
        ended = nasinit(*arguments, stdin=stdin)
        assert ended.code == 2, ended
        assert "Traceback" not in ended.out + ended.err
        assert ended.err.startswith("nasinit: ")
        assert ended.err.count("nasinit: ") == 1
        message: str = ended.err.removeprefix("nasinit: ").rstrip("\n")
        return message

    return refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scroe"], "No such command 'scroe'. Did you mean 'score'?"),
        (["score", "--smaple", "3"], "No such option: --smaple"),
        (["score", "--sample", "three"], "Invalid value for '--sample'"),
        (["list"], "Missing argument 'spaces|proxies|searches|tables'"),
        (["score", "--seed"], "'--seed' requires an argument"),
    ],
)
def test_what_the_parser_refuses(nasinit: Run, arguments: list[str], message: str) -> None:
    ended = nasinit(*arguments)
    assert ended.code == 2
    assert message in ended.err
    assert "Usage: python" not in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sample", "3", "--proxies", "grad_nrom"], "unknown proxy 'grad_nrom'. Did you mean 'grad_norm'? Known: "),
        (["--sample", "3", "--proxies", " , "], "no names in ' , ': give them with commas"),
        (["--sample", "3", "--space", "nasbench202"], "unknown space 'nasbench202'. Did you mean 'nasbench201'?"),
        (["--sample", "3", "--bn", "evla"], "unknown bn 'evla'. Did you mean 'eval'? Known: eval, train"),
        (["--sample", "3", "--init", "xaver"], "unknown init 'xaver'. Did you mean 'xavier'?"),
        (["--sample", "3", "--input", "gausian"], "unknown input 'gausian'. Did you mean 'gaussian'?"),
        (["--sample", "3", "--loss", "mse"], "unknown loss 'mse'."),
        (["--sample", "3", "--labels", "true"], "labels 'true' need images: input 'gaussian' is noise"),
        (["--sample", "3", "--batch-size", "1"], "batch_size must be at least 2, got 1"),
        (["--sample", "3", "--width", "0"], "width must be at least 1, got 0"),
        (["--sample", "3", "--seed", "-1"], "seed must be at least 0, got -1"),
        (["--sample", "3", "--device", "tpu"], "device must be 'cpu', 'cuda' or 'cuda:1', got 'tpu'"),
        (["--sample", "3", "--workers", "0"], "workers must be a whole number from 1, got 0"),
        (["--sample", "15626"], "cannot sample 15,626 cells: the space has 15,625"),
        (["--sample", "0"], "cannot sample 0 cells"),
        ([], "give one of --sample N, --all, --architectures FILE and --table NAME; got none of them"),
        (["--sample", "3", "--all"], "got --sample and --all"),
        (["--sample", "3", "--architectures", "-"], "got --sample and --architectures"),
        (["--architectures", "missing.txt"], "cannot read architectures from missing.txt: "),
        (["--architectures", "."], "cannot read architectures from .: "),
        (["--architectures", "-"], "- holds no architecture: expected one a line"),
        (["--sample", "3", "--input", "cifar10"], "needs the folder of CIFAR-10's binary files"),
        (["--sample", "3", "--input", "cifar10", "--data", "nowhere"], "no data_batch_*.bin in nowhere"),
        (["--sample", "3", "--input", "cifar10", "--image-size", "8"], "CIFAR-10 images are 3 x 32 x 32"),
        (["--sample", "3", "--load", "missing.py"], "--load missing.py: there is no such file"),
        (["--sample", "3", "--store", "no/folder/s.sqlite"], "cannot make the store no/folder/s.sqlite: there is no"),
        (["--sample", "3", "--store", "."], "cannot open the store .: unable to open database file. Give a path"),
        (["--sample", "3", "--store", "/proc/s.sqlite"], "cannot open the store /proc/s.sqlite: unable to open"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_score_refuses(
    refuse: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refuse("score", *arguments)
    assert list(tmp_path.iterdir()) == [], "nothing is made"


def test_an_unknown_list(refuse: Callable[..., str]) -> None:
    assert refuse("list", "proxy") == (
        "unknown kind of list 'proxy'. Did you mean 'proxies'? Known: proxies, searches, spaces, tables"
    )


def test_a_data_folder_that_is_none(
    refuse: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path / "nowhere"))
    for arguments in (("list", "tables"), ("correlate", store)):
        assert f"NASINIT_DATA is '{tmp_path / 'nowhere'}', which is not a folder" in refuse(*arguments)


@pytest.mark.parametrize("from_input", [False, True], ids=["file", "input"])
def test_a_misspelt_cell_is_named_with_its_line(
    refuse: Callable[..., str], cells: list[str], tmp_path: Path, from_input: bool
) -> None:
    wrong = cells[1].replace("nor_conv_1x1", "nor_conv_1x2", 1)
    assert wrong != cells[1]
    file = tmp_path / "cells.txt"
    text = "\n".join(["# cells", cells[0], "", wrong, cells[2]])
    file.write_text(text)
    store = tmp_path / "s.sqlite"
    where = "-" if from_input else str(file)
    message = refuse("score", "--architectures", where, "--store", store, stdin=text)
    assert message.startswith(f"{where}, line 4: malformed NAS-Bench-201 cell {wrong!r}: unknown operation")
    assert "Did you mean 'nor_conv_1x1'?" in message
    assert not store.exists()


def test_architectures_that_are_no_text(refuse: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "cells.bin").write_bytes(b"\x80\x04\x95\xff")
    assert "cannot read architectures from" in refuse("score", "--architectures", tmp_path / "cells.bin")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("raises.py", b"1 / 0\n", "ZeroDivisionError: division by zero"),
        ("leaves.py", b"import sys\nsys.exit('bye')\n", "SystemExit: bye"),
        ("broken.py", b"def f(:\n", "SyntaxError: "),
        ("binary.py", b"\x00\xff\x80binary", "Error: "),
        ("notes.txt", b"my proxies\n", "not a Python file (its name must end in .py)"),
        ("imports.py", b"import no_such_module_here\n", "ModuleNotFoundError: No module named 'no_such_module_here'"),
        (
            "needs.py",
            b"import harness\n@harness.proxy(source='me')\ndef mine(loss_gradeint):\n    return 1.0\n",
            "proxy 'mine': unknown measurement 'loss_gradeint'. Did you mean 'loss_gradient'?",
        ),
        (
            "taken.py",
            b"import harness\n@harness.proxy(source='me')\ndef grad_norm(loss_gradient):\n    return 1.0\n",
            "'grad_norm' is a built-in proxy: give the function another name",
        ),
    ],
)
def test_a_file_of_proxies_that_does_not_load(
    refuse: Callable[..., str], tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    file, store = tmp_path / name, tmp_path / "s.sqlite"
    file.write_bytes(content)
    text = refuse("score", "--sample", 3, "--load", file, "--store", store)
    assert text.startswith(f"--load {file}: ")
    assert message in text
    assert not store.exists()


def test_a_proxy_that_cannot_travel(refuse: Callable[..., str], tmp_path: Path, tiny: tuple[str, ...]) -> None:
    file = tmp_path / "locked.py"
    file.write_text(
        "import threading\nimport harness\nLOCK = threading.Lock()\n@harness.proxy(source='me')\n"
        "def locked(loss_gradient):\n    with LOCK:\n        return 1.0\n"
    )
    text = refuse(
        "score", "--sample", 3, "--load", file, "--proxies", "locked", "--store", tmp_path / "s.sqlite", *tiny
    )
    assert "locked refers to something that cannot be sent to a worker process" in text


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
        "misspelt.csv": ["row 0, column 'architecture'", "is not a NAS-Bench-201 cell"],
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
        (b"", "is neither a store nor a CSV of scores: No columns to parse from file"),
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
    for path, message in ((newer, "is a store of version 9; this release reads version 1"), (foreign, "another prog")):
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


# --- what comes out ---


def test_an_output_that_cannot_be_written_loses_no_score(
    refuse: Callable[..., str], nasinit: Run, tmp_path: Path, tiny: tuple[str, ...]
) -> None:
    store = tmp_path / "s.sqlite"
    arguments = ("score", "--sample", 4, "--proxies", "params", "--store", store, *tiny)
    (tmp_path / "file").touch()
    for out, message in (
        ("/proc/made/s.csv", "cannot write '/proc/made/s.csv': "),
        (tmp_path / "file" / "s.csv", "cannot write "),
        (tmp_path / "s.txt", "a CSV file is written as .csv"),
    ):
        assert message in refuse(*arguments, "--out", out)
    assert nasinit(*arguments, "--out", tmp_path / "s.csv").code == 0
    assert len(pd.read_csv(tmp_path / "s.csv")) == 4
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "s.csv", "s.sqlite"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["correlate", "--resamples", "0"], "--resamples must be at least 1, got 0"),
        (["correlate", "--csv", "/proc/made/r.csv"], "cannot write '/proc/made/r.csv': "),
        (["correlate", "--latex", "/proc/made/r.tex"], "cannot write '/proc/made/r.tex': "),
        (["correlate", "--csv", "r.txt"], "a CSV file is written as .csv; got 'r.txt' with suffix '.txt'"),
        (["plot scatter", "--out", "figure.jpg"], "a figure is written as .png, .svg, .pdf; got 'figure.jpg'"),
        (["plot scatter", "--out", "/proc/made/figure.png"], "cannot write '/proc/made/figure.png': "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_rankings_and_figures_that_cannot_be_made(
    refuse: Callable[..., str], store: Path, table: Path, arguments: list[str], message: str
) -> None:
    command, *options = arguments
    resamples = [] if "--resamples" in options else ["--resamples", "10"]
    assert message in refuse(*command.split(), store, "--table", table, *resamples, *options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "/proc/made"], "--out /proc/made: cannot make that folder: "),
        (["--out", "/proc"], "--out /proc: cannot write in that folder: "),
        (["--sample", "0"], "--sample must be at least 3, got 0"),
        (["--workers", "0"], "workers must be a whole number from 1, got 0"),
        (["--table", "nasbench210"], "unknown table 'nasbench210'. Did you mean 'nasbench201'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_demo_refuses(
    refuse: Callable[..., str], table: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    given = {"--out": str(tmp_path / "demo"), "--table": str(table), "--sample": "3"}
    given.update(dict([arguments]))
    assert message in refuse("demo", *(text for pair in given.items() for text in pair))
