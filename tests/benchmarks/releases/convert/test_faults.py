"""A conversion past records that are missing, corrupt or malicious: each is listed, and no number is another's."""

from __future__ import annotations

import bz2
import math
import os
import pickle
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import TableError
from benchmarks.releases.convert import convert
from benchmarks.releases.parts import PartRows, Parts
from benchmarks.releases.quantities import numbers_of
from tests.benchmarks import release_files as made
from tests.benchmarks.release_files import CELLS, record
from tests.benchmarks.releases.convert.conversions import COUNT, leftovers


def test_a_cut_single_file_is_an_error_and_keeps_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.releases.pickles.stream._CHUNK", 10_000)  # what is lost at the end
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

    monkeypatch.setattr("benchmarks.releases.convert.numbers_of", failing)
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


def part(indices: Iterable[int], base: float) -> PartRows:
    kept = PartRows()
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
