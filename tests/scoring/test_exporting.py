"""Exports are read and written part by part: the rows that are held at once do not grow with the run."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.errors import StoreError
from harness.proxies.registry import resolve
from harness.report.files import write_described_parts
from harness.scoring import exporting
from harness.scoring.scorer import NOT_APPLICABLE, OK, Score
from harness.setting import Setting

PROXIES = resolve(["zen", "params"])
CELLS = [f"cell {place}" for place in range(95)]
AT_ONCE = 10


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """95 cells, of which pairs share a network and the last is not finished."""
    path = tmp_path_factory.mktemp("store") / "scores.sqlite"
    scored_as = {cell: CELLS[place - place % 2] for place, cell in enumerate(CELLS)}
    with harness.Store(path) as opened:
        number = opened.setting_id("nasbench201", Setting(), "2.6.0")
        opened.begin_run(number, PROXIES, scored_as)
        for place, cell in enumerate(CELLS[:-1]):
            rows = [(cell, PROXIES[1], Score(float(place), OK, "", 0.0))]
            if scored_as[cell] == cell:
                failed = place % 6 == 0
                value = float("nan") if failed else place / 7
                rows.append((cell, PROXIES[0], Score(value, NOT_APPLICABLE if failed else OK, "no" * failed, 0.5)))
            opened.write(number, rows, machine="a machine")
    return path


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PART", AT_ONCE)


@pytest.mark.usefixtures("_small_parts")
def test_the_parts_are_the_rows_of_the_run(store: Path) -> None:
    columns = ["architecture", "proxy", "score", "status", "seconds", "standard_error", "message"]
    with harness.Store(store, readonly=True) as opened:
        whole = opened.frame()
    made = exporting.exported(store)
    assert list(made.columns) == [*columns, exporting.ROW, exporting.MACHINE]
    by = ["proxy", "architecture"]
    pd.testing.assert_frame_equal(
        made[columns].sort_values(by, ignore_index=True), whole[columns].sort_values(by, ignore_index=True)
    )
    assert made.attrs["provenance"]["settings"] == whole.attrs["provenance"]["settings"]
    assert set(made[exporting.MACHINE]) == {"a machine"}
    own = made.set_index(["proxy", "architecture"])[exporting.ROW]
    assert (own["zen", "cell 3"], own["params", "cell 3"]) == ("cell 2", "cell 3")


@pytest.mark.usefixtures("_small_parts")
@pytest.mark.parametrize("name", ["e.csv.gz", "e.parquet"])
@pytest.mark.slow
def test_no_more_than_a_part_is_held_at_once(store: Path, tmp_path: Path, name: str) -> None:
    alive: list[weakref.ref[Any]] = []
    most, rows = 0, []

    def watched(parts: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        nonlocal most
        for part in parts:
            gc.collect()
            alive.append(weakref.ref(part))
            rows.append(len(part))
            most = max(most, sum(one() is not None for one in alive))
            yield part

    with exporting.exporting(store) as export:
        written, count = write_described_parts(watched(export.parts), export.provenance, tmp_path / name)
    assert count == sum(rows) == len(exporting.exported(store))
    assert len(rows) == -(-len(CELLS) // AT_ONCE)
    assert max(rows) <= AT_ONCE * len(PROXIES)
    assert most <= 2, "the part that is written, and the one that is read"
    read = harness.read_scores(written).frame if ".csv" in name else pd.read_parquet(written)
    assert len(read) == count


@pytest.mark.usefixtures("_small_parts")
def test_the_same_run_gives_the_same_bytes(store: Path, tmp_path: Path) -> None:
    for name in ("e.csv.gz", "e.parquet"):
        content = []
        for _ in range(2):
            with exporting.exporting(store) as export:
                content.append(write_described_parts(export.parts, export.provenance, tmp_path / name)[0].read_bytes())
        assert content[0] == content[1]


def test_a_run_without_rows_has_its_columns(tmp_path: Path) -> None:
    with harness.Store(tmp_path / "s.sqlite") as opened:
        opened.begin_run(opened.setting_id("nasbench201", Setting(), "2.6.0"), PROXIES, {"cell": "cell"})
    frame = exporting.exported(tmp_path / "s.sqlite")
    assert frame.empty
    assert "machine" in frame


def test_a_run_that_is_not_there_is_named(store: Path) -> None:
    with pytest.raises(StoreError, match="has no run 7"):
        exporting.exported(store, 7)
