"""Any option with any value, taken from the command line's own definitions: an exit code and a line, no traceback."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cli import app
from tests.cli.conftest import TINY, run_main
from tests.sampling import one_in

BASES: dict[str, tuple[object, ...]] = {
    "list": (),
    "score": ("--sample", 1, "--proxies", "params", *TINY),
    "correlate": ("scores.csv", "--table", "table.csv", "--resamples", 2),
    "stability": ("scores.csv", "scores.sqlite", "--resamples", 2),
    "transfer": ("scores.csv", "--table", "table.csv", "--resamples", 2),
    "plot scatter": ("scores.csv", "--table", "table.csv", "--resamples", 2, "--out", "p.svg"),
    "plot critical-difference": ("scores.csv", "--table", "table.csv", "--resamples", 2, "--out", "p.svg"),
    "plot heatmap": ("scores.csv", "--table", "table.csv", "--out", "p.svg"),
    "plot pareto": ("scores.csv", "--table", "table.csv", "--x", "latency", "--out", "p.svg"),
    "report": ("scores.csv", "--table", "table.csv", "--resamples", 2),
    "draw": (),
    "search": ("nothing",),  # no search, pull, conversion or study is started
    "measure latency": ("--sample", 1, "--repeats", 1, *TINY),
    "query": ("random_search", "--table", "table.csv", "--runs", 1, "--budget-seconds", 1),
    "predict": ("linear", "--samples", 10, "--draws", 1),
    "pull": ("nothing",),
    "convert": ("table.csv", "--to", "made.parquet"),
    "study": ("nothing",),
    "demo": ("--table", "missing.csv"),
    "store merge": ("scores.sqlite", "--into", "merged.sqlite"),
    "store import": ("sizes.csv", "--into", "merged.sqlite"),
    "store export": ("scores.sqlite", "--to", "sizes.csv"),
    "store table": ("scores.sqlite", "--to", "known.parquet"),
}
"""What each command is given, besides the options that are drawn, so that it ends soon."""

NUMBERS = [
    "-1",
    "0",
    "1",
    "2",
    "3",
    "1048577",
    str(2**31),
    str(2**63 - 1),
    str(10**30),
    "1e9",
    "nan",
    "inf",
    "-inf",
    "x",
    "",
]
TEXTS = [
    "",
    " ",
    ",",
    "=1+1",
    "\x1b[31m",
    "a" * 5000,
    "all",
    "params",
    "\udcff",
    "τ\u202e",
    "-",
    "--",
    "cpu",
    "cuda:9999",
    "[",
    "%s",
]
PATHS = [
    "missing", "folder", "folder/missing/x.csv", "a" * 5000, "b" * 300 + ".csv", "\udcff.csv", "x.svg", "-",
    "/dev/null/x.svg", "scores.csv", "scores.sqlite", "scores.json", "table.csv", "bytes.csv", "bytes.parquet",
    "cut.csv.gz", "empty.csv", "code.py",
]  # fmt: skip


def options_of() -> Iterator[tuple[str, str, bool]]:
    """(command, option, whether it takes no value) of every option that there is."""
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        kinds = getattr(command, "commands", None) or {"": command}
        for kind, one in kinds.items():
            for parameter in one.params:
                for option in getattr(parameter, "opts", []):
                    if option.startswith("-") and option not in ("--help", "-h"):
                        yield f"{name} {kind}".strip(), option, bool(getattr(parameter, "is_flag", False))


OPTIONS = sorted(set(options_of()))


@pytest.fixture(scope="module", autouse=True)
def files(_place_of_its_own: None, cells: list[str]) -> None:
    """Right files and wrong ones, in the working folder."""
    Path("folder").mkdir()
    rows = [f"{cell},{proxy},{place}" for proxy in ("params", "mine") for place, cell in enumerate(cells)]
    Path("scores.csv").write_text("\n".join(["architecture,proxy,score", *rows]) + "\n")
    rows = [f"{cell},{place},{place % 5}" for place, cell in enumerate(cells)]
    Path("table.csv").write_text("\n".join(["architecture,cifar10_test_200ep_pct,latency", *rows]) + "\n")
    Path("scores.json").write_text(json.dumps({cell: 1 for cell in cells}))
    Path("bytes.csv").write_bytes(bytes(range(256)))
    Path("bytes.parquet").write_bytes(b"PAR1" + bytes(range(256)))
    Path("cut.csv.gz").write_bytes(gzip.compress(b"architecture,proxy,score\n" * 100)[:-9])
    Path("empty.csv").write_text("")
    Path("code.py").write_text("raise SystemExit('no')\n")
    run_main("score", "--sample", 3, "--proxies", "params", "--store", "scores.sqlite", *TINY)
    run_main("store", "export", "scores.sqlite", "--to", "sizes.csv")


def test_every_command_has_its_base() -> None:
    assert {command for command, _, _ in OPTIONS} == set(BASES)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_option_with_any_value_ends_in_an_exit_code(files: None, data: st.DataObject) -> None:
    command, option, is_flag = data.draw(st.sampled_from(OPTIONS))
    value = st.sampled_from(NUMBERS + TEXTS + PATHS) | st.text(max_size=20).filter(lambda text: "\x00" not in text)
    given_value = [] if is_flag else [data.draw(value)]
    check(*command.split(), *BASES[command], option, *given_value)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(BASES)), st.lists(st.sampled_from(PATHS + TEXTS + NUMBERS), max_size=3))
def test_any_arguments_end_in_an_exit_code(files: None, command: str, arguments: list[str]) -> None:
    if command not in ("pull", "study", "demo", "search"):
        check(*command.split(), *arguments)


@pytest.mark.parametrize(
    "option", one_in(6, sorted({option for command, option, flag in OPTIONS if command == "score" and not flag}))
)
@pytest.mark.parametrize("value", [str(2**63 - 1), str(10**30), "\x1b[31m", "a" * 5000])
def test_every_option_of_score_with_the_worst_values(files: None, option: str, value: str) -> None:
    check("score", *BASES["score"], option, value)


@pytest.mark.parametrize(
    ("command", "file"),
    one_in(
        3,
        [
            pytest.param(command, file)
            for command in ("info", "check", "import --into made.sqlite", "merge --into made.sqlite")
            for file in (*PATHS, "scores.sqlite", "sizes.csv")
        ],
    ),
)
def test_any_file_is_a_store_or_not(files: None, command: str, file: str) -> None:
    check("store", *command.split(), file)


def check(*arguments: object) -> None:
    ended = run_main(*arguments)
    assert ended.code in (0, 1, 2), arguments
    assert "Traceback" not in ended.err + ended.out, (arguments, ended.err[-1500:])
    assert "not foreseen" not in ended.err, (arguments, ended.err[:1500])
    assert not {"\x1b", "\u202e"} & set(ended.err + ended.out), arguments
    if ended.code:
        assert ended.err.strip(), arguments


@pytest.mark.slow
def test_any_option_with_what_names_no_file_ends_in_an_exit_code(files: None) -> None:
    for command, option, is_flag in OPTIONS:
        for value in () if is_flag else ("", ".", "..", "/"):
            check(*command.split(), *BASES[command], option, value)
