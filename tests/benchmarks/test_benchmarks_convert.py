"""The conversion: equal to the records, past the broken ones, the same after an interruption, whole or not at all."""

from __future__ import annotations

import bz2
import math
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks
from benchmarks import Table, TableError
from benchmarks.compact import read_compact
from benchmarks.convert import convert
from benchmarks.curves import curves_path
from benchmarks.parts import Parts, Rows
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
    curves = benchmarks.read_curves(curves_path(path))
    assert np.isnan(curves.values([CELLS[4]], "cifar10_test_200ep_pct_seed777")).all()

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


ODD: dict[str, Callable[[Any], object]] = {
    "a huge whole number": lambda r: r["200"]["all_results"]["cifar10", 777]["eval_acc1es"].update(
        {"ori-test@0": 10**400}
    ),
    "a number of 5,000 digits": lambda r: r["200"].update(arch_index=10**5000),
    "epochs of 5,000 digits": lambda r: r["200"]["all_results"]["cifar10", 777].update(epochs=10**5000),
    "a long name": lambda r: r["200"].update(arch_str="x\x1b[31m" * 100_000),
    "no finite count": lambda r: r["200"]["all_results"]["cifar10", 888].update(params=math.inf),
    "no names": lambda r: r["200"]["all_results"]["cifar10", 777].update(eval_names=[]),
}


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_record_does_not_stop_the_others(copied: Path, tmp_path: Path, odd: str) -> None:
    held = record(2, CELLS[2], every=60)
    ODD[odd](held)
    made.dump(copied / "000002.pickle.pbz2", held)
    done = convert(copied, tmp_path / "t.parquet", curves=["cifar10:test"])
    assert (done.converted, list(done.corrupt)) == (8, [2])
    assert "000002.pickle.pbz2" in done.corrupt[2]
    assert len(done.corrupt[2]) < 800
    assert "\x1b" not in done.corrupt[2]


def test_seeds_nested_ever_deeper_are_a_corrupt_record(copied: Path, tmp_path: Path) -> None:
    file, text = copied / "000002.pickle.pbz2", CELLS[2].encode()
    training = (
        b"}(\x8c\x0aarch_indexK\x02\x8c\x08arch_str\x8c%c" % len(text)
        + text
        + b"\x8c\x0cdataset_seed}\x8c\x07cifar10"
        + b"]" * 5000
        + b"a" * 4999
        + b"s\x8c\x0ball_results}u"
    )
    file.write_bytes(bz2.compress(b"\x80\x04}(\x8c\x0212" + training + b"\x8c\x03200" + training + b"u."))
    done = convert(copied, tmp_path / "t.parquet")
    assert list(done.corrupt) == [2]
    assert "cifar10 has unknown seed" in done.corrupt[2]
    assert "cannot be shown (RecursionError)" in done.corrupt[2]


def test_an_error_that_no_check_foresees_is_a_corrupt_record(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(one: Any) -> list[float]:
        if one.index == 3:
            raise ZeroDivisionError("by nothing")
        return numbers_of(one)

    monkeypatch.setattr("benchmarks.convert.numbers_of", failing)
    done = convert(folder, tmp_path / "t.parquet")
    assert (done.converted, list(done.corrupt)) == (8, [3])
    assert "record 3: it cannot be read (ZeroDivisionError: by nothing)" in done.corrupt[3]


@pytest.mark.parametrize("compression", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_damaged_zip_file_is_an_error_whatever_its_compression(tmp_path: Path, compression: int) -> None:
    path = tmp_path / "NAS-Bench-201-v1_1-096897.pth"
    held = made.whole(CELLS[:2], [record(index, CELLS[index], made.PTH, every=200) for index in range(2)])
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("a/data.pkl", pickle.dumps(held, protocol=2))
    assert convert(path, tmp_path / "t.parquet").converted == 2
    content = bytearray(path.read_bytes())
    at = content.index(b"a/data.pkl") + 600
    content[at : at + 20] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"096897\.pth"):
        convert(path, tmp_path / "t.parquet")


def test_a_second_conversion_to_the_same_file_is_refused(folder: Path, converted: Path, tmp_path: Path) -> None:
    """Two processes: the first is held in the middle, the second refused, and then the first ends whole."""
    path, go = tmp_path / "t.parquet", tmp_path / "go"
    program = (
        "import sys, time\nfrom contextlib import contextmanager\nfrom pathlib import Path\n"
        "import benchmarks.convert\nbenchmarks.convert.ROWS = 2\n"
        "@contextmanager\n"
        "def held(total):\n"
        "    seen = 0\n"
        "    def advance():\n"
        "        nonlocal seen\n"
        "        seen += 1\n"
        "        if seen == 5:\n"
        "            print('held', flush=True)\n"
        "            while not Path(sys.argv[3]).exists():\n"
        "                time.sleep(0.01)\n"
        "    yield advance\n"
        "benchmarks.convert.convert(sys.argv[1], sys.argv[2], curves=['cifar10:test'], progress=held)\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", program, str(folder), str(path), str(go)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(TableError, match=r"another conversion to .*t\.parquet is running"):
            convert(folder, path, curves=["cifar10:test"])
        assert leftovers(path) == [".t.parquet.lock", ".t.parquet.partial"]
    finally:
        go.touch()
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert equal(path, converted)
    assert leftovers(path) == []
    assert convert(folder, path, curves=["cifar10:test"]).converted == COUNT


def test_the_lock_of_a_killed_conversion_is_free(folder: Path, tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom benchmarks.parts import alone\n"
        "with alone(Path(sys.argv[1])):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "t.parquet"
    ended = subprocess.run([sys.executable, "-c", program, str(path)])
    assert ended.returncode != 0
    assert leftovers(path) == [".t.parquet.lock"]
    convert(folder, path)
    assert leftovers(path) == []


def part(indices: Iterable[int], base: float) -> Rows:
    kept = Rows()
    for index in indices:
        kept.add(index, "s", [base + index])
    return kept


@pytest.mark.parametrize("others", [range(2), range(1, 5), range(4)], ids=["fewer", "shifted", "as many"])
def test_numbers_are_found_by_the_index_that_the_part_holds(tmp_path: Path, others: range) -> None:
    """Another writer puts a part of the same name and conversion there: a row of its is never another record's."""
    ours, theirs = (Parts(tmp_path / "t.parquet", {"a": 1}) for _ in range(2))
    ours.keep(part(range(4), 0.0))
    theirs.keep(part(others, 0.0))
    if set(range(4)) <= set(others):
        ((places, numbers),) = ours.numbers(range(4))
        assert dict(zip(places.tolist(), numbers[:, 0].tolist(), strict=True)) == {i: float(i) for i in range(4)}
    else:
        with pytest.raises(TableError, match="lost records while it was in use"):
            list(ours.numbers(range(4)))
        indices = sorted(set(range(4)) & set(others))
        ((places, numbers),) = ours.numbers(indices)
        assert [indices[place] for place in places] == numbers[:, 0].tolist()


def test_every_missing_and_corrupt_record_is_listed(copied: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    contents = {index: (copied / f"{index:06d}.pickle.pbz2").read_bytes() for index in range(COUNT)}
    for index in range(1, 8):
        (copied / f"{index:06d}.pickle.pbz2").write_bytes(b"none")
    (copied / "000008.pickle.pbz2").unlink()
    done = convert(copied, path)
    assert done.problems == tmp_path / "t.parquet.problems.txt"
    lines = [line.split("\t") for line in done.problems.read_text().splitlines()]
    assert [line[:2] for line in lines] == [*([str(i), "corrupt"] for i in range(1, 8)), ["8", "missing"]]
    assert all(f"{index:06d}.pickle.pbz2 is cut" in lines[index - 1][2] for index in range(1, 8))
    for index, content in contents.items():
        (copied / f"{index:06d}.pickle.pbz2").write_bytes(content)
    assert convert(copied, path).problems is None
    assert sorted(file.name for file in tmp_path.iterdir()) == [copied.name, "t.parquet"]


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
