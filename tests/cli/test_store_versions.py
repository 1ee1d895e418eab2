"""Stores of version 1, and damaged ones, on the command line."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import harness
from tests.scoring.store.stores import VERSION_1, copy_of_version_1


@pytest.fixture
def its_table(tmp_path: Path) -> Path:
    """A table of the cells of the first run of the store of version 1."""
    with harness.Store(copy_of_version_1(tmp_path), readonly=True) as store:
        cells = store.runs()[0].scored_as
    path = tmp_path / "table.csv"
    rows = [f"{cell},{80 + place}" for place, cell in enumerate(cells)]
    path.write_text("\n".join(["architecture,cifar10_test_200ep_pct", *rows, ""]))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("command", [("correlate",), ("report", "--out", "page.html")], ids=" ".join)
def test_who_shows_scores_changes_no_store(
    nasinit: Callable[..., Any], its_table: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "scores.sqlite"
    name, *more = command
    ended = nasinit(name, path, "--run", 1, "--table", its_table, "--resamples", 20, *more)
    assert ended.code == 0, ended.err
    assert "version" not in ended.err
    assert path.read_bytes() == VERSION_1.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["scores.sqlite", "table.csv"]


def test_who_scores_is_told_in_a_line_where_the_original_is(
    nasinit: Callable[..., Any], its_table: Path, tmp_path: Path, tiny: tuple[str, ...]
) -> None:
    path = tmp_path / "scores.sqlite"
    arguments = ("score", "--table", its_table, "--proxies", "params", "--store", path, *tiny)
    ended = nasinit(*arguments)
    assert ended.code == 0, ended.err
    kept = tmp_path / "scores.version-1.sqlite"
    assert ended.err == (
        f"nasinit: {path} is brought from version 1 of the store to version 2, with the same rows; "
        f"the original is kept as {kept}\n"
    )
    assert kept.read_bytes() == VERSION_1.read_bytes()
    again = nasinit(*arguments)
    assert (again.code, again.err) == (0, "")


def test_a_damaged_score_is_named_and_nothing_is_ranked_or_scored(
    refused: Callable[..., str], store: Path, table: Path, cells: list[str], tmp_path: Path, tiny: tuple[str, ...]
) -> None:
    path = Path(shutil.copyfile(store, tmp_path / "s.sqlite"))
    connection = sqlite3.connect(path)
    connection.execute("UPDATE score SET value = value * 2 WHERE proxy = 'flops' AND architecture = ?", (cells[3],))
    connection.commit()
    connection.close()
    named = f"rows, first in the score of flops for {cells[3]}, setting 1: use a whole copy of the store"
    for command in (
        ("correlate", path, "--table", table),
        ("report", path, "--table", table, "--out", tmp_path / "page.html"),
        ("score", "--sample", len(cells), "--proxies", "params,flops", "--store", path, *tiny),
    ):
        message = refused(*command)
        assert message.startswith(f"{path} is damaged in 1 of ")
        assert named in message
    assert os.listdir(tmp_path) == ["s.sqlite"]
