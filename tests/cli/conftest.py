"""Fixtures of the command line's tests: `main` called in this process, a place of its own, small inputs."""

from __future__ import annotations

import contextlib
import functools
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import typer

import harness
from harness.cli import main
from harness.measurements import registry as measurements
from harness.proxies import registry
from tests.cli.columns import ACCURACY, LATENCY
from tests.workers import worker_threads

TINY = ("--width", "4", "--depth", "1", "--batch-size", "4", "--image-size", "8", "--classes", "3")
COMMAND = functools.cache(typer.main.get_command)
"""The parsers of all commands, which a process builds once."""
PROGRAM = Path(sys.executable).with_name("nasinit")


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def run_main(*arguments: object, stdin: str = "") -> Ended:
    """`nasinit ARGUMENTS` in this process, errors handled as on the command line."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(typer.main, "get_command", COMMAND)
        patch.setattr(sys, "argv", ["nasinit", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.StringIO(stdin))
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def nasinit() -> Callable[..., Ended]:
    return run_main


@pytest.fixture(scope="session")
def tiny() -> tuple[str, ...]:
    return TINY


@pytest.fixture(scope="session")
def program() -> str:
    """The installed command, for what needs a process of its own."""
    assert PROGRAM.is_file(), "install the package into the environment that runs the tests"
    return str(PROGRAM)


@pytest.fixture(scope="module", autouse=True)
def _place_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is written into the repository or the user's cache, and no proxy or measurement stays registered.

    Workers are threads but for what asks for `worker_processes`.
    """
    registry.load_builtin()
    before, modules = dict(registry._REGISTRY), set(sys.modules)
    with pytest.MonkeyPatch.context() as patch, worker_threads():
        patch.setattr(measurements, "_REGISTRY", dict(measurements._REGISTRY))
        patch.setenv("NASINIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("pulled")))
        patch.delenv("NASINIT_DATA", raising=False)
        patch.chdir(tmp_path_factory.mktemp("here"))
        yield
    registry._REGISTRY.clear()
    registry._REGISTRY.update(before)
    for name in set(sys.modules) - modules:
        if name.startswith("loaded_"):
            del sys.modules[name]


@pytest.fixture(scope="session")
def cells() -> list[str]:
    """The first cells of the sample with seed 0."""
    return [str(cell) for cell in harness.open_space("nasbench201").sample(12)]


@pytest.fixture(scope="session")
def table_rows(cells: list[str]) -> list[str]:
    """A small official-style table of those cells, line by line."""
    lines = ["architecture,cifar10_test_200ep_pct,cifar100_test_200ep_pct"]
    return lines + [f"{cell},{80 + place % 7},{50 + place % 5}.25" for place, cell in enumerate(cells)]


@pytest.fixture(scope="module")
def table(table_rows: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "small.csv"
    path.write_text("\n".join([*table_rows, ""]))
    return path


@pytest.fixture
def latencies(cells: list[str], tmp_path: Path) -> Path:
    """A table of the user's own, without the last cell: the latency of each rises with its place in the sample."""
    path = tmp_path / "board.csv"
    rows = [f"{cell},{place + 1}.5,{place}" for place, cell in enumerate(cells[:-1])]
    path.write_text("\n".join([f"architecture,{LATENCY},{ACCURACY}", *rows, ""]))
    return path


@pytest.fixture(scope="module")
def store(cells: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the sizes of the cells, which need no network: made in no time."""
    path = tmp_path_factory.mktemp("store") / "sizes.sqlite"
    ended = run_main("score", "--sample", len(cells), "--proxies", "params,flops", "--store", path, *TINY)
    assert ended.code == 0, ended.err
    return path


@pytest.fixture
def refuse(nasinit: Callable[..., Ended]) -> Callable[..., str]:
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


@pytest.fixture
def refused(refuse: Callable[..., str]) -> Callable[..., str]:
    """As `refuse`, of a message that must be a single line."""

    def in_a_line(*arguments: object) -> str:
        message = refuse(*arguments)
        assert "\n" not in message
        return message

    return in_a_line
