"""What is printed: nothing that controls a terminal, plain letters where an encoding has no others; its failures."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import listing
from harness.errors import HarnessError, StoreNotice
from harness.progress import progress_bar
from harness.scoring.files import read_scores
from harness.text import terminal
from harness.text.terminal import Inert, OutputError, inert

Run = Callable[..., Any]
ESCAPES = "\x1b]0;pwn\x07\x1b[31mred\x9b2J\u202e"
ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "import sys; sys.argv[0] = 'nasinit'\nfrom harness.cli import main\nmain()"]


def nasinit_process(*arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.run([*PROGRAM, *map(str, arguments)], env=environment, stderr=subprocess.PIPE, **options)


@given(st.text())
def test_no_control_character_is_left_and_other_text_is_the_same(text: str) -> None:
    shown = inert(text)
    assert not any(letter < " " and letter not in "\n\t" for letter in shown)
    assert not set(shown) & {"\x7f", "\x9b", "\u202e", "\u2066", "\r"}
    assert shown == text or len(shown) > len(text)
    shown.encode()


@pytest.fixture
def hostile(cells: list[str], tmp_path: Path) -> Path:
    """Scores whose proxies have names that control terminals and spreadsheets."""
    names = [f"{ESCAPES}{place}" for place in range(2)] + [
        "=HYPERLINK(1)",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "NA",
        "'=x",
    ]
    rows = [(cell, name, place) for name in names for place, cell in enumerate(cells)]
    path = tmp_path / "hostile.csv"
    pd.DataFrame(rows, columns=["architecture", "proxy", "score"]).to_csv(path, index=False)
    return path


def test_names_from_a_file_control_neither_terminal_nor_spreadsheet(
    nasinit: Run, hostile: Path, table: Path, tmp_path: Path
) -> None:
    written = tmp_path / "out.csv"
    ended = nasinit("correlate", hostile, "--table", table, "--resamples", 5, "--csv", written)
    assert (ended.code, ended.err) == (0, "")
    assert "\\x1b]0;pwn" in ended.out
    assert "\\x1b[31mred\\x9b2J\\u202e0" in ended.out
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(ended.out)
    lines = [line.lstrip('"') for line in written.read_text(encoding="utf-8").splitlines()[1:]]
    assert not [line for line in lines if line[0] in "=+-@\t\r"]
    frame = pd.read_csv(written, keep_default_na=False)
    assert {"'=HYPERLINK(1)", "'+1+1", "'-2+3", "'@SUM(A1)", "NA"} < set(frame["proxy"])
    assert set(read_scores(hostile).frame["proxy"]) > {"=HYPERLINK(1)", "-2+3", "NA"}


def test_a_message_about_a_file_does_not_control_the_terminal_either(nasinit: Run, tmp_path: Path) -> None:
    ended = nasinit("correlate", tmp_path / f"{ESCAPES}.csv")
    assert ended.code == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.err)
    ended = nasinit("list", f"tables{ESCAPES}")
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.err)


def test_options_that_do_not_exist_are_printed_inert(nasinit: Run) -> None:
    ended = nasinit("correlate", f"--{ESCAPES}")
    assert ended.code == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.err + ended.out)


def test_a_note_of_the_bar_is_inert_but_the_bar_may_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    with terminal.inert_output(), progress_bar(2) as advance:
        advance("\x1b[31mnote")
        print("\x1b]0;above\x07")
    assert "\\x1b[31mnote" in screen.getvalue()
    assert "\\x1b]0;above\\x07" in screen.getvalue()
    assert "\x1b[31m" not in screen.getvalue()
    assert "\x1b[?25h" in screen.getvalue(), "the bar shows the cursor again, past the inert stream"


@pytest.mark.slow
def test_an_ascii_terminal_gets_plain_letters(store: Path, table: Path) -> None:
    done = nasinit_process(
        "correlate", store, "--table", table, "--resamples", 5, stdout=subprocess.PIPE,
        env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Kendall tau-b" in done.stdout
    assert done.stdout.isascii()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is not here")
def test_a_full_device_is_one_line_and_exit_1() -> None:
    with open("/dev/full", "wb") as full:
        done = nasinit_process("list", "proxies", stdout=full)
    assert done.returncode == 1
    assert done.stderr == f"nasinit: cannot write the output: {os.strerror(errno.ENOSPC)}\n".encode()


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = nasinit_process("list", "proxies", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


class Refusing(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.EIO, "broken")


def test_an_error_of_the_stream_is_told_from_one_of_a_command() -> None:
    with pytest.raises(OutputError, match="broken") as caught:
        Inert(Refusing()).write("x")
    assert isinstance(caught.value.__cause__, OSError)


UNFORESEEN = {
    "memory": (MemoryError(), 1, "the memory is not enough"),
    "memory of torch": (RuntimeError("can't allocate memory: 9 bytes"), 1, "the memory is not enough"),
    "recursion": (RecursionError("too deep"), 1, "RecursionError: too deep. It was not foreseen: with"),
    "overflow": (OverflowError("too large"), 1, "OverflowError: too large"),
    "unicode": (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), 1, "UnicodeDecodeError"),
    "a fault of ours": (KeyError("x" * 9000), 1, "KeyError: 'xxx"),
    "full disk": (OSError(errno.ENOSPC, "No space left", "a.csv"), 1, "a.csv: No space left"),
    "too many files": (OSError(errno.EMFILE, "Too many open files"), 1, "Too many open files"),
    "long name": (OSError(errno.ENAMETOOLONG, "File name too long", "b" * 5000), 2, "File name too long"),
    "no permission": (PermissionError(errno.EACCES, "Permission denied", "c"), 2, "c: Permission denied"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNFORESEEN)
def test_an_unforeseen_error_is_one_line(nasinit: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    error, code, message = UNFORESEEN[name]

    def fail() -> None:
        raise error

    monkeypatch.setattr(listing, "_spaces", fail)
    ended = nasinit("list", "spaces")
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(f"nasinit: {message}" if len(message) < 60 else "nasinit: ") or message in ended.err
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert len(ended.err) < 400
    monkeypatch.setenv("NASINIT_TRACEBACK", "1")
    with pytest.raises(type(error)):
        nasinit("list", "spaces")


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, 1), (errno.EACCES, 2)])
def test_a_full_disk_is_no_bad_input(nasinit: Run, monkeypatch: pytest.MonkeyPatch, number: int, code: int) -> None:
    def fail() -> None:
        raise HarnessError("cannot write out.csv") from OSError(number, os.strerror(number))

    monkeypatch.setattr(listing, "_spaces", fail)
    assert nasinit("list", "spaces").code == code


def test_a_very_long_message_is_cut(nasinit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise HarnessError("x" * 100_000)

    monkeypatch.setattr(listing, "_spaces", fail)
    assert len(nasinit("list", "spaces").err) < 5100


@pytest.mark.parametrize("value", [2**20 + 1, 2**31, 2**63 - 1, 2**64])
@pytest.mark.parametrize("option", ["--batch-size", "--image-size", "--classes", "--width", "--depth", "--probes"])
def test_sizes_that_no_machine_holds_are_refused(refused: Run, option: str, value: int) -> None:
    message = refused("score", "--sample", 2, "--proxies", "params", "--store", "s.sqlite", option, value)
    assert "must be at most 1,048,576, got" in message


@pytest.mark.parametrize(
    "command",
    [
        ("score", "--proxies", "params", "--table"),
        ("score", "--sample", 2, "--proxies", "params", "--load"),
        ("score", "--proxies", "params", "--architectures"),
        ("correlate",),
        ("list", "tables"),
        ("convert", "--to", "a.parquet"),
        ("draw", "--out", "a.svg"),
        ("report",),
        ("stability",),
    ],
    ids=lambda command: command[0],
)
def test_paths_longer_than_any_system_takes_are_refused_in_a_line(nasinit: Run, command: tuple[object, ...]) -> None:
    for path in ("a" * 5000, "a" * 5000 + ".csv", "b/" * 3000 + "c.parquet"):
        ended = nasinit(*command, path)
        assert ended.code == 2, (ended.err[:300], path[:20])
        assert "Traceback" not in ended.err
        assert ended.err.count("\n") <= 3
        assert len(ended.err) < 11_000


def test_notices_are_inert(nasinit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import warnings

    monkeypatch.setattr(listing, "_spaces", lambda: warnings.warn(f"notice {ESCAPES}", StoreNotice, stacklevel=1))
    ended = nasinit("list", "spaces")
    assert ended.err.startswith("nasinit: notice \\x1b")
