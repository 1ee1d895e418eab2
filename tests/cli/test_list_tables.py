"""`nasinit list tables`: every table, what it is about, whether it is here, and one table with its columns."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchmarks import Column, list_tables
from benchmarks.formats.compact import write_compact
from benchmarks.readers.nasbench201 import FACTS

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
            direction = ", higher is better" if column.higher_is_better else ", lower is better"
            if column.unit in ("index", "seeds"):
                direction = ""
            assert printed[column.name] == [f"{column.name}  ({column.unit}{direction})", column.description]
    assert "index  (index)\n" in nasinit("list", "tables", "nasbench201-official").out


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


@pytest.fixture
def converted(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A compact table of three cells, of which one has an accuracy, where the official one is looked for."""
    path = isolated / "nasbench201.parquet"
    keys = [CELL, CELL.replace("none~0", "skip_connect~0", 1), CELL.replace("none~2", "nor_conv_3x3~2")]
    accuracy = Column("cifar10_test_200ep_pct", "cifar10", "test", 200, "pct", "mean", "test accuracy", True)
    index = Column("index", None, None, None, "index", "none", "place")
    nan = float("nan")
    write_compact(path, keys, [index, accuracy], [[0, 1, 2], [nan, 93.5, nan]], FACTS)
    monkeypatch.setenv("NASINIT_DATA", str(isolated))
    return path


def test_a_conversion_of_some_records_does_not_look_whole(nasinit: Run, converted: Path) -> None:
    for name in (None, "nasbench201-official", converted):
        ended = nasinit("list", "tables", *([] if name is None else [name]))
        assert ended.code == 0, ended.err
        assert "rows: 3, 1 with numbers, of the space nasbench201" in ended.out


def test_a_file_is_printed_with_its_facts_and_columns(nasinit: Run, converted: Path, isolated: Path) -> None:
    own = isolated / "mine.csv"
    own.write_text(f"architecture,latency_ms\n{CELL},2.5\n")
    for path, title, column in (
        (converted, FACTS.title, "cifar10_test_200ep_pct  (pct, higher is better)\n    test accuracy\n"),
        (own, "a table of the user's own", "latency_ms  (ms, lower is better)\n"),
    ):
        ended = nasinit("list", "tables", path)
        assert (ended.code, ended.err) == (0, "")
        assert title in ended.out
        assert f"file: {path}\n" in ended.out
        assert column in ended.out


@pytest.mark.parametrize("content", [None, "architecture\nx\n"], ids=["absent", "no numbers"])
def test_a_file_that_is_no_table_is_refused(nasinit: Run, isolated: Path, content: str | None) -> None:
    path = isolated / "odd.csv"
    if content is not None:
        path.write_text(content)
    ended = nasinit("list", "tables", path)
    assert (ended.code, ended.out) == (2, "")
    assert str(path) in ended.err
    assert ended.err.count("\n") == 1


def change(path: Path, how: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(pq.read_schema(path).metadata[b"nasinit"])
    how(document)
    return json.dumps(document).encode()


DAMAGED: dict[str, Callable[[Path], tuple[bytes, bool]]] = {
    "columns[0].name is 5": lambda path: (change(path, lambda d: d["columns"][0].update(name=5)), True),
    "facts.space is ['a']": lambda path: (change(path, lambda d: d["facts"].update(space=["a"])), True),
    "unknown unit 'foo'": lambda path: (change(path, lambda d: d["columns"][1].update(unit="foo")), True),
    "facts.title is '\\x1b[31mX', which has control": lambda path: (
        change(path, lambda d: d["facts"].update(title="\x1b[31mX")), True,
    ),
    "its field 'format' is 2": lambda path: (change(path, lambda d: d.update(format=2)), True),
    "is a table of the space darts, not of": lambda path: (
        change(path, lambda d: d["facts"].update(space="darts")), True,
    ),
    "does not have the SHA-256 it names": lambda path: (change(path, lambda d: d), False),
    "is cut or damaged (": lambda path: (b"[" * 200_000, True),
}  # fmt: skip


@pytest.mark.parametrize("message", DAMAGED)
def test_a_damaged_footer_is_listed_as_damaged_and_none_of_it_is_told(
    nasinit: Run, converted: Path, message: str
) -> None:
    text, fits = DAMAGED[message](converted)
    digest = hashlib.sha256(text).hexdigest().encode() if fits else b"0" * 64
    metadata = {b"nasinit": text, b"nasinit_sha256": digest}
    pq.write_table(pq.read_table(converted).replace_schema_metadata(metadata), converted)
    _assert_damaged(nasinit, converted, message)


def test_a_file_cut_in_half_is_listed_as_damaged(nasinit: Run, converted: Path) -> None:
    content = converted.read_bytes()
    converted.write_bytes(content[: len(content) // 2])
    _assert_damaged(nasinit, converted, "is cut or damaged (")


def _assert_damaged(nasinit: Run, path: Path, message: str) -> None:
    ended = nasinit("list", "tables")
    assert (ended.code, ended.err) == (0, "")
    first, *lines = blocks(ended.out)["nasbench201-official"]
    assert first.startswith(f"nasbench201-official  (damaged or of another kind: {path}")
    assert message in first
    assert lines == [f"file: {path}"]
    assert blocks(ended.out)["nasbench201"][0].startswith("nasbench201  (opens nasbench201-official: damaged")
    assert "\x1b" not in ended.out
    one = nasinit("list", "tables", "nasbench201-official")
    assert (one.code, one.err) == (0, "")
    assert one.out == "\n".join([first, *(f"    {line}" for line in lines), ""])
