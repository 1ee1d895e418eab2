"""The direction of a column on the command line: printed, and stated by the user."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import benchmarks
import harness
from harness.scoring.files import read_scores

Run = Callable[..., Any]


@pytest.fixture
def unclear(cells: list[str], tmp_path: Path) -> Path:
    """A table with a column whose name tells no direction, and lower is better."""
    path = tmp_path / "unclear.csv"
    path.write_text(
        "\n".join(["architecture,badness", *(f"{cell},{place}" for place, cell in enumerate(cells))]) + "\n"
    )
    return path


def test_a_direction_is_printed_and_the_user_may_state_it(nasinit: Run, store: Path, unclear: Path) -> None:
    options = ["correlate", store, "--table", unclear, "--column", "badness", "--resamples", 5]
    guessed, stated = nasinit(*options), nasinit(*options, "--lower-is-better", "badness")
    assert (guessed.code, stated.code) == (0, 0), guessed.err + stated.err
    assert "higher is better, by its name (else: --lower-is-better badness)\n" in guessed.out
    assert "lower is better\n" in stated.out
    assert "Lower badness is better." in " ".join(stated.out.split())


@pytest.mark.parametrize(
    "command",
    [
        ("correlate", "--resamples", 5),
        ("plot", "scatter", "--resamples", 5, "--out", "p.svg"),
        ("plot", "critical-difference", "--resamples", 5, "--out", "p.svg"),
        ("transfer", "--resamples", 5),
        ("report", "--resamples", 5, "--out", "p.html"),
    ],
    ids=lambda command: command[1] if command[0] == "plot" else command[0],
)
def test_every_command_takes_directions(
    nasinit: Run, store: Path, unclear: Path, command: tuple[object, ...], tmp_path: Path
) -> None:
    name, *options = command
    kind = [options.pop(0)] if name == "plot" else []
    files = [store]
    if name == "transfer":
        read_scores(store).frame.to_csv(other := tmp_path / "other.csv", index=False)
        files.append(other)
    given = [name, *kind, *files, "--table", unclear, "--column", "badness", *options]
    ended = nasinit(*given, "--lower-is-better", "badness")
    assert ended.code == 0, ended.err
    assert re.search(r"badness: .*lower is better\n", ended.out)
    wrong = nasinit(*given, "--higher-is-better", "badnes")
    assert wrong.code == 2
    assert "unknown column of --lower-is-better or --higher-is-better 'badnes'. Did you mean 'badness'?" in wrong.err


def test_python_takes_a_direction_too(store: Path, unclear: Path) -> None:
    frame, table = read_scores(store).frame, benchmarks.open_table(unclear)
    for stated in (None, True, False):
        ranking = harness.correlate(frame, table, "badness", resamples=2, higher_is_better=stated)
        assert ranking.higher_is_better == (stated is not False)
