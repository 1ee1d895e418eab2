"""Any text or bytes for any parser: a value that prints and reads back, or an error with a short message of its own."""

from __future__ import annotations

import gzip
import io
import pickle
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import benchmarks
import harness
from benchmarks.releases.pickles.stream import PickleStream
from benchmarks.releases.pickles.unpickling import TORCH_GLOBALS
from harness.errors import HarnessError, SpaceError
from harness.evaluation.matching import matched_scores, recognised_space
from harness.scoring.files import read_scores
from harness.spaces.darts import forms

SPACES = {
    name: harness.open_space(name)
    for name in ("nasbench201", "darts", "natsbench-sizes", "nasbench201-large", "nasbench-graph")
}
EDGES = ("1<-0", "2<-0", "2<-1", "3<-0", "3<-1", "3<-2")
GENOTYPE = SPACES["darts"].sample(1)[0]
WRITTEN = [str(architecture) for space in SPACES.values() for architecture in space.sample(3, seed=5)]
WRITTEN += ["(4, 0, 3, 1, 4, 3)", str(dict.fromkeys(EDGES, "none"))]
WRITTEN += [str(forms.to_compact(GENOTYPE)), str(forms.to_configuration(GENOTYPE)), forms.nested_text(GENOTYPE)]
PIECES = [*"()[]{}|~+,:'0", "\\", "9" * 40, "-1", "1e400", "np.int64(", "range(", "list(", "none", "None", "True", "…"]
PIECES += ["", "\ufeff", "\x00", "\n", "*", "**", "lambda: 0", "f''", "b''", "\ud800"]


@st.composite
def changed(draw: st.DrawFn, texts: list[str]) -> str:
    """One of the texts with a few pieces put in, taken out or repeated."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 3))):
        start, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        text = text[:start] + draw(st.sampled_from(PIECES)) * draw(st.integers(1, 2)) + text[start + length :]
    return text


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=150, deadline=None)
@given(text=changed(WRITTEN) | st.text() | st.sampled_from(WRITTEN))
@example(text="(" * 10_000)
@example(text="{" * 90 + "}" * 90)
@example(text="9" * 19_000)
@example(text="-" * 15_000 + "1")
@example(text="(" + "0," * 9_000 + ")")
@example(text="[*[0], *[0]]")
def test_a_space_reads_a_text_or_says_why_not(name: str, text: str) -> None:
    space = SPACES[name]
    try:
        architecture = space.parse(text)
    except SpaceError as error:
        short(error)
    else:
        assert space.parse(str(architecture)) == architecture
        assert space.key(space.parse(space.key(architecture))) == space.key(architecture)


def short(error: Exception, path: Path | None = None) -> None:
    """The message is short, but for the names of the file, and can be printed."""
    assert len(str(error)) < 2500 + 3 * len(str(path or ""))
    str(error).encode()


CSV = "architecture,proxy,score,status\n" + "".join(
    f'"{text}",p,{place}.5,ok\n' for place, text in enumerate(WRITTEN[:3])
)
TABLE = "architecture,cifar10_test_200ep_pct,latency\n" + "".join(
    f'"{text}",{place}.5,{place}\n' for place, text in enumerate(WRITTEN[:3])
)


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The content cut, with bytes changed, or with others put in."""
    for _ in range(draw(st.integers(1, 4))):
        start, length = draw(st.integers(0, len(content))), draw(st.integers(0, 9))
        content = content[:start] + draw(st.binary(max_size=6)) + content[start + length :]
    return content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
@settings(max_examples=100, deadline=None)
@given(content=damaged(CSV.encode()) | changed([CSV]).map(lambda text: text.encode(errors="replace")))
def test_scores_of_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("scores") / f"scores{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    try:
        frame = read_scores(path).frame
        matched = matched_scores(frame, harness.open_space(recognised_space(frame)))
    except HarnessError as error:
        short(error, path)
    else:
        assert len(matched.scores) <= len(frame)


@settings(max_examples=60, deadline=None)
@given(content=damaged(gzip.compress(CSV.encode())))
def test_compressed_scores_of_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("scores") / "scores.csv.gz"
    path.write_bytes(content)
    try:
        read_scores(path)
    except HarnessError as error:
        short(error, path)


def parquet() -> bytes:
    frame = pd.DataFrame({"architecture": WRITTEN[:3], "latency": [1.0, 2.0, 3.0], "params": [1, 2, 3]})
    frame.to_parquet(file := io.BytesIO())
    return file.getvalue()


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from([".csv", ".csv.gz", ".parquet"]),
    data=st.data(),
)
def test_a_table_of_any_bytes_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    contents = {".csv": TABLE.encode(), ".csv.gz": gzip.compress(TABLE.encode()), ".parquet": parquet()}
    path = tmp_path_factory.mktemp("table") / f"table{kind}"
    path.write_bytes(data.draw(damaged(contents[kind])))
    try:
        table = benchmarks.open_table(path)
    except benchmarks.TableError as error:
        short(error, path)
    else:
        assert len(table) <= 3


RELEASE = pickle.dumps(
    {"meta": [1, 2.5, "text", None, (True, b"bytes")], "more": {5: {"a": [1] * 9}}, "set": {1, 2}}, protocol=2
)


@settings(max_examples=300, deadline=None)
@given(damaged(RELEASE) | st.binary(max_size=40).map(lambda content: b"\x80\x04" + content))
@example(b"\x80\x04.")
@example(b"\x80\x04" + b"]" * 5000 + b".")
def test_a_pickle_of_any_bytes_is_read_or_refused_and_runs_nothing(content: bytes) -> None:
    try:
        PickleStream(io.BytesIO(content), "made", TORCH_GLOBALS).value()
    except benchmarks.TableError as error:
        short(error)
