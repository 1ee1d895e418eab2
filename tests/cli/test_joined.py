"""The tables that columns come from, on the command line: which one wins, and how often it is opened."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import benchmarks.by_column
import harness.evaluation
from tests.cli.columns import ACCURACY, LATENCY

Run = Callable[..., Any]


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the file of a table was opened, by its name."""
    counts: Counter[str] = Counter()
    opener = benchmarks.by_column.open_table

    def counting(*arguments: Any, **options: Any) -> Any:
        table = opener(*arguments, **options)
        counts[str(table.facts.path and table.facts.path.name)] += 1
        return table

    for module in (benchmarks.by_column, harness.evaluation):
        monkeypatch.setattr(module, "open_table", counting)
    return counts


@pytest.fixture
def data_folder(cells: list[str], table_rows: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Small official and hardware files where published ones are looked for."""
    folder = tmp_path / "data"
    folder.mkdir()
    hardware = ["architecture,hwnas_c10_edgegpu_latency,hwnas_c10_raspi4_latency"]
    hardware += [f"{cell},{place + 1},{20 - place}" for place, cell in enumerate(cells)]
    for name, lines in (("nasbench201_official", table_rows), ("nasbench201_hardware", hardware)):
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    monkeypatch.setenv("NASINIT_DATA", str(folder))
    return folder


def test_a_table_is_opened_once_for_all_its_columns(
    nasinit: Run, store: Path, data_folder: Path, openings: Counter[str], tmp_path: Path
) -> None:
    """The columns of the later table first: those of the earlier one are looked for again."""
    latencies = ("hwnas_cifar10_edgegpu_latency_ms", "hwnas_cifar10_raspi4_latency_ms")
    columns = [latencies[0], ACCURACY, latencies[1], "cifar100_test_200ep_pct"]
    words = [word for column in columns for word in ("--column", column)]
    ended = nasinit("correlate", store, *words, "--resamples", 10)
    assert ended.code == 0, ended.err
    assert openings == {"nasbench201_official.csv.gz": 1, "nasbench201_hardware.csv.gz": 1}
    openings.clear()
    ended = nasinit("plot", "pareto", store, "--x", latencies[1], "--out", tmp_path / "p.svg")
    assert ended.code == 0, ended.err
    assert openings == {"nasbench201_official.csv.gz": 1, "nasbench201_hardware.csv.gz": 1}


def test_named_tables_are_opened_once_and_the_first_with_the_column_wins(
    nasinit: Run, store: Path, latencies: Path, table: Path, openings: Counter[str]
) -> None:
    """The second table is open, for its latency, when the accuracy is looked for, which the first has, too."""
    named = ["--table", table, "--table", latencies]
    words = [word for column in (LATENCY, ACCURACY, "cifar100_test_200ep_pct") for word in ("--column", column)]
    ended = nasinit("correlate", store, *named, *words, "--resamples", 10)
    assert ended.code == 0, ended.err
    assert f"\n{ACCURACY}: small.csv, " in ended.out
    assert openings == {"small.csv": 1, "board.csv": 1}


def test_without_a_named_table_the_first_listed_wins_also_over_one_that_is_open(
    nasinit: Run, store: Path, data_folder: Path, openings: Counter[str]
) -> None:
    """The accuracy is in analognasbench, too, which is listed after the official table and open by then."""
    columns = ("cifar10_test_200ep_ptq_pct", ACCURACY)
    ended = nasinit("correlate", store, *(word for name in columns for word in ("--column", name)), "--resamples", 10)
    assert ended.code == 0, ended.err
    assert f"\n{ACCURACY}: NAS-Bench-201, the official results (" in ended.out
    assert openings["nasbench201_official.csv.gz"] == 1
    assert len(openings) == 2
    assert set(openings.values()) == {1}


def test_what_no_table_has_or_another_space_is_refused_with_all_that_were_looked_through(
    nasinit: Run, store: Path, data_folder: Path, latencies: Path
) -> None:
    ended = nasinit("correlate", store, "--column", ACCURACY, "--column", "hwnas_cifar10_edgpu_latency_ms")
    assert ended.code == 2
    assert "no column 'hwnas_cifar10_edgpu_latency_ms' in nasbench201-official" in ended.err
    assert (
        "nasbench201-hardware (nearest: hwnas_cifar10_edgetpu_latency_ms, hwnas_cifar10_edgegpu_latency_ms)"
        in ended.err
    )
    tables = ("--table", latencies, "--table", "darts-published")
    ended = nasinit("correlate", store, *tables, "--column", LATENCY, "--column", "cifar10_test_600ep_error_pct")
    assert ended.code == 2
    assert "table darts-published is about the space darts, not about nasbench201" in ended.err
