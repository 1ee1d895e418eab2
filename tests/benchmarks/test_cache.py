"""The cache: whole or nothing, and never more than a convenience."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cache
from benchmarks.cache import cache_rows, cached_rows, read_cache, write_cache

REPOSITORY = Path(__file__).resolve().parents[2]
KEYS = ["|a~0|", "|b~0|", "ü"]
NUMBERS = np.array([[1.5, 2.5, 3.5], [0.1, np.nan, 100.0]])


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_rows_come_back_exactly(tmp_path):
    path = tmp_path / "new" / "folder" / "rows.npz"
    assert cache_rows(path, KEYS, NUMBERS, "sum")
    keys, numbers = cached_rows(path, "sum")
    assert keys == KEYS
    assert numbers.dtype == np.float64
    np.testing.assert_array_equal(numbers, NUMBERS)
    assert [file.name for file in path.parent.iterdir()] == ["rows.npz"]


def test_the_file_is_an_npz_without_pickles(tmp_path):
    cache_rows(tmp_path / "rows.npz", KEYS, NUMBERS, "sum")
    with np.load(tmp_path / "rows.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["format", "keys", "numbers", "source_sha256"]


def test_no_file_another_source_and_another_format_give_nothing(tmp_path, monkeypatch):
    path = tmp_path / "rows.npz"
    assert cached_rows(path, "sum") is None
    cache_rows(path, KEYS, NUMBERS, "sum")
    assert cached_rows(path, "other sum") is None
    monkeypatch.setattr(cache, "FORMAT", cache.FORMAT + 1)
    assert cached_rows(path, "sum") is None


def test_damage_at_any_byte_gives_nothing(tmp_path):
    path = tmp_path / "rows.npz"
    cache_rows(path, KEYS, NUMBERS, "sum")
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        assert cached_rows(path, "sum") is None, position
        path.write_bytes(whole[:position])
        assert cached_rows(path, "sum") is None, position


@pytest.mark.parametrize("content", [b"", b"no npz at all", b"PK\x05\x06" + bytes(18), b"\x93NUMPY"])
def test_a_whole_file_of_another_kind_gives_nothing(tmp_path, content):
    write_cache(tmp_path / "rows.npz", content)
    assert read_cache(tmp_path / "rows.npz") == content
    assert cached_rows(tmp_path / "rows.npz", "sum") is None


def test_a_pickle_in_the_cache_does_not_run(tmp_path):
    content = io.BytesIO()
    hidden = np.array([Touch(tmp_path / "proof")], dtype=object)
    np.savez(content, format=np.array(cache.FORMAT), source_sha256=np.array("sum"), keys=hidden, numbers=NUMBERS)
    write_cache(tmp_path / "rows.npz", content.getvalue())
    assert cached_rows(tmp_path / "rows.npz", "sum") is None
    assert not (tmp_path / "proof").exists()


def test_a_file_where_the_folder_should_be_is_no_error(tmp_path):
    (tmp_path / "cache").write_text("in the way")
    assert not cache_rows(tmp_path / "cache" / "rows.npz", KEYS, NUMBERS, "sum")
    assert cached_rows(tmp_path / "cache" / "rows.npz", "sum") is None
    assert (tmp_path / "cache").read_text() == "in the way"


def test_a_folder_where_the_file_should_be_is_no_error_and_leaves_nothing_behind(tmp_path):
    (tmp_path / "rows.npz").mkdir()
    assert not cache_rows(tmp_path / "rows.npz", KEYS, NUMBERS, "sum")
    assert cached_rows(tmp_path / "rows.npz", "sum") is None
    assert [file.name for file in tmp_path.iterdir()] == ["rows.npz"]


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_who_reads_while_another_writes_reads_the_old_file_whole(tmp_path):
    path = tmp_path / "rows.npz"
    write_cache(path, b"old" * 1000)
    with path.open("rb", buffering=0) as reader:
        start = reader.read(10)
        assert write_cache(path, b"new" * 1000)
        assert (start + reader.read())[:3000] == b"old" * 1000
    assert read_cache(path) == b"new" * 1000


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
def test_a_full_disk_is_no_error_and_the_old_file_stays(tmp_path):
    path = tmp_path / "rows.npz"
    cache_rows(path, KEYS, NUMBERS, "sum")
    code = (
        "import resource, sys, pathlib, numpy\n"
        "from benchmarks.cache import cache_rows\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "print(cache_rows(pathlib.Path(sys.argv[1]), ['other'], numpy.zeros((1, 1)), 'sum'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"
    assert [file.name for file in tmp_path.iterdir()] == ["rows.npz"]
    keys, _ = cached_rows(path, "sum")
    assert keys == KEYS


def test_what_a_killed_writer_left_is_removed_by_the_next_and_a_living_ones_stays(tmp_path):
    path = tmp_path / "rows.npz"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    machine = f"{path.name}-{socket.gethostname()}"
    left, living, foreign = (
        tmp_path / name for name in (f"{machine}-{ended.pid}-a", f"{machine}-{os.getppid()}-a", f"{path.name}-x-1-a")
    )
    for file in (left, living, foreign):
        file.touch()
    assert write_cache(path, b"new")
    assert {file.name for file in tmp_path.iterdir()} == {path.name, living.name, foreign.name}
