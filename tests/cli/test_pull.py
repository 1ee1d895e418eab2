"""`nasinit pull` from a real server on this machine: what it says, what it makes, and how it ends."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import itertools
import os
import random
import re
import signal
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.formats.compact import read_compact
from benchmarks.pull import cifar10, nasbench201
from benchmarks.pull.pulling import SOURCES
from benchmarks.readers.analognasbench import read_analognasbench
from harness.cli import pull
from harness.spaces.image_batches import read_cifar10

Run = Callable[..., Any]
RECORD = 3073
SMALL = dict.fromkeys(cifar10.SIZES, 10 * RECORD)


@pytest.fixture(scope="module")
def extract() -> bytes:
    """All cells in the official order, with the published accuracies and, elsewhere, AnalogNAS-Bench's or near them."""
    trained = read_analognasbench()
    accuracy_of = dict(zip(trained.keys, trained.values(trained.keys, "cifar10_test_200ep_pct").tolist(), strict=True))
    operations = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    cells = ["|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|".format(*six) for six in itertools.product(operations, repeat=6)]
    random.Random(88).shuffle(cells)
    lines = [",".join([*nasbench201.ACCURACIES, nasbench201.KEY])]
    for row, cell in enumerate(cells):
        given = nasbench201.PUBLISHED_ACCURACIES.get(row, [accuracy_of[cell] * share for share in (1, 0.75, 0.48)])
        parts = (accuracy.parts for accuracy in nasbench201.ACCURACIES.values())
        lines.append(",".join([*(repr(round(n * p) / p) for n, p in zip(given, parts, strict=True)), cell]))
    return "\n".join([*lines, ""]).encode()


@pytest.fixture(scope="module")
def archive() -> bytes:
    """CIFAR-10's eight files with ten images a batch: image N of a batch is of class N, and all its pixels are N."""
    packed = io.BytesIO()
    batch = b"".join(bytes([image]) * RECORD for image in range(10))
    with tarfile.open(fileobj=packed, mode="w:gz") as file:
        for name in (*cifar10.SIZES, *cifar10.TEXTS):
            info = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            info.size = len(batch)
            file.addfile(info, io.BytesIO(batch))
    return packed.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Gives `content`, or with `stall` its first half and then nothing."""

    content = b""
    stall = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/file"
        self.asked = 0
        self.stop = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            if self.server.stall:
                self.wfile.write(self.server.content[: len(self.server.content) // 2])
                self.server.stop.wait(60)
            else:
                self.wfile.write(self.server.content)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.stop.set()
        running.shutdown()
        thread.join()


def test_nasbench201_becomes_a_table_in_the_data_folder(
    nasinit: Run, server: Server, extract: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    server.content = extract
    digest = hashlib.sha256(extract).hexdigest()
    ended = nasinit("pull", "nasbench201", "--url", server.url)
    assert ended.code == 0, ended.err
    assert ended.err == ""
    path = tmp_path / "nasbench201.parquet"
    assert ended.out.splitlines() == [
        f"pulling nasbench201, about 2.1 MB, from {server.url}",
        f"its SHA-256 {digest} is kept in {tmp_path / 'nasbench201.source.sha256'}, and expected from now on",
        f"wrote {path}: {SOURCES['nasbench201'].title}",
        f"origin: {SOURCES['nasbench201'].origin}",
        f"licence: {SOURCES['nasbench201'].licence}",
    ]
    table = read_compact(path)
    assert len(table) == 15625
    assert f"{server.url}, SHA-256 {digest}" in table.describe()
    again = nasinit("pull", "nasbench201")
    assert (again.code, again.out) == (0, f"{path} is here already, and whole; to pull it again, move it away\n")
    assert server.asked == 1


def test_cifar10_becomes_a_folder_that_batches_are_read_from(
    nasinit: Run, server: Server, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(
        SOURCES["cifar10"],
        url=server.url,
        sha256=hashlib.sha256(archive).hexdigest(),
        build=partial(cifar10.unpack, sizes=SMALL),
        check=partial(cifar10.check_folder, sizes=SMALL),
    )
    monkeypatch.setitem(SOURCES, "cifar10", small)
    server.content = archive
    ended = nasinit("pull", "cifar10", "--to", tmp_path / "new" / "folder")
    assert ended.code == 0, ended.err
    folder = tmp_path / "new" / "folder" / "cifar-10-batches-bin"
    assert f"wrote {folder}: CIFAR-10, the official binary version" in ended.out
    images, labels = read_cifar10(folder)
    assert images.shape == (50, 3, 32, 32)
    assert labels.tolist() == list(range(10)) * 5
    assert (images == labels.view(-1, 1, 1, 1)).all()
    assert sorted(path.name for path in folder.parent.iterdir()) == [".pull-cifar10.lock", "cifar-10-batches-bin"]
    server.content = archive + b"\0"
    bad = nasinit("pull", "cifar10", "--to", tmp_path / "other")
    assert bad.code == 1
    assert f"but {small.sha256} is published" in bad.err


def test_a_file_downloaded_by_hand(nasinit: Run, extract: bytes, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(extract)
    to = tmp_path / "data"
    ended = nasinit("pull", "nasbench201", "--from", tmp_path / "mine.csv", "--to", to)
    assert ended.code == 0, ended.err
    source = read_compact(to / "nasbench201.parquet").facts.source
    assert source.endswith(f"read from mine.csv, SHA-256 {hashlib.sha256(extract).hexdigest()}")


def test_it_says_whose_extract_it_is_and_how_it_is_checked(nasinit: Run, extract: bytes, tmp_path: Path) -> None:
    text = " ".join(nasinit("pull", "--help").out.replace("│", " ").split())
    (tmp_path / "mine.csv").write_bytes(extract)
    out = nasinit("pull", "nasbench201", "--from", tmp_path / "mine.csv", "--to", tmp_path).out
    facts = read_compact(tmp_path / "nasbench201.parquet").facts
    for told in (text, out, f"{facts.note} {facts.licence}"):
        for part in ("third party's extract", "github.com/v-tao/nats-bench-landscape", "states no", "MIT"):
            assert part in told
        assert re.search(r"(no|No) (check)?sum of it is published|of which no sum is published", told)
    assert "from a third party's extract" in facts.title


def test_without_the_independent_table_only_a_file_of_known_sum_is_taken(
    nasinit: Run, server: Server, extract: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.readers.analognasbench.DISTRIBUTION", "no-such-distribution")
    server.content = extract
    ended = nasinit("pull", "nasbench201", "--url", server.url, "--to", tmp_path)
    assert ended.code == 2
    assert "could not be compared with AnalogNAS-Bench's independent training (no-such-distribution" in ended.err
    assert "pip install" in ended.err
    assert "give the file's SHA-256 with --sha256" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == [".pull-nasbench201.lock"]
    digest = hashlib.sha256(extract).hexdigest()
    ended = nasinit("pull", "nasbench201", "--url", server.url, "--to", tmp_path, "--sha256", digest)
    assert ended.code == 0, ended.err
    assert "it is taken since its SHA-256 is given with --sha256" in ended.out
    again = nasinit("pull", "nasbench201", "--to", tmp_path)
    assert again.code == 0
    assert "could not be compared with" in again.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nasbench20"], "unknown source 'nasbench20'. Did you mean 'nasbench201'? Known: cifar10, nasbench201"),
        (["cifar10", "--from", "no.tar.gz"], "cannot read no.tar.gz: No such file or directory"),
        (["cifar10", "--sha256", "abc"], "'abc' is not a SHA-256: it must have 64 hex digits"),
        (["cifar10", "--url", "cifar.tar.gz"], "'cifar.tar.gz' is not an http or https URL"),
        (["cifar10", "--url", "http://a.org/b", "--from", "c"], "give a URL or a file, not both"),
        (["cifar10", "--timeout", "0"], "--timeout must be above 0 and at most 3,600 seconds, got 0"),
        (["cifar10", "--timeout", "nan"], "--timeout must be above 0 and at most 3,600 seconds, got nan"),
        (["cifar10", "--timeout", "inf"], "--timeout must be above 0 and at most 3,600 seconds, got inf"),
        (["cifar10", "--to", "/dev/null"], "cannot pull into /dev/null: it is not a folder"),
    ],
)
def test_bad_input(nasinit: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    ended = nasinit("pull", *arguments, *(() if "--to" in arguments else ("--to", tmp_path / "data")))
    assert ended.code == 2
    assert ended.err.startswith(f"nasinit: {message}")
    assert "Traceback" not in ended.err


def test_a_failed_pull_says_what_happened_and_what_to_do(nasinit: Run, server: Server, tmp_path: Path) -> None:
    server.content, server.stall = b"x" * 400_000, True
    ended = nasinit("pull", "nasbench201", "--url", server.url, "--to", tmp_path, "--timeout", "0.2")
    assert ended.code == 1
    assert ended.err == (
        f"nasinit: {server.url}: nothing came for 0.2 s after 196,608 bytes. Try again later, name a mirror with "
        "--url, or download the file by other means and give it with --from\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == [".pull-nasbench201.lock"]


def test_in_a_log_the_progress_is_a_line_now_and_then(
    nasinit: Run, server: Server, extract: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "_EVERY_SECONDS", 0)
    server.content = extract
    ended = nasinit("pull", "nasbench201", "--url", server.url, "--to", tmp_path)
    assert ended.code == 0, ended.err
    assert ended.err.splitlines()[0] == f"fetched 0.1 of {len(extract) / 1e6:.1f} MB"


def test_on_a_terminal_the_progress_is_a_bar(program: str, server: Server, extract: bytes, tmp_path: Path) -> None:
    server.content = extract
    main, terminal = os.openpty()
    command = [program, "pull", "nasbench201", "--url", server.url, "--to", str(tmp_path)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, env=environment, check=True)
    os.close(terminal)
    drawn = b""
    with contextlib.suppress(OSError):  # what Linux gives at a terminal's end
        while more := os.read(main, 65536):
            drawn += more
    os.close(main)
    megabytes = f"{len(extract) / 1e6:.1f}"
    assert f"{megabytes}/{megabytes} MB" in drawn.decode()
    assert b"wrote " in ended.stdout


def _interruptible() -> None:
    """A shell's background job, such as a run of the tests may be, hands on an interrupt that is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_leaves_nothing(program: str, server: Server, extract: bytes, tmp_path: Path) -> None:
    server.content, server.stall = extract, True
    command = [program, "pull", "nasbench201", "--url", server.url, "--to", str(tmp_path / "data")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=_interruptible) as process:
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end and not any(
                [path.stat().st_size for path in (tmp_path / "data").glob(".pull-*/fetched")]
            ):
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert said == "nasinit: interrupted; nothing of nasbench201 was kept, and the same command begins anew\n"
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".pull-nasbench201.lock"]
