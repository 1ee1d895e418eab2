"""The conversion: equal to the records, whole or not at all, into files that can be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import benchmarks
from benchmarks import TableError
from benchmarks.formats.compact import read_compact
from benchmarks.formats.curves import curves_path
from benchmarks.releases import open_release
from benchmarks.releases.convert import convert
from benchmarks.releases.curves import curve_numbers, curves_of, splits_named
from benchmarks.releases.quantities import columns_of, numbers_of
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, CHANNELS, record
from tests.benchmarks.releases.convert.conversions import COUNT, Interrupted, equal


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
        "natsbench-sizes",
        "natsbench-sizes",
        "1, 12, 90",
    )
    assert table.keys == ("8:8:8:8:8", "8:8:8:8:16", "8:8:8:8:24")
    assert {c.epochs for c in table.columns if c.split == "test"} == {1, 12, 90}
    assert done.missing == (2,)
    assert table.facts.seeds.startswith("777, 888 after 1 epoch; ")
    assert "after 1 epoch;" in table.describe()
    assert not any("1 epochs" in text for text in (table.describe(), *(c.description for c in table.columns)))


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
    release, curves = open_release(folder), benchmarks.read_curves(curves_path(converted))
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


def test_the_docstrings_lines_on_curves_hold(converted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is given by its name as text, also below the user's home; what is no file is named."""
    monkeypatch.setenv("HOME", str(converted.parent))
    curves = benchmarks.read_curves(f"~/{converted.stem}.curves.parquet")
    assert isinstance(curves, benchmarks.Curves)
    assert curves.path == curves.facts.path == curves_path(converted)
    assert curves.values(curves.keys[:5], "cifar10_test_200ep_pct_seed777").shape == (5, 200)
    with pytest.raises(TableError, match=r"none\.curves\.parquet"):
        benchmarks.read_curves(converted.parent / "none.curves.parquet")


def test_a_table_is_no_file_of_curves_and_the_other_way_round(converted: Path) -> None:
    with pytest.raises(TableError, match="field 'kind' is 'table', where 'curves' is wanted"):
        benchmarks.read_curves(converted)
    with pytest.raises(TableError, match="field 'kind' is 'curves', where 'table' is wanted"):
        read_compact(curves_path(converted))


def test_a_file_that_is_none_of_curves_is_not_replaced(copied: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    table = tmp_path / "x.curves.parquet"
    convert(copied, table)
    content = table.read_bytes()
    (copied / "meta.pickle.pbz2").write_bytes(b"")  # would be an error if it were read
    with pytest.raises(TableError, match=r"would replace .*x\.curves\.parquet, which is no file of learning curves"):
        convert(copied, path, curves=["cifar10:test"])
    assert table.read_bytes() == content
    table.unlink()
    table.mkdir()
    with pytest.raises(TableError, match="which is no file of learning curves"):
        convert(copied, path, curves=["cifar10:test"])


def test_curves_of_an_earlier_table_are_removed(folder: Path, converted: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    convert(folder, path, curves=["cifar100:train"])
    done = convert(folder, path, curves=["cifar10:test"])
    assert done.removed is None
    assert equal(path, converted)
    assert convert(folder, path).removed == curves_path(path)
    assert not curves_path(path).exists()
    curves_path(path).write_bytes(b"someone's own")
    assert convert(folder, path).removed is None
    assert curves_path(path).read_bytes() == b"someone's own"


@pytest.mark.parametrize("container", ["folder", "file"])
def test_the_progress_counts_every_record_to_the_end(tmp_path: Path, container: str) -> None:
    """Of twelve architectures nine have records; the conversion is resumed after four."""
    held = [record(index, CELLS[index], every=200, timed=False) for index in range(9)]
    if container == "file":
        source = made.dump(tmp_path / "NATS-tss-v1_0-abcde.pickle.pbz2", made.whole(CELLS[:12], held))
    else:
        source = made.write_folder(tmp_path / "NATS-tss-v1_0-abcde-simple", CELLS[:12], held)
    path, advanced = tmp_path / "t.parquet", 0

    @contextmanager
    def counting(total: int) -> Iterator[Callable[[], None]]:
        nonlocal advanced
        advanced = 0

        def advance() -> None:
            nonlocal advanced
            advanced += 1

        yield advance
        assert advanced == total == (12 if container == "file" else expected)

    with pytest.raises(KeyboardInterrupt):
        convert(source, path, progress=Interrupted(4))
    expected = 5
    assert convert(source, path, progress=counting).resumed == 4
    assert advanced == (12 if container == "file" else 5)


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
