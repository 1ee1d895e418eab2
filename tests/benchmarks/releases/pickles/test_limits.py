"""The streaming unpickler, bounded in memory: hostile pickles that are small, and genuine ones without end."""

from __future__ import annotations

import bz2
import io
import pickle
import tracemalloc
from pathlib import Path

import pytest

from benchmarks import TableError
from benchmarks.releases.pickles.stream import LARGEST, MOST_STEPS, PickleStream
from benchmarks.releases.pickles.unpickling import RECORD_GLOBALS
from tests.benchmarks.releases.pickles.made_pickles import single, stream


def nested(times: int) -> bytes:
    """A tuple within a tuple and so on, as the key of a mapping."""
    return b"\x80\x04})" + b"\x85" * times + b"K\x01s."


def doubled(times: int) -> bytes:
    """A pair of the same pair of the same pair and so on: its hash takes 2 ** times steps."""
    return b"\x80\x04}K\x01\x94" + b"h%c\x86\x94" * times % tuple(range(times)) + b"K\x01s."


HOSTILE = {
    "a jump of the memo": (b"\x80\x04Nr\xff\xff\xff\x07.", "numbers its objects out of order, at 134217727"),
    "a deep key": (nested(2_000_000), "tuples nested three deep"),
    "a key of three tuples": (nested(3), "tuples nested three deep"),
    "a doubled key": (doubled(60), "tuples nested three deep"),
    "a long tuple": (b"\x80\x04(" + b"K\x01" * 100 + b"t.", "a tuple of 100 items"),
    "a full stack": (b"\x80\x04" + b"]" * 100_000, "more objects at once on its stack"),
    "many marks": (b"\x80\x04" + b"(" * 100_000, "more objects at once on its stack"),
    "many lists": (b"\x80\x04]" + b"]a" * 100_000 + b".", "more than 100,000 steps"),
    "many copies": (
        b"\x80\x02c__builtin__\nset\nq\x00](" + b"K\x01" * 1000 + b"eq\x01" + b"h\x00h\x01\x85R" * 2000 + b".",
        "more than 100,000 steps",
    ),
    "a long string": (b"\x80\x04X\x00\x00\x00\x40", "a string of 1,073,741,824 bytes"),
    "bytes without end": (b"\x80\x04]" + (b"C\xff" + b"x" * 255 + b"a") * 5_000, "more than 1,048,576 bytes without"),
    "a large key": (pickle.dumps({2**61 - 1 << 9: 1}, protocol=4), "unhashable type: 'Large'"),
    "a huge number": (pickle.dumps([10**5000], protocol=4), "the opcode 139"),
    "a huge name": (b"\x80\x04c" + b"x" * 90_000 + b"\nname\n.", r"asks for x{80}…\.name, which"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_small_pickle_cannot_ask_for_much(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these, or a longer one, ends the process, fills the memory or runs for ever where nothing limits it."""
    monkeypatch.setattr("benchmarks.releases.pickles.stream.LARGEST", 1 << 20)
    monkeypatch.setattr("benchmarks.releases.pickles.stream.MOST_STEPS", 100_000)
    content, message = HOSTILE[name]
    tracemalloc.start()
    try:
        with pytest.raises(TableError, match=message) as raised:
            stream(content).value()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 << 20
    assert len(str(raised.value)) < 1000


def test_a_number_beyond_64_bits_is_read_but_is_no_key() -> None:
    found = stream(pickle.dumps([2**100, -(2**63), 2**63 - 1], protocol=4)).value()
    assert found == [2**100, -(2**63), 2**63 - 1]
    with pytest.raises(TypeError, match="unhashable"):
        hash(found[0])
    hash(found[1])


def test_the_limits_are_for_each_record(monkeypatch: pytest.MonkeyPatch) -> None:
    content = single(6)
    monkeypatch.setattr("benchmarks.releases.pickles.stream.LARGEST", len(content) // 3)
    monkeypatch.setattr("benchmarks.releases.pickles.stream._CHUNK", 10_000)
    monkeypatch.setattr("benchmarks.releases.pickles.stream.MOST_STEPS", 4_000)
    assert len(list(stream(content, record_keys=[frozenset({"12", "200"})]).records())) == 6
    with pytest.raises(TableError, match=r"more than [0-9,]+ (bytes|steps) without the end of a record"):
        stream(content).value()


def test_genuine_records_are_far_below_the_limits(data_folder: Path) -> None:
    for file in sorted(data_folder.glob("NATS-*-simple/*.pickle.pbz2")):
        content = bz2.decompress(file.read_bytes())
        reading = PickleStream(io.BytesIO(content), str(file), RECORD_GLOBALS)
        reading.value()
        assert 8 * len(content) < LARGEST
        assert 20 * reading._steps < MOST_STEPS


def test_the_memo_refuses_strings_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.releases.pickles.memo._MOST_TEXTS", 100)
    with pytest.raises(TableError, match="more than 100 different strings"):
        list(stream(single(2), record_keys=[frozenset({"12", "200"})]).records())


def test_memory_does_not_grow_with_the_number_of_records() -> None:
    content = single(5)
    reading = stream(content, record_keys=[frozenset({"12", "200"})])
    tracemalloc.start()
    try:
        held = []
        for _ in reading.records():
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[0] > 500_000, "the record itself is there"
    assert held[4] - held[2] < 2 * 20_000
