"""Pulls from a real server on this machine: fetched once, whole, and into their place."""

import gzip
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import TableError
from benchmarks.pull.pulling import SOURCES, Pulled, PullError, pull, pulled_file, pulled_folder, source
from tests.benchmarks.pull.servers import CONTENT, OTHER, REPOSITORY, SUM, begin, names


def test_a_pull_fetches_once_and_a_second_one_not_at_all(server, record, folder):
    said: list[str] = []
    what = record(server.url, SUM)
    assert pull(what, folder, say=said.append) == Pulled(folder / "numbers.txt", SUM)
    assert (folder / "numbers.txt").read_text() == "93.51\n" * 1000
    assert pull(what, folder, say=said.append) == Pulled(folder / "numbers.txt", None)
    assert server.asked == ["/data.csv"]
    assert names(folder) == {"numbers.txt"}
    assert said == [
        f"pulling numbers, about 0.3 MB, from {server.url}",
        f"{folder / 'numbers.txt'} is here already, and whole; to pull it again, move it away",
    ]


def test_a_file_fetched_by_other_means_goes_through_the_same_checks(server, record, folder, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_bytes(CONTENT)
    assert pull(record(server.url, SUM), folder, file=file).sha256 == SUM
    assert file.read_bytes() == CONTENT
    assert server.asked == []
    file.write_bytes(OTHER)
    with pytest.raises(TableError, match=r"mine\.csv \(300,009 bytes\) is not the expected file") as caught:
        pull(record(server.url, SUM), tmp_path / "second", file=file)
    assert type(caught.value) is TableError, "what the user gave is wrong input"
    assert names(tmp_path / "second") == set()


def test_a_mirror_is_asked_instead_and_must_have_the_published_sum(server, record, folder):
    what = record("http://127.0.0.1:1/gone.csv", SUM)
    assert pull(what, folder, url=server.url).sha256 == SUM
    (folder / "numbers.txt").unlink()
    server.content = OTHER
    with pytest.raises(PullError, match="is not the expected file"):
        pull(what, folder, url=server.url)
    assert pull(what, folder, url=server.url, sha256=hashlib.sha256(OTHER).hexdigest().upper()).sha256 is not None
    assert names(folder) == {"numbers.txt"}


def test_a_redirect_is_followed(server, record, folder):
    def redirect(handler):
        if handler.path == "/data.csv":
            handler.send_response(302)
            handler.send_header("Location", "/moved.csv")
            handler.end_headers()
        else:
            begin(handler, len(CONTENT))
            handler.wfile.write(CONTENT)

    server.answer = redirect
    pull(record(server.url, SUM), folder)
    assert server.asked == ["/data.csv", "/moved.csv"]


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir], ids=["file", "folder"])
def test_the_result_is_moved_into_its_place_not_copied(server, record, folder, make):
    built: list[os.stat_result] = []

    def build(file: Path, target: Path, origin: str) -> None:
        make(target)
        built.append(target.stat())

    path = pull(replace(record(server.url), build=build), folder).path
    assert (path.stat().st_ino, path.stat().st_dev) == (built[0].st_ino, built[0].st_dev)


def test_the_bytes_are_taken_as_they_lie_on_the_server(server, record, folder):
    """Neither compressed for the way, nor unpacked because the server takes a .gz file's own compression for that."""
    packed = gzip.compress(CONTENT, mtime=0)

    def labelled(handler):
        assert handler.headers["Accept-Encoding"] == "identity"
        handler.send_response(200)
        handler.send_header("Content-Encoding", "x-gzip")
        handler.send_header("Content-Length", str(len(packed)))
        handler.end_headers()
        handler.wfile.write(packed)

    def build(file: Path, target: Path, origin: str) -> None:
        target.write_bytes(file.read_bytes())

    server.answer = labelled
    what = replace(record(server.url, hashlib.sha256(packed).hexdigest()), build=build)
    pull(what, folder)
    assert (folder / "numbers.txt").read_bytes() == packed


def test_the_progress_bar_is_told_of_the_bytes(server, record, folder):
    class Bar:
        def __init__(self) -> None:
            self.total, self.told = 0, []

        def update(self, count):
            self.told.append(count)

        def reset(self):
            self.told.append("reset")

        def close(self):
            self.told.append("close")

    bar = Bar()
    pull(record(server.url, SUM), folder, progress=bar)
    assert bar.total == len(CONTENT)
    assert bar.told[-3:] == ["reset", len(CONTENT), "close"]
    assert sum(bar.told[:-3]) >= len(CONTENT)


def test_what_is_in_the_way_stays(server, record, folder):
    folder.mkdir()
    target = folder / "numbers.txt"
    target.write_text("my notes\n")
    with pytest.raises(TableError, match="is in the way: it is not what a pull of numbers makes") as caught:
        pull(record(server.url), folder)
    assert type(caught.value) is TableError
    assert target.read_text() == "my notes\n"
    target.unlink()
    target.symlink_to(folder / "nowhere")
    with pytest.raises(TableError, match=r"No such file or directory"):
        pull(record(server.url), folder)
    assert target.is_symlink()
    assert server.asked == []
    assert names(folder, but=()) == {"numbers.txt"}


def test_nothing_is_left_where_nothing_was_fetched(server, record, folder, tmp_path):
    with pytest.raises(TableError, match="cannot read"):
        pull(record(server.url), folder, file=tmp_path / "absent.csv")
    assert not folder.exists()
    folder.mkdir()
    (folder / "numbers.txt").write_text("93.51\n" * 1000)
    assert pull(record(server.url), folder) == Pulled(folder / "numbers.txt", None)
    assert names(folder, but=()) == {"numbers.txt"}


def test_a_folder_that_is_none(server, record, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TableError, match=r"cannot pull into .*file: it is not a folder"):
        pull(record(server.url), tmp_path / "file")
    with pytest.raises(TableError, match=r"cannot write in .*Not a directory\. Mend that, or give another folder"):
        pull(record(server.url), tmp_path / "file" / "below")
    assert server.asked == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_takes_nothing(server, record, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(TableError, match=r"cannot write in .*Permission denied"):
        pull(record(server.url), tmp_path / "closed")


def test_where_pulls_go(monkeypatch, tmp_path):
    assert pulled_folder().name == "nasinit"
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    assert pulled_folder() == tmp_path
    assert pulled_file("nasbench201") is None
    (tmp_path / "nasbench201.parquet").touch()
    assert pulled_file("nasbench201") == tmp_path / "nasbench201.parquet"
    assert pulled_file("cifar10") is None
    (tmp_path / "cifar-10-batches-bin").mkdir()
    assert pulled_file("cifar10") == tmp_path / "cifar-10-batches-bin"
    with pytest.raises(TableError, match=r"unknown source 'nasbench-201'\. Did you mean 'nasbench201'\?"):
        pulled_file("nasbench-201")
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(TableError, match="which is not a folder"):
        pulled_file("cifar10")


def test_looking_for_what_was_pulled_loads_nothing_heavy():
    program = (
        "import sys; from benchmarks.pull.pulling import pulled_file; pulled_file('nasbench201'); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert {"pooch", "requests", "filelock", "pyarrow", "pandas", "torch", "harness"}.isdisjoint(loaded.stdout.split())


def test_the_sources_are_pinned_to_one_version_each():
    for name, known in SOURCES.items():
        assert source(name) is known
        assert known.name == name
        assert known.url.startswith("https://")
    assert len(SOURCES["nasbench201"].url.split("/")[-2]) == 40, "a commit, not a branch"
    assert SOURCES["cifar10"].sha256 is not None
