"""What a command writes where no option names a file: what the reference says, in the current folder, and said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docs_pages.commands import written_by_default

Run = Callable[..., Any]
SEARCH = "--data noise --epochs 1 --depth 1 --width 2 --steps-per-epoch 1 --image-size 8 --batch-size 4"
COLUMNS = "--x cifar100_test_200ep_pct --y cifar10_test_200ep_pct"
LINES = {
    "nasinit score": ["score --sample 2 --proxies params"],
    "nasinit measure latency": ["measure latency --sample 2 --repeats 1 --width 2 --depth 1 --image-size 8"],
    "nasinit plot scatter": ["plot scatter {store} --table {table} --resamples 5"],
    "nasinit plot critical-difference": ["plot critical-difference {store} --table {table} --resamples 5"],
    "nasinit plot heatmap": ["plot heatmap {store} --table {table}"],
    "nasinit plot pareto": ["plot pareto {store} --table {table} " + COLUMNS],
    "nasinit report": ["report {store} --table {table} --resamples 5"],
    "nasinit draw": ["draw DARTS_V2"],
    "nasinit search": [f"search nasi {SEARCH}", f"search nasi --seeds 0-1 {SEARCH}"],
    "nasinit study": ["study beyond-size --scores {scores} --table {table}"],
}
NAMES = {
    "search-METHOD-SPACE-SEED, with --seeds searches-METHOD-SPACE": {
        "search-nasi-nasbench201-0",
        "searches-nasi-nasbench201",
    },
    "studies/NAME, with --quick studies/NAME-quick": {"studies/beyond-size"},
}
"""The names that stand for others in the reference."""
NOTHING = [
    "correlate {store} --table {table} --resamples 5",
    "stability {store} {scores} --resamples 5",
    "transfer {store} --table {table} --resamples 5",
    "query random --table analognasbench",
    "predict linear --table {table} --samples 3 --draws 1",
    "store info {store}",
    "store check {store}",
    "list proxies",
    "study",
]
"""Commands that write nothing unless they are told where."""
TAKES_MINUTES = {"nasinit demo"}


def documented() -> dict[str, set[str]]:
    """The files and folders by command, as the reference has them."""
    found: dict[str, set[str]] = {}
    for path, cells in re.findall(r"^\| `(nasinit [^`]*)` \| `[^`]*` \| (.*) \|$", written_by_default(), re.MULTILINE):
        found.setdefault(path, set()).update(NAMES.get(cells) or re.findall(r"`([^`]*)`", cells))
    return found


@pytest.fixture
def filled(store: Path, table: Path, cells: list[str], tmp_path: Path) -> Callable[[str], list[str]]:
    """The words of a line, with paths of a store, of scores that say no setting, and of a table."""
    scores = tmp_path / "scores.csv"
    rows = [f"{cell},{name},{place * 7 % 5}" for name in ("nwot", "params") for place, cell in enumerate(cells)]
    scores.write_text("\n".join(["architecture,proxy,score", *rows, ""]))
    return lambda line: line.format(store=store, table=table, scores=scores).split()


def there(folder: Path) -> set[str]:
    """Names of what lies in a folder; of `studies`, of what lies in it."""
    return {f"studies/{one.name}" for one in folder.glob("studies/*")} | {
        one.name for one in folder.iterdir() if one.name != "studies"
    }


def test_every_command_that_writes_by_default_is_tried() -> None:
    assert set(documented()) == set(LINES) | TAKES_MINUTES
    assert documented()["nasinit score"] == {"scores.sqlite"}


@pytest.mark.parametrize("path", LINES)
def test_what_is_written_is_what_the_reference_says_and_is_said(
    nasinit: Run, tiny: tuple[str, ...], filled: Callable[[str], list[str]], path: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for line in LINES[path]:
        before = there(folder)
        ended = nasinit(*filled(line), *(tiny if path == "nasinit score" else ()))
        assert ended.code == 0, ended.err
        new = there(folder) - before
        assert all(name in ended.out for name in new), (new, ended.out)
    assert there(folder) == documented()[path]


@pytest.mark.parametrize("line", NOTHING)
def test_other_commands_write_nothing(
    nasinit: Run, filled: Callable[[str], list[str]], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    words = filled(line)
    monkeypatch.chdir(folder)
    ended = nasinit(*words)
    assert ended.code == 0, ended.err
    assert not list(folder.iterdir())
