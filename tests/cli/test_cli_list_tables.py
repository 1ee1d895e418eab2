"""`nasinit list tables`: every table, what it is about, whether it is here, and one table with its columns."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import list_tables

Run = Callable[..., Any]
CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


@pytest.fixture
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No data folder, and none that a pull has filled."""
    monkeypatch.delenv("NASINIT_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return tmp_path


def blocks(text: str) -> dict[str, list[str]]:
    """Lines below the line that begins with a table's name, by name."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith(" "):
            found[line.partition(" ")[0]] = [line]
        else:
            next(reversed(found.values())).append(line.strip())
    return found


def test_every_table_is_printed_with_its_facts(nasinit: Run, isolated: Path) -> None:
    ended = nasinit("list", "tables")
    assert (ended.code, ended.err) == (0, "")
    printed = blocks(ended.out)
    for listing in list_tables():
        first, *lines = printed[listing.name]
        assert first == f"{listing.name}  ({'here' if listing.available else 'not here'}: {listing.reason})"
        if listing.opens:
            assert lines == []
            continue
        facts = listing.facts
        expected = [
            facts.title, f"source: {facts.source}", f"licence: {facts.licence}", f"split: {facts.splits}",
            f"epochs: {facts.epochs}", f"seeds: {facts.seeds}", f"rows: {facts.rows:,}, of the space {facts.space}",
        ]  # fmt: skip
        assert lines[: len(expected)] == expected
        assert lines[-1] == f"file: {facts.path}" if facts.path else lines[-1].startswith("columns: ")
    assert "is a table too: --table FILE" in ended.out


def test_without_data_it_says_which_are_not_here_and_how_to_get_them(nasinit: Run, isolated: Path) -> None:
    out = nasinit("list", "tables").out
    how = "(not here: set the environment variable NASINIT_DATA to the folder that holds "
    assert (
        f"nasbench201-hardware  {how}nasbench201_hardware.csv.gz or nasbench201_hardware.csv, or give its path)" in out
    )
    assert f"darts-random214  {how}darts_random214_cifar10.csv, or give its path)" in out
    assert "or run nasinit pull nasbench201)" in out
    assert "darts-published  (here: part of nasinit)" in out


def test_a_file_in_the_data_folder_is_found_and_not_read(
    nasinit: Run, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (isolated / "nasbench201_hardware.csv.gz").write_bytes(b"not even gzip")
    monkeypatch.setenv("NASINIT_DATA", str(isolated))
    ended = nasinit("list", "tables")
    assert ended.code == 0
    assert "nasbench201-hardware  (here: found in the NASINIT_DATA folder)" in ended.out
    assert f"file: {isolated / 'nasbench201_hardware.csv.gz'}" in ended.out


def test_one_table_is_printed_with_all_its_columns_and_its_limits(nasinit: Run, isolated: Path) -> None:
    for listing in list_tables():
        ended = nasinit("list", "tables", listing.name)
        assert (ended.code, ended.err) == (0, "")
        assert listing.facts.note in ended.out
        printed = blocks(ended.out)
        for column in listing.columns:
            direction = "higher is better" if column.higher_is_better else "lower is better"
            assert printed[column.name] == [f"{column.name}  ({column.unit}, {direction})", column.description]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tables", "nasbench210"), "unknown table 'nasbench210'. Did you mean 'nasbench201'?"),
        (("proxies", "nwot"), "list proxies takes no name, got 'nwot': only list tables does"),
        (("table",), "unknown kind of list 'table'. Did you mean 'tables'?"),
    ],
)
def test_what_is_not_there_is_refused(nasinit: Run, isolated: Path, arguments: tuple[str, ...], message: str) -> None:
    ended = nasinit("list", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"nasinit: {message}")


def test_a_data_folder_that_is_none_is_one_message(
    nasinit: Run, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(isolated / "absent"))
    ended = nasinit("list", "tables")
    assert ended.code == 2
    assert ended.err.startswith("nasinit: NASINIT_DATA is ")


def test_a_printed_column_can_be_asked_for_by_its_name(
    nasinit: Run, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import benchmarks

    content = f"architecture,hwnas_c10_edgegpu_latency\n{CELL},2.5\n".encode()
    (isolated / "nasbench201_hardware.csv.gz").write_bytes(gzip.compress(content))
    monkeypatch.setenv("NASINIT_DATA", str(isolated))
    names = [line.split()[0] for line in nasinit("list", "tables", "nasbench201-hardware").out.splitlines()]
    assert "hwnas_cifar10_edgegpu_latency_ms" in names
    table = benchmarks.table_with("hwnas_cifar10_edgegpu_latency_ms", space="nasbench201")
    assert table.values([CELL], "hwnas_cifar10_edgegpu_latency_ms").tolist() == [2.5]
