"""A conversion that was interrupted, killed or out of space: it goes on, and ends in the same bytes."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import benchmarks
from benchmarks import TableError
from benchmarks.formats.compact import read_compact
from benchmarks.formats.curves import curves_path
from benchmarks.releases.convert import convert
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, record
from tests.benchmarks.releases.convert.conversions import COUNT, Interrupted, equal, leftovers, rows


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


def test_a_second_conversion_to_the_same_file_is_refused(folder: Path, converted: Path, tmp_path: Path) -> None:
    """Two processes: the first is held in the middle, the second refused, and then the first ends whole."""
    path, go = tmp_path / "t.parquet", tmp_path / "go"
    program = (
        "import sys, time\nfrom contextlib import contextmanager\nfrom pathlib import Path\n"
        "import benchmarks.releases.convert\nbenchmarks.releases.convert.ROWS = 2\n"
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
        "benchmarks.releases.convert.convert(sys.argv[1], sys.argv[2], curves=['cifar10:test'], progress=held)\n"
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
        "import os, signal, sys\nfrom pathlib import Path\nfrom benchmarks.releases.parts import conversion_lock\n"
        "with conversion_lock(Path(sys.argv[1])):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "t.parquet"
    ended = subprocess.run([sys.executable, "-c", program, str(path)])
    assert ended.returncode != 0
    assert leftovers(path) == [".t.parquet.lock"]
    convert(folder, path)
    assert leftovers(path) == []


def test_a_disk_that_is_full_is_an_error_and_nothing_is_lost(
    folder: Path, converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "t.parquet", benchmarks.formats.parquet.os.fsync
    calls = 0

    def full(file: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(28, "No space left on device")
        write(file)

    monkeypatch.setattr(benchmarks.formats.parquet.os, "fsync", full)
    with pytest.raises(TableError, match=r"cannot write .*No space left on device"):
        convert(folder, path, curves=["cifar10:test"])
    monkeypatch.undo()
    done = convert(folder, path, curves=["cifar10:test"])
    assert done.resumed >= 4
    assert equal(path, converted)


def test_unfinished_files_of_a_killed_conversion_are_removed(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with pytest.raises(KeyboardInterrupt):
        convert(folder, path, curves=["cifar10:test"], progress=Interrupted(3))
    ending = "0123456789abcdef"
    for name in (".t.parquet", ".t.curves.parquet", ".t.parquet.problems.txt", ".t.parquet.partial/.000001.parquet"):
        (tmp_path / f"{name}-{ending}").touch()
    other = tmp_path / f".u.parquet-{ending}"
    other.touch()
    assert convert(folder, path, curves=["cifar10:test"]).resumed == 3
    assert leftovers(path) == [other.name]
