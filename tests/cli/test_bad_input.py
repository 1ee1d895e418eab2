"""Bad input: one message that names it, exit code 2, no traceback, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scroe"], "No such command 'scroe'. Did you mean 'score'"),
        (["score", "--smaple", "3"], "has no option '--smaple'. Did you mean --sample?"),
        (["score", "--sample", "three"], "Invalid value for '--sample'"),
        (["list"], "Missing argument 'spaces|proxies|measurements|searches|tables'"),
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
        (["--sample", "3", "--batch-size", "1"], "batch_size must be a whole number from 2, got 1"),
        (["--sample", "3", "--width", "0"], "width must be a whole number from 1, got 0"),
        (["--sample", "3", "--seed", "-1"], "seed must be a whole number from 0, got -1"),
        (["--sample", "3", "--device", "tpu"], "device must be 'cpu', 'cuda' or 'cuda:1', got 'tpu'"),
        (["--sample", "3", "--device", "cuda:0,tpu"], "several GPUs are named as in cuda:0,cuda:2"),
        (["--sample", "3", "--device", "cuda:0,cuda:0"], "device 'cuda:0,cuda:0' names a GPU twice"),
        (["--sample", "3", "--device", "cpu,cuda:0"], "cpu stands alone, and so does cuda, which is all GPUs"),
        (["--sample", "3", "--workers-per-device", "2"], "workers_per_device is for GPUs of this machine"),
        (["--sample", "3", "--workers", "0"], "workers must be a whole number from 1, got 0"),
        (["--sample", "15626"], "cannot sample 15,626 architectures: the space has 15,625"),
        (["--sample", "0"], "cannot sample 0 architectures"),
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
        "unknown kind of list 'proxy'. Did you mean 'proxies'? Known: measurements, proxies, searches, spaces, tables"
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
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "s.csv", "s.csv.json", "s.sqlite"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["correlate", "--resamples", "0"], "--resamples must be at least 1, got 0"),
        (["correlate", "--csv", "/proc/made/r.csv"], "cannot write '/proc/made/r.csv': "),
        (["correlate", "--latex", "/proc/made/r.tex"], "cannot write '/proc/made/r.tex': "),
        (["correlate", "--latex", ""], "--latex needs the name of a file, got '.'"),
        (["correlate", "--markdown", ".."], "--markdown needs the name of a file, got '..'"),
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
