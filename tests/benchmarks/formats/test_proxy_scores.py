"""The file of proxies' scores: exact ranks, reasons of missing scores, provenance; and the package's table."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from benchmarks import Column, TableError, list_tables, open_table
from benchmarks.formats.proxy_scores import describe_proxy_scores, keeps_ranks, read_proxy_scores, write_proxy_scores
from benchmarks.readers.proxy_scores import FACTS, FILE, NAME, packaged_scores

KEYS = [f"cell {place}" for place in range(6)]
COLUMNS = [
    Column(f"{name}_score", None, None, None, "score", "one", name, may_be_missing=True) for name in ("close", "apart")
]
NUMBERS = {
    "close_score": np.array([1.0, 1.0 + 1e-12, 0.0, math.nan, 5.0, 5.0]),
    "apart_score": np.array([1e-30, 2.5, -3.25, 7.1, math.nan, 0.1]),
}
MISSING = {"close_score": {3: ("not_applicable", "singular")}, "apart_score": {4: ("died", "")}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "scores.parquet"
    write_proxy_scores(target, KEYS, NUMBERS, COLUMNS, MISSING, FACTS, {"seed": 0})
    return target


def test_ranks_come_back_exactly_in_as_few_bytes_as_that_needs(path: Path) -> None:
    found = read_proxy_scores(path)
    for name, numbers in NUMBERS.items():
        own = found.table.values(KEYS, name)
        assert np.array_equal(np.isnan(own), np.isnan(numbers))
        there = ~np.isnan(numbers)
        assert np.array_equal(stats.rankdata(own[there]), stats.rankdata(numbers[there]))
    kinds = dict(zip(*(lambda schema: (schema.names, map(str, schema.types)))(pq.read_schema(path)), strict=True))
    assert kinds == {"architecture": "string", "close_score": "double", "apart_score": "float"}
    assert found.table.values(KEYS, "close_score")[1] == NUMBERS["close_score"][1]


@pytest.mark.parametrize(
    ("numbers", "kept"),
    [([1.0, 2.0], True), ([1.0, 1.0], True), ([1.0, 1.0 + 1e-9], False), ([1e300, 1.0], False), ([math.nan], True),
     ([0.0, 1e-60], False)],
)  # fmt: skip
def test_float32_is_enough_where_no_two_scores_become_one(numbers: list[float], kept: bool) -> None:
    assert keeps_ranks(np.array(numbers)) is kept


def test_a_missing_score_keeps_its_reason_and_is_never_zero(path: Path) -> None:
    found = read_proxy_scores(path)
    assert found.missing == MISSING
    assert found.made == {"seed": 0}
    assert np.isnan(found.table.values(["cell 3"], "close_score")).all()


def test_a_score_without_a_reason_or_a_reason_without_one_is_refused(tmp_path: Path) -> None:
    for missing, said in (
        ({}, "row 3 .* has no score and no reason"),
        ({"close_score": {0: ("died", ""), 3: ("died", "")}}, "row 0"),
    ):
        with pytest.raises(TableError, match=said):
            write_proxy_scores(tmp_path / "s.parquet", KEYS, NUMBERS, COLUMNS[:1], missing, FACTS, {})
    odd = [replace(COLUMNS[0], unit="pct")]
    with pytest.raises(TableError, match="'pct', not 'score'"):
        write_proxy_scores(
            tmp_path / "s.parquet", KEYS, {"close_score": np.ones(6)}, odd, {}, FACTS, {}
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_the_same_scores_are_the_same_bytes(path: Path) -> None:
    before = path.read_bytes()
    write_proxy_scores(path, KEYS, NUMBERS, COLUMNS, MISSING, FACTS, {"seed": 0})
    assert path.read_bytes() == before


def test_a_damaged_file_is_named(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.raises(TableError, match="cut or damaged"):
        read_proxy_scores(path)
    path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    with pytest.raises(TableError, match="cut or damaged"):
        read_proxy_scores(path)


def test_what_is_listed_is_what_is_read(path: Path) -> None:
    columns, facts = describe_proxy_scores(path)
    table = read_proxy_scores(path).table
    assert (tuple(columns), facts.rows, facts.title) == (table.columns, len(table), table.facts.title)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(TableError, match=r"is not the file that scores\.parquet\.json describes"):
        describe_proxy_scores(path)
    path.with_name("scores.parquet.json").write_text("{}")
    with pytest.raises(TableError, match=r"scores\.parquet\.json is damaged \(KeyError\)"):
        describe_proxy_scores(path)


def test_such_a_file_opens_as_a_table_by_its_path(path: Path) -> None:
    table = open_table(path)
    assert table.column("close_score").unit == "score"
    assert table.facts.rows == len(KEYS)
    assert open_table(NAME, path=path).keys == table.keys


def test_the_table_of_the_package_is_small_and_listed(tmp_path: Path) -> None:
    assert FILE.stat().st_size < 3e6
    found = packaged_scores()
    assert found.table.facts.name == NAME
    assert len(found.table) == found.made["cells"]
    listing = {one.name: one for one in list_tables()}[NAME]
    assert (listing.available, listing.measures) == (True, False)
    assert listing.facts.rows == len(found.table)
    assert json.dumps(found.made)
    assert {column.unit for column in found.table.columns} == {"score"}


def test_a_package_without_its_file_is_listed_as_damaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.readers.proxy_scores.FILE", tmp_path / "gone.parquet")
    listing = {one.name: one for one in list_tables()}[NAME]
    assert listing.damaged
    assert "install nasinit again" in listing.reason
    with pytest.raises(TableError, match="cannot read"):
        open_table(NAME)
