"""The streaming unpickler: equal to Python's own on what it reads, and deaf to everything else."""

from __future__ import annotations

import io
import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import TableError
from benchmarks.files import allow_listed_load
from benchmarks.releases.pickles.memo import STRETCH
from benchmarks.releases.pickles.stream import PickleStream
from benchmarks.releases.pickles.unpickling import RECORD_GLOBALS, TORCH_GLOBALS
from benchmarks.shown import reason, shown
from tests.benchmarks.release_files import CELLS, record
from tests.benchmarks.releases.pickles.made_pickles import single, stream

KEYS = st.integers(-(2**63), 2**63 - 1)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=270)
    | st.binary(min_size=1, max_size=270)
)
PLAIN = st.recursive(
    LEAVES | st.lists(LEAVES | st.lists(LEAVES, max_size=3).map(tuple), max_size=5).map(tuple),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.text(max_size=4) | KEYS, inner, max_size=6)
        | st.dictionaries(st.text(max_size=4), inner, max_size=6).map(OrderedDict)
        | st.sets(KEYS | st.text(max_size=3), max_size=6)
    ),
    max_leaves=40,
)


class Drip(io.BytesIO):
    """A file that gives few bytes at a time, as a decompressor may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(7, size or 7))


@settings(max_examples=60)
@given(PLAIN, st.integers(2, 5))
def test_plain_data_is_read_as_python_reads_it(value: object, protocol: int) -> None:
    content = pickle.dumps(value, protocol=protocol)
    for file in (io.BytesIO(content), Drip(content)):
        found = PickleStream(file, "made", TORCH_GLOBALS).value()
        assert found == pickle.loads(content)


def test_what_follows_a_pickle_is_left() -> None:
    content = pickle.dumps([1, 2.5], protocol=2) + pickle.dumps("next", protocol=2) + b"end"
    first = stream(content)
    assert first.value() == [1, 2.5]
    second = PickleStream(io.BytesIO(), "made", {}, rest=first.rest)
    assert second.value() == "next"
    assert second.rest == b"end"


@pytest.mark.parametrize("load", ["stream", "standard"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_numpys_scalars_are_floats_under_both_names(load: str, protocol: int) -> None:
    value = [np.float64(0.1), np.float32(0.1), np.int64(-7), np.float64(0.1).astype(">f8")]
    content = pickle.dumps(value, protocol=protocol)
    if protocol < 4:  # names are lines there, so that they can be changed in place
        content = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    found: Any = stream(content).value() if load == "stream" else allow_listed_load(io.BytesIO(content), TORCH_GLOBALS)
    assert found == [0.1, float(np.float32(0.1)), -7.0, 0.1]
    assert all(isinstance(number, float) for number in found)


@pytest.mark.parametrize(
    "value",
    [np.zeros(3), np.dtype("O"), np.datetime64("2020-01-01"), np.complex128(1), np.str_("text"), np.bool_(True)],
    ids=str,
)
def test_other_things_of_numpy_are_refused(value: object) -> None:
    content = pickle.dumps(value, protocol=4)
    for load in (
        lambda: stream(content).value(),
        lambda: allow_listed_load(io.BytesIO(content), RECORD_GLOBALS),
    ):
        with pytest.raises(TableError):
            load()


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_global_outside_the_list_is_named_and_not_run(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "run"
    content = pickle.dumps({"a": [Malicious(mark)]}, protocol=protocol)
    with pytest.raises(TableError, match=r"made\.pickle asks for (posix|nt)\.system, .*nothing of it was run"):
        stream(content).value()
    assert not mark.exists()
    pickle.loads(content)
    assert mark.exists(), "the pickle would have done nothing anyway"


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02cos\nsystem\n.",
        b"\x80\x02cbuiltins\neval\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x04\x8c\x0bcollections\x8c\x20OrderedDict.__init__.__globals__\x93.",
        b"\x80\x02ctorch.storage\n_load_from_bytes\n.",
    ],
)
def test_a_global_outside_the_list_is_refused_even_if_it_is_not_called(content: bytes) -> None:
    with pytest.raises(TableError, match="which a release does not need"):
        stream(content).value()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it ends too early"),
        (b"\x80\x04K\x01", "it ends too early"),
        (b"\x80\x06K\x01.", "pickle protocol 6"),
        (b"\x80\x04u.", "IndexError|pop from empty"),
        (b"\x80\x04]K\x01K\x02s.", "AttributeError"),
        (b"\x80\x04K\x01K\x02R.", "a call of int"),
        (b"\x80\x04}(]K\x01u.", "unhashable"),
        (b"\x80\x04h\x05.", "refers to its object 5"),
        (b"\x80\x02K\x01q\x07.", "out of order, at 7"),
        (b"\x80\x04\x8d" + (2**40).to_bytes(8, "little") + b"x.", "a string of 1,099,511,627,776 bytes"),
        (b"\x80\x04\x8c\x02\xff\xfe.", "UnicodeDecodeError"),
        (b"\x80\x04\xff.", "the opcode 255"),
        (b"\x80\x04}}b.", "__setstate__"),
    ],
)
def test_a_damaged_pickle_is_an_error_with_the_files_name(content: bytes, reason: str) -> None:
    with pytest.raises(TableError, match=rf"made\.pickle is cut or damaged \(.*({reason})"):
        stream(content).value()


def deep(levels: int) -> list[Any]:
    held: list[Any] = []
    for _ in range(levels):
        held = [held]
    return held


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, "5"),
        ("a'b", '"a\'b"'),
        ("x" * 900_000, "'" + "x" * 79 + "…"),
        (10**5000, "a value of type int that cannot be shown (ValueError)"),
        (deep(50_000), "a value of type list that cannot be shown (RecursionError)"),
        ([10**5000], "a value of type list that cannot be shown (ValueError)"),
        ("\x1b[31m\n", "'\\x1b[31m\\n'"),
    ],
    ids=["number", "text", "long", "huge", "deep", "huge in a list", "control characters"],
)
def test_every_value_can_be_shown(value: object, expected: str) -> None:
    assert shown(value) == expected


def test_the_reason_of_an_error_never_fails() -> None:
    assert reason(KeyError(10**5000)) == "KeyError"
    assert reason(ValueError("x" * 900)) == "ValueError: " + "x" * 80 + "…"


def test_every_cut_of_a_record_is_an_error() -> None:
    content = pickle.dumps(record(0, CELLS[0], every=100), protocol=4)
    for size in range(0, len(content), 2999):
        with pytest.raises(TableError, match="it ends too early"):
            stream(content[:size]).value()


def test_records_come_one_by_one_with_their_keys_and_are_then_emptied() -> None:
    content = single(5)
    expected = pickle.loads(content)
    reading = stream(content, record_keys=[frozenset({"12", "200"}), frozenset({"01", "12", "90"})])
    found, empty = {}, []
    for index, made in reading.records():
        assert reading.pending("meta_archs") == expected["meta_archs"]
        assert made == expected["arch2infos"][index]
        found[index] = made
        empty.append(sum(map(len, found.values())))
    assert list(found) == [0, 1, 2, 3, 4]
    assert empty == [2] * 5
    assert reading.stack[-1]["evaluated_indexes"] == set(range(5))


def test_objects_that_all_records_share_are_found_again() -> None:
    shared = "a short string that all records share"
    reading = stream(single(3, shared), record_keys=[frozenset({"12", "200"})])
    assert [made["200"]["shared"] for _, made in reading.records()] == [shared] * 3


def test_a_container_that_records_share_is_refused_not_wrong() -> None:
    reading = stream(single(3, [1.0]), record_keys=[frozenset({"12", "200"})])
    records = reading.records()
    assert next(records)[0] == 0
    with pytest.raises(TableError, match="refers back into an earlier record"):
        next(records)


def test_the_memo_keeps_equal_records_once() -> None:
    reading = stream(single(6), record_keys=[frozenset({"12", "200"})])
    kept = [len(reading.memo._known) for _ in reading.records()]
    assert kept[-1] == kept[2]
    assert kept[2] > 4000 / STRETCH
