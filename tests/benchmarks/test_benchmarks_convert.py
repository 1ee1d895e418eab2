"""The conversion: equal to the records, past the broken ones, the same after an interruption, whole or not at all."""

from __future__ import annotations

import math
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks
from benchmarks import Table, TableError
from benchmarks.compact import read_compact
from benchmarks.convert import convert
from benchmarks.curves import curves_path, read_curves
from benchmarks.releases import open_release
from benchmarks.releases.curves import curve_numbers, curves_of, splits_named
from benchmarks.releases.quantities import columns_of, numbers_of
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, CHANNELS, record

COUNT = 9


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A topology release of nine architectures, all there; every third has three seeds."""
    place = tmp_path_factory.mktemp("made") / "NATS-tss-v1_0-abcde-simple"
    seeds = [(777, 888, 999) if index % 3 == 0 else (777,) for index in range(COUNT)]
    return made.write_folder(
        place, CELLS[:COUNT], [record(i, CELLS[i], seeds=seeds[i], every=60) for i in range(COUNT)]
    )


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / folder.name))


@pytest.fixture(scope="module")
def converted(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of a conversion that nothing interrupted, with curves."""
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    convert(folder, path, curves=["cifar10:test"])
    return path


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.convert.ROWS", 2)


def equal(one: Path, other: Path) -> bool:
    """Whether two tables, and their curves, are the same bytes."""
    pairs = [(one, other), (curves_path(one), curves_path(other))]
    return all(a.exists() == b.exists() and (not a.exists() or a.read_bytes() == b.read_bytes()) for a, b in pairs)


def leftovers(path: Path) -> list[str]:
    """Names of the hidden files beside a table."""
    return sorted(file.name for file in path.parent.iterdir() if file.name.startswith("."))


def rows(table: Table) -> dict[str, list[str]]:
    return {name: [value.hex() for value in table.values(table.keys, name)] for name in table.column_names}


class Interrupted:
    """A progress that interrupts after some records."""

    def __init__(self, after: int, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.after, self.error, self.totals = after, error, list[int]()

    @contextmanager
    def __call__(self, total: int) -> Iterator[Callable[[], None]]:
        self.totals.append(total)
        seen = 0

        def advance() -> None:
            nonlocal seen
            seen += 1
            if seen == self.after:
                raise self.error

        yield advance


def test_every_number_is_the_records(folder: Path, converted: Path) -> None:
    release, table = open_release(folder), read_compact(converted)
    assert table.keys == CELLS[:COUNT]
    assert table.values(table.keys, "index").tolist() == list(range(COUNT))
    columns = columns_of(release.kind)
    for index in range(COUNT):
        numbers = numbers_of(release.record(index))
        for column, number in zip(columns, numbers, strict=True):
            if column.name in table.column_names:
                found = table.values([CELLS[index]], column.name)[0]
                assert found == number or (math.isnan(found) and math.isnan(number))
            else:
                assert math.isnan(number)


def test_columns_of_the_topology_space(converted: Path) -> None:
    table = read_compact(converted)
    names = table.column_names
    assert names[:4] == ("index", "params", "macs", "cifar10_latency_ms")
    for name in (
        "cifar10_valid_200ep_pct", "cifar10_test_200ep_pct", "cifar100_valid_12ep_pct", "imagenet16_120_test_200ep_pct",
        "cifar10half_train_200ep_pct", "cifar10half_test_12ep_pct", "cifar100_validtest_200ep_nats",
        "cifar10_test_200ep_pct_seed777", "cifar10_test_200ep_pct_seed999", "cifar10_200ep_seeds",
        "cifar10_200ep_train_s", "imagenet16_120_latency_ms", "cifar100_params", "cifar10_valid_12ep_pct_seed111",
    ):  # fmt: skip
        assert name in names
    assert not [name for name in names if "_200ep_" in name and name.endswith("seed111")]
    assert not [name for name in names if "cifar10_validtest" in name or "cifar10half_valid" in name]
    seeds = table.values(table.keys, "cifar10_200ep_seeds")
    assert seeds.tolist() == [3, 1, 1] * 3
    missing = np.isnan(table.values(table.keys, "cifar10_test_200ep_pct_seed999"))
    assert missing.tolist() == [False, True, True] * 3
    better = {column.name: column.higher_is_better for column in table.columns}
    assert better["cifar10_test_200ep_pct"]
    assert not better["cifar10_test_200ep_nats"]
    assert not better["cifar10_latency_ms"]
    assert not better["cifar10_200ep_train_s"]


def test_columns_of_the_size_space(tmp_path: Path) -> None:
    held = [record(index, CHANNELS[index], made.SIZE) for index in range(2)]
    done = convert(made.write_folder(tmp_path / "NATS-sss-v1_0-a-simple", CHANNELS[:3], held), tmp_path / "s.parquet")
    table = read_compact(done.table)
    assert (table.facts.name, table.facts.space, table.facts.epochs) == (
        "natsbench-size",
        "natsbench-size",
        "1, 12, 90",
    )
    assert table.keys == ("8:8:8:8:8", "8:8:8:8:16", "8:8:8:8:24")
    assert {c.epochs for c in table.columns if c.split == "test"} == {1, 12, 90}
    assert done.missing == (2,)


def test_facts_say_where_the_numbers_come_from(folder: Path, converted: Path) -> None:
    facts = read_compact(converted).facts
    assert (facts.name, facts.space, facts.rows) == ("natsbench-topology", "nasbench201", COUNT)
    assert "arXiv 2009.00437" in facts.source
    assert folder.name in facts.source
    assert str(folder.parent) not in facts.source + facts.note, "a place on one machine says nothing on another"
    assert "nats_bench 1.8" in facts.note
    assert "9 of 9 records (0 missing, 0 corrupt)" in facts.note
    assert facts.seeds == "111, 777, 888, 999 after 12 epochs; 777, 888, 999 after 200 epochs"
    assert facts.splits.startswith("cifar10half train, cifar10 train")


def test_the_table_opens_by_its_path(converted: Path) -> None:
    assert benchmarks.open_table(converted).facts.name == "natsbench-topology"


def test_the_curves_are_the_records(folder: Path, converted: Path) -> None:
    release, curves = open_release(folder), read_curves(curves_path(converted))
    table = read_compact(converted)
    chosen = curves_of(release.kind, splits_named(["cifar10:test"]))
    kept = [curve for curve in chosen if curve.name in table.column_names]
    assert [column.name for column in curves.columns] == [curve.name for curve in kept]
    assert len(kept) == 2 * 2 * 3, "two units, after 12 and after 200 epochs, of three seeds"
    order = [CELLS[5], CELLS[0], CELLS[5]]
    for curve in kept:
        found = curves.values(order, curve.name)
        assert found.shape == (3, curve.epochs)
        for key, row in zip(order, found, strict=True):
            expected = curve_numbers(release.record(CELLS.index(key)), [curve])
            np.testing.assert_array_equal(row, expected)
        np.testing.assert_array_equal(found[:, -1], table.values(order, curve.name))
    assert curves.facts.title.endswith("learning curves")
    with pytest.raises(TableError, match=r"unknown curve 'cifar10_test_200ep_pct'. Did you mean"):
        curves.values(order, "cifar10_test_200ep_pct")
    with pytest.raises(TableError, match="1 of 2 keys are not in it: '8:8'"):
        curves.values([CELLS[0], "8:8"], kept[0].name)


def test_a_table_is_no_file_of_curves_and_the_other_way_round(converted: Path) -> None:
    with pytest.raises(TableError, match="field 'kind' is 'table', where 'curves' is wanted"):
        read_curves(converted)
    with pytest.raises(TableError, match="field 'kind' is 'curves', where 'table' is wanted"):
        read_compact(curves_path(converted))


@pytest.mark.parametrize("after", [1, 2, 5, 8])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_conversion_goes_on(
    folder: Path, converted: Path, tmp_path: Path, after: int, error: type[BaseException]
) -> None:
    path = tmp_path / "t.parquet"
    with pytest.raises(error):
        convert(folder, path, curves=["cifar10:test"], progress=Interrupted(after, error))
    assert not path.exists()
    assert leftovers(path) == [".t.parquet.partial"]
    again = Interrupted(-1)
    done = convert(folder, path, curves=["cifar10:test"], progress=again)
    assert (done.resumed, again.totals) == (after, [COUNT - after])
    assert equal(path, converted)
    assert leftovers(path) == []


def test_missing_and_corrupt_records_are_named_and_tried_again(copied: Path, converted: Path, tmp_path: Path) -> None:
    path, cut = tmp_path / "t.parquet", copied / "000004.pickle.pbz2"
    content = cut.read_bytes()
    cut.write_bytes(content[:-50])
    (copied / "000007.pickle.pbz2").rename(tmp_path / "away")
    done = convert(copied, path, curves=["cifar10:test"])
    assert (done.converted, done.missing, list(done.corrupt)) == (7, (7,), [4])
    assert "000004.pickle.pbz2 is cut or damaged" in done.corrupt[4]
    whole, partly = read_compact(converted), read_compact(path)
    assert "7 of 9 records (1 missing, 1 corrupt)" in partly.facts.note
    for name in whole.column_names[1:]:
        expected = whole.values(CELLS[:COUNT], name)
        expected[[4, 7]] = math.nan
        np.testing.assert_array_equal(partly.values(CELLS[:COUNT], name), expected)
    assert np.isnan(read_curves(curves_path(path)).values([CELLS[4]], "cifar10_test_200ep_pct_seed777")).all()

    with pytest.raises(KeyboardInterrupt):
        convert(copied, path, curves=["cifar10:test"], progress=Interrupted(6))
    cut.write_bytes(content)
    (tmp_path / "away").rename(copied / "000007.pickle.pbz2")
    done = convert(copied, path, curves=["cifar10:test"])
    assert (done.converted, done.resumed, done.missing, done.corrupt) == (9, 5, (), {})
    assert rows(read_compact(path)) == rows(whole)


def test_a_record_that_changed_is_read_again(copied: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with pytest.raises(KeyboardInterrupt):
        convert(copied, path, progress=Interrupted(5))
    made.dump(copied / "000001.pickle.pbz2", record(1, CELLS[1], seeds=(777, 888), every=60))
    (copied / "000002.pickle.pbz2").unlink()
    done = convert(copied, path)
    assert (done.resumed, done.changed, done.missing) == (3, 2, (2,))
    assert read_compact(path).values([CELLS[1]], "cifar10_200ep_seeds").tolist() == [2]


def test_a_single_file_that_changed_is_read_from_its_beginning(tmp_path: Path) -> None:
    path, source = tmp_path / "t.parquet", tmp_path / "NATS-tss-v1_0-abcde.pickle.pbz2"
    for seeds in ((777,), (777, 888)):
        held = [record(index, CELLS[index], seeds=seeds, every=60) for index in range(4)]
        made.dump(source, made.whole(CELLS[:4], held))
        if seeds == (777,):
            with pytest.raises(KeyboardInterrupt):
                convert(source, path, progress=Interrupted(3))
    done = convert(source, path)
    assert (done.resumed, done.changed, done.converted) == (0, 3, 4)
    table = read_compact(path)
    assert table.values(table.keys, "cifar10_200ep_seeds").tolist() == [2] * 4


@pytest.mark.parametrize("change", ["curves", "source", "damage"])
def test_parts_of_another_conversion_are_not_used(
    folder: Path, copied: Path, converted: Path, tmp_path: Path, change: str
) -> None:
    path = tmp_path / "t.parquet"
    curves = ["cifar100:train"] if change == "curves" else ["cifar10:test"]
    with pytest.raises(KeyboardInterrupt):
        convert(copied if change == "source" else folder, path, curves=curves, progress=Interrupted(5))
    parts = sorted((tmp_path / ".t.parquet.partial").iterdir())
    assert len(parts) == 3
    if change == "damage":
        parts[0].write_bytes(parts[0].read_bytes()[:-9])
    done = convert(folder, path, curves=["cifar10:test"])
    assert (done.resumed, done.thrown_away) == ((3, 1) if change == "damage" else (0, 3))
    assert equal(path, converted)


@pytest.mark.parametrize("container", ["pbz2", "pth"])
def test_single_files_convert_and_go_on(folder: Path, converted: Path, tmp_path: Path, container: str) -> None:
    if container == "pbz2":
        held = [record(i, CELLS[i], seeds=(777, 888, 999) if i % 3 == 0 else (777,), every=60) for i in range(COUNT)]
        source = made.dump(tmp_path / "NATS-tss-v1_0-abcde.pickle.pbz2", made.whole(CELLS[:COUNT], held))
    else:
        held = [record(index, CELLS[index], made.PTH, every=60) for index in range(COUNT)]
        source = made.save_torch(
            tmp_path / "NAS-Bench-201-v1_1-096897.pth", made.whole(CELLS[:COUNT], held), legacy=True
        )
    path, straight = tmp_path / "t.parquet", tmp_path / "straight.parquet"
    with pytest.raises(KeyboardInterrupt):
        convert(source, path, progress=Interrupted(4))
    done = convert(source, path)
    assert (done.resumed, done.converted, done.missing) == (4, COUNT, ())
    convert(source, straight)
    assert equal(path, straight)
    if container == "pbz2":
        assert rows(read_compact(path)) == rows(read_compact(converted))
    else:
        assert read_compact(path).facts.name == "nasbench201-pth"


def test_a_cut_single_file_is_an_error_and_keeps_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.releases.pickle_stream._CHUNK", 10_000)  # what is lost at the end
    held = [record(index, CELLS[index], every=60) for index in range(4)]
    source = made.dump(tmp_path / "NATS-tss-v1_0-abcde.pickle.pbz2", made.whole(CELLS[:4], held))
    content = source.read_bytes()
    source.write_bytes(content[: int(len(content) * 0.8)])
    path = tmp_path / "t.parquet"
    with pytest.raises(TableError, match=r"abcde\.pickle\.pbz2 is cut or damaged \(it ends too early"):
        convert(source, path)
    assert not path.exists()
    assert leftovers(path) == [".t.parquet.partial"]


def test_no_record_at_all_is_an_error(copied: Path, tmp_path: Path) -> None:
    for file in copied.glob("0*.pbz2"):
        file.unlink()
    with pytest.raises(TableError, match=r"no record could be read: 9 are missing, 0 corrupt \(none is there\)"):
        convert(copied, tmp_path / "t.parquet")
    (copied / "000003.pickle.pbz2").write_bytes(b"not bzip2")
    with pytest.raises(TableError, match=r"8 are missing, 1 corrupt \(.*000003.pickle.pbz2 is cut or damaged"):
        convert(copied, tmp_path / "t.parquet")
    assert leftovers(tmp_path / "t.parquet") == []


def test_a_malicious_record_is_not_run_and_does_not_stop_the_others(copied: Path, tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {tmp_path / 'run'}",)

    made.dump(copied / "000002.pickle.pbz2", {"12": Malicious()})
    done = convert(copied, tmp_path / "t.parquet")
    assert (done.converted, list(done.corrupt)) == (8, [2])
    assert "nothing of it was run" in done.corrupt[2]
    assert not (tmp_path / "run").exists()
    pickle.loads(pickle.dumps(Malicious.__reduce__(Malicious())))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("t.csv", r"its name must end in \.parquet"),
        ("none/t.parquet", "there is no folder .*none; make it first"),
        ("folder.parquet", "it is a folder; give a file's name"),
    ],
)
def test_a_target_that_cannot_be_is_refused_before_anything_is_read(
    copied: Path, tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "folder.parquet").mkdir()
    (copied / "meta.pickle.pbz2").write_bytes(b"")  # would be an error if it were read
    with pytest.raises(TableError, match=message):
        convert(copied, tmp_path / name)


def test_a_disk_that_is_full_is_an_error_and_nothing_is_lost(
    folder: Path, converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "t.parquet", benchmarks.parquet.os.fsync
    calls = 0

    def full(file: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(28, "No space left on device")
        write(file)

    monkeypatch.setattr(benchmarks.parquet.os, "fsync", full)
    with pytest.raises(TableError, match=r"cannot write .*No space left on device"):
        convert(folder, path, curves=["cifar10:test"])
    monkeypatch.undo()
    done = convert(folder, path, curves=["cifar10:test"])
    assert done.resumed >= 4
    assert equal(path, converted)


def test_the_genuine_slice(data_folder: Path, tmp_path: Path) -> None:
    done = convert(data_folder / "NATS-tss-v1_0-3ffb9-simple", tmp_path / "t.parquet")
    table = read_compact(tmp_path / "t.parquet")
    assert (done.converted, len(table), len(done.missing)) == (3, 15_625, 15_622)
    assert (len(table.columns), done.corrupt) == (188, {})
    release = open_release(data_folder / "NATS-tss-v1_0-3ffb9-simple")
    for index in (0, 11, 284):
        numbers = dict(zip((c.name for c in columns_of(release.kind)), numbers_of(release.record(index)), strict=True))
        for name in table.column_names[1:]:
            np.testing.assert_array_equal(table.values([table.keys[index]], name), [numbers[name]])
    assert table.values([table.keys[0]], "cifar10_test_200ep_pct")[0] == 85.86333333333334
    everything = table.values(table.keys, "cifar10_test_200ep_pct")
    assert np.flatnonzero(~np.isnan(everything)).tolist() == [0, 11, 284]
