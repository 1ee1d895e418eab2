"""`nasinit measure latency`: a table that the other commands take, gone on with, and bad input in a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import benchmarks
import harness

SMALL = ("--width", 2, "--depth", 1, "--image-size", 4)


@pytest.fixture(scope="module")
def measured(nasinit: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    """The sample of the other fixtures, timed twice into one file."""
    folder = tmp_path_factory.mktemp("measured")
    given = ("measure", "latency", "--sample", 12, "--repeats", 1, *SMALL, "--store", folder / "t.sqlite")
    first = nasinit(*given, "--out", folder / "latency.csv")
    return folder / "latency.csv", first, nasinit(*given)


def test_it_says_what_it_measured_and_the_noise_floor(measured: tuple[Path, Any, Any]) -> None:
    path, first, again = measured
    assert first.code == again.code == 0, first.err
    assert "timed 24 of 24 timings" in first.err
    assert "timed" not in again.err
    assert "latency_cpu_ms: " in first.out
    assert "noise floor: the two medians of 12 architectures differ by " in first.out
    assert f"wrote {path}.json" in first.out
    shown = [
        line for line in first.out.splitlines() if line.startswith(("latency_cpu_ms", "noise floor", "batch size"))
    ]
    assert len(shown) == 3
    assert all(line in again.out for line in shown)


def test_the_table_names_its_machine_and_setting(measured: tuple[Path, Any, Any], tmp_path: Path) -> None:
    table = benchmarks.open_table(measured[0])
    (column,) = table.columns
    assert (column.name, column.unit, column.higher_is_better) == ("latency_cpu_ms", "ms", False)
    assert (table.facts.space, len(table)) == ("nasbench201", 12)
    for part in (
        "Latencies measured by nasinit on ",
        "threads 1",
        "batch size 1",
        "torch '",
        "repeats 1",
        "noise floor",
    ):
        assert part in table.facts.note
    other = tmp_path / "latency.csv"
    other.write_bytes(measured[0].read_bytes() + b"\n")
    (tmp_path / "latency.csv.json").write_bytes(Path(f"{measured[0]}.json").read_bytes())
    assert "nothing but its numbers" in benchmarks.open_table(other).facts.note  # it was changed after it was written
    for content in ("", "[]", '{"sha256": 1, "numbers": null}'):
        (tmp_path / "latency.csv.json").write_text(content)
        assert "nothing but its numbers" in benchmarks.open_table(other).facts.note


def test_the_other_commands_take_it(
    nasinit: Callable[..., Any], measured: tuple[Path, Any, Any], store: Path, table: Path, tmp_path: Path
) -> None:
    path = measured[0]
    ranked = nasinit("correlate", store, "--table", path, "--column", "latency_cpu_ms", "--resamples", 5)
    assert ranked.code == 0, ranked.err
    assert "latency_cpu_ms" in ranked.out
    assert "lower is better" in ranked.out
    drawn = nasinit(
        "plot", "pareto", store, "--table", path, "--table", table, "--x", "latency_cpu_ms",
        "--y", "cifar10_test_200ep_pct", "--out", tmp_path / "p.svg",
    )  # fmt: skip
    assert drawn.code == 0, drawn.err


@pytest.mark.slow
def test_a_search_trains_its_predictor_on_it(
    nasinit: Callable[..., Any], measured: tuple[Path, Any, Any], tmp_path: Path
) -> None:
    ended = nasinit(
        "search", "darts", "--objective", "latency", "--latency-table", measured[0], "--latency-column",
        "latency_cpu_ms", "--latency-samples", 8, "--weight", 0.1, "--out", tmp_path / "out", "--data", "noise",
        "--epochs", 1, "--depth", 1, "--width", 2, "--steps-per-epoch", 1, "--image-size", 8, "--batch-size", 4,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "8 random cells of latency.csv, seed 0; error on the other 4" in ended.out
    assert re.search(r"error on the other 4: [\d.]+ % on average, [\d.]+ % in the median\n", ended.out)
    assert "latency_cpu_ms of the architecture: predicted " in ended.out
    log = pd.read_csv(tmp_path / "out" / "log.csv")
    assert {"latency_cpu_ms_predicted", "latency_cpu_ms_for_the_record"} <= set(log.columns)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--space", "nasbench20"), "unknown space 'nasbench20'. Did you mean 'nasbench201'?"),
        ((), "give one of --sample N, --all, --architectures FILE and --table NAME; got none of them"),
        (("--sample", 2, "--repeats", 0), "repeats must be a whole number from 1, got 0"),
        (("--sample", 2, "--device", "gpu"), "device must be 'cpu', 'cuda' or 'cuda:1', got 'gpu'"),
        (("--sample", 2, "--size", "width"), "--size takes NAME=NUMBER"),
        (("--sample", 2, "--out", "t.txt"), "a CSV file"),
        (("--sample", 2, "--depth", 0), "depth must be a whole number from 1, got 0"),
    ],
)
def test_bad_input_is_one_line(
    refused: Callable[..., str], tmp_path: Path, options: tuple[object, ...], message: str
) -> None:
    if options in ((), ("--space", "nasbench20")):
        assert message in refused("measure", "latency", *options, *(("--sample", 2) if options else ()))
    else:
        assert message in refused("measure", "latency", *options, "--store", tmp_path / "t.sqlite")
    assert not list(tmp_path.iterdir())


def test_architectures_of_another_space_and_latencies_of_another_are_refused(
    refused: Callable[..., str], measured: tuple[Path, Any, Any], tmp_path: Path
) -> None:
    file = tmp_path / "cells.txt"
    file.write_text(f"{harness.open_space('darts').sample(1)[0]}\n")
    assert f"{file}, line 1: " in refused("measure", "latency", "--architectures", file)
    given = ("--objective", "latency", "--latency-table", measured[0], "--latency-column", "latency_cpu_ms")
    assert "has latencies of the space nasbench201, not of darts" in refused(
        "search", "darts", "--space", "darts", *given, "--latency-samples", 8, "--weight", 1
    )
    assert "12 cells: train on fewer" in refused("search", "darts", *given, "--weight", 1)
    assert "latency_table is of the objective 'latency'" in refused("search", "darts", "--latency-table", measured[0])
