"""Pulls from a real server on this machine, with everything that can go wrong between it and the disk."""

import contextlib
import errno
import gzip
import hashlib
import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from benchmarks import TableError
from benchmarks.pull import SOURCES, Pulled, PullError, Source, pull, pulled_file, pulled_folder, source
from benchmarks.pulled.comparison import CannotCompareError
from benchmarks.pulled.download import disk_errors, shown

REPOSITORY = Path(__file__).resolve().parents[2]
CONTENT = b"accuracy\n" + b"93.51\n" * 50_000
OTHER = b"accuracy\n" + b"94.36\n" * 50_000
SUM = hashlib.sha256(CONTENT).hexdigest()

# A source like the real ones, as text, so that other processes pull it too: the first lines of a file that has the
# right header and length become the result.
RECORD = r"""
    from pathlib import Path
    from benchmarks import TableError
    from benchmarks.pull import Source

    def build(file: Path, target: Path, origin: str) -> None:
        header, *lines = file.read_text().splitlines()
        if header != "accuracy" or len(lines) != 50_000:
            raise TableError(f"{origin} has {len(lines)} rows")
        target.write_text("".join(f"{line}\n" for line in lines[:1_000]))

    def check(target: Path) -> None:
        if len(target.read_text().splitlines()) != 1_000:
            raise TableError(f"{target} is not the table")

    def record(url: str, sha256: str | None = None) -> Source:
        return Source("numbers", "numbers", url, sha256, 300_009, "none", "numbers.txt", build, check)
"""


@dataclass
class Server:
    """What a server on this machine gives, and what it was asked for."""

    port: int = 0
    content: bytes = CONTENT
    answer: Callable[[http.server.BaseHTTPRequestHandler], None] | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/data.csv"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server()
    stop = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        stopped = stop

        def do_GET(self) -> None:
            state.asked.append(self.path)
            with contextlib.suppress(ConnectionError):
                (state.answer or whole)(self)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    def whole(handler: http.server.BaseHTTPRequestHandler) -> None:
        begin(handler, len(state.content))
        handler.wfile.write(state.content)

    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = running.server_address[1]
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    stop.set()
    running.shutdown()
    running.server_close()
    thread.join()


def begin(handler: http.server.BaseHTTPRequestHandler, length: int | None) -> None:
    handler.send_response(200)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Source]:
    namespace: dict[str, Callable[..., Source]] = {}
    exec(textwrap.dedent(RECORD), namespace)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "numbers_record.py").write_text(textwrap.dedent(RECORD))
    return namespace["record"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def names(folder: Path, but: tuple[str, ...] = (".pull-numbers.lock",)) -> set[str]:
    """What lies in the folder, but for the lock."""
    return {path.name for path in folder.iterdir()} - set(but)


@pytest.fixture
def refuse(server: Server, record: Callable[..., Source], folder: Path) -> Callable[..., str]:
    """A pull that must fail, and leave nothing; what it says."""

    def refused(kind: type[TableError], published: str | None = None, **arguments: object) -> str:
        with pytest.raises(kind) as caught:
            pull(record(server.url, published), folder, **arguments)
        assert type(caught.value) is kind
        assert not folder.exists() or names(folder) == set()
        return str(caught.value)

    return refused


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


def test_a_wrong_sum(server, refuse):
    server.content = OTHER
    found = hashlib.sha256(OTHER).hexdigest()
    assert refuse(PullError, SUM) == (
        f"{server.url} (300,009 bytes) is not the expected file: its SHA-256 is {found}, but {SUM} is published. It is "
        "cut, damaged or of another version. Nothing of it was kept. Try again later, name a mirror with --url, or "
        "download the file by other means and give it with --from"
    )
    assert f"but {SUM} is given with --sha256" in refuse(PullError, sha256=SUM)


def test_wrong_content_where_no_sum_is_known(server, refuse):
    server.content = b"accuracy\n93.51\n"
    message = refuse(PullError)
    assert message.startswith(f"{server.url}, SHA-256 ")
    assert "has 1 rows. Nothing of it was kept. Try again later" in message


def half(handler: http.server.BaseHTTPRequestHandler) -> None:
    begin(handler, len(CONTENT))
    handler.wfile.write(CONTENT[:150_000])  # of which two whole chunks are taken


def stalled(handler: http.server.BaseHTTPRequestHandler) -> None:
    half(handler)
    handler.wfile.flush()
    handler.stopped.wait(20)  # type: ignore[attr-defined]


def silent(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.stopped.wait(20)  # type: ignore[attr-defined]


def hung_up(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def nonsense(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + CONTENT)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda handler: handler.send_error(404), "the server answered 404 Not Found"),
        (lambda handler: handler.send_error(503), "the server answered 503 Service Unavailable"),
        (half, "the connection broke after 131,072 bytes"),
        (stalled, "nothing came for 0.3 s after 131,072 bytes"),
        (silent, "nothing came for 0.3 s"),
        (hung_up, "the server cannot be reached (Remote end closed connection without response)"),
        (nonsense, "invalid literal for int"),
    ],
    ids=["404", "503", "cut", "stalled", "silent", "hung up", "no HTTP"],
)
def test_a_server_that_fails(server, refuse, answer, message):
    server.answer = answer
    told = refuse(PullError, SUM, timeout=0.3)
    assert told.startswith(f"{server.url}: ")
    assert message in told
    assert told.endswith(
        "Try again later, name a mirror with --url, or download the file by other means and give it with --from"
    )


def test_a_connection_cut_where_no_length_was_announced(server, refuse):
    def some(handler):
        begin(handler, None)
        handler.wfile.write(CONTENT[:150_000])

    server.answer = some
    assert "(150,000 bytes) is not the expected file" in refuse(PullError, SUM)
    assert "has 24999 rows" in refuse(PullError)


def test_no_server_at_all(refuse):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/data.csv"
        assert f"{url}: the server cannot be reached (Connection refused)" in refuse(PullError, url=url)
    name = "http://nowhere.invalid/data.csv"
    assert f"{name}: the server cannot be reached (" in refuse(PullError, url=name)


def test_after_a_failure_the_same_pull_succeeds(server, refuse, record, folder):
    server.answer = half
    refuse(PullError, SUM)
    server.answer = None
    assert pull(record(server.url, SUM), folder).sha256 == SUM


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sha256": "c4a38c"}, "'c4a38c' is not a SHA-256: it must have 64 hex digits"),
        ({"url": "ftp://example.org/a"}, "'ftp://example.org/a' is not an http or https URL; a file that is here"),
        ({"url": "data.csv"}, "'data.csv' is not an http or https URL"),
        ({"url": ""}, "'' is not an http or https URL"),
        ({"url": "http://[::1/a"}, "'http://[::1/a' is not a URL: Invalid IPv6 URL"),
        ({"url": "http://a.org/b", "file": Path("c")}, "give a URL or a file, not both: http://a.org/b and c"),
        ({"file": Path("no/such/file.csv")}, "cannot read no/such/file.csv: No such file or directory"),
        ({"file": Path(".")}, "cannot read .: Is a directory"),
    ],
)
def test_input_that_cannot_be(refuse, server, arguments, message):
    assert message in refuse(TableError, **arguments)
    assert server.asked == []


def test_neither_a_password_nor_a_token_is_said_or_kept(server, record, folder):
    url = f"http://me:secret@127.0.0.1:{server.port}/data.csv?token=hidden#part"
    said: list[str] = []
    pull(record(url), folder, say=said.append)
    server.answer = lambda handler: handler.send_error(403)
    with pytest.raises(PullError) as caught:
        pull(record(url), folder / "other", say=said.append)
    everything = str(caught.value) + "".join(said) + (folder / "numbers.source.sha256").read_text()
    assert "secret" not in everything
    assert "hidden" not in everything
    assert shown(url) in everything


def test_where_no_sum_is_published_the_first_one_is_kept_and_expected(server, record, folder):
    what, kept, said = record(server.url), folder / "numbers.source.sha256", []
    assert pull(what, folder, say=said.append).sha256 == SUM
    assert kept.read_text() == f"# {server.url}\n{SUM}  numbers\n"
    assert said[-1] == f"its SHA-256 {SUM} is kept in {kept}, and expected from now on"
    (folder / "numbers.txt").unlink()
    server.content = OTHER
    with pytest.raises(PullError, match=f"but {SUM} is kept in {kept}"):
        pull(what, folder)
    assert names(folder) == {"numbers.source.sha256"}
    other = hashlib.sha256(OTHER).hexdigest()
    assert pull(what, folder, sha256=other).sha256 == other
    assert other in kept.read_text(), "what the user vouches for is expected from then on"
    (folder / "numbers.txt").unlink()
    assert pull(what, folder).sha256 == other


def test_a_file_that_fails_the_checks_is_not_kept_as_the_first(server, refuse, record, folder):
    server.content = b"accuracy\n"
    refuse(PullError)
    server.content = CONTENT
    assert pull(record(server.url), folder).sha256 == SUM


def test_a_damaged_kept_sum_is_no_sum(server, record, folder):
    folder.mkdir()
    kept = folder / "numbers.source.sha256"
    for text in ("", "# only a comment\n", "0123  numbers\n", f"{SUM}  a\n{SUM}  b\n"):
        kept.write_text(text)
        with pytest.raises(TableError, match=f"{kept} holds no SHA-256; remove it"):
            pull(record(server.url), folder)
        assert kept.read_text() == text
    assert server.asked == []


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


def test_other_data_may_speak_against_a_result(server, record, folder):
    def forged(target, origin):
        raise TableError(f"{origin} is forged, {target.name}")

    with pytest.raises(PullError, match=r"data\.csv, SHA-256 [0-9a-f]{64} is forged, numbers\.txt\. Nothing of it"):
        pull(replace(record(server.url), compare=forged), folder)
    assert names(folder) == set()
    pull(record(server.url), folder)
    with pytest.raises(TableError, match=r"numbers\.txt is in the way: .*numbers\.txt is forged"):
        pull(replace(record(server.url), compare=forged), folder)


def test_what_cannot_be_compared_needs_a_known_sum(server, record, folder):
    said: list[str] = []

    def cannot(target, origin):
        raise CannotCompareError(f"{origin}: nothing to compare with")

    what = replace(record(server.url), compare=cannot)
    with pytest.raises(TableError, match=r"nothing to compare with\. So nothing of it was kept\. .*--sha256") as caught:
        pull(what, folder)
    assert type(caught.value) is TableError, "the server did nothing wrong"
    assert names(folder) == set()
    assert pull(what, folder, sha256=SUM, say=said.append).sha256 == SUM
    assert said[1].endswith("nothing to compare with; it is taken since its SHA-256 is given with --sha256")
    said.clear()
    assert pull(what, folder, say=said.append).sha256 is None
    assert said[0] == f"{folder / 'numbers.txt'}: nothing to compare with"


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


def python(program: str, elsewhere: Path, *before: str) -> list[str]:
    """A command that runs a program in which `record` is the source; compiled files are not written (-B)."""
    begins = f"import sys\nsys.path[:0] = [{str(elsewhere)!r}, {str(REPOSITORY)!r}]\n"
    imports = (
        "from pathlib import Path\nfrom numbers_record import record\nfrom benchmarks.pull import PullError, pull\n"
    )
    return [*before, sys.executable, "-B", "-c", begins + imports + textwrap.dedent(program)]


FULL = """
    folder = Path({folder!r})
    try:
        pull(record({url!r}), folder, {more})
    except PullError as error:
        print(error)
    print(sorted(path.name for path in folder.iterdir()))
"""
MEASURED = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
"""


@pytest.mark.parametrize(("limit", "given"), [(100_000, False), (2_000, True)], ids=["downloading", "building"])
def test_a_file_that_may_not_grow(server, record, folder, tmp_path, limit, given):
    (tmp_path / "mine.csv").write_bytes(CONTENT)
    more = f"file=Path({str(tmp_path / 'mine.csv')!r})" if given else ""
    program = (MEASURED + FULL).format(limit=limit, folder=str(folder), url=server.url, more=more)
    ended = subprocess.run(python(program, tmp_path / "elsewhere"), capture_output=True, text=True)
    assert ended.stderr == ""
    message, left = ended.stdout.splitlines()
    assert message.startswith(f"no space left for the pull in {folder} (File too large, ")
    assert message.endswith("Free some space and run the same command again, or give another folder with --to")
    assert left == "['.pull-numbers.lock']"
    assert pull(record(server.url), folder).sha256 == SUM


def test_a_disk_that_is_full(server, record, folder, tmp_path):
    """On a file system of 100 kB, which a user may mount in a name space of their own."""
    alone = ("unshare", "--user", "--map-root-user", "--mount")
    folder.mkdir()
    mount = f"mount -t tmpfs -o size=100k none {folder}"
    if shutil.which("unshare") is None or subprocess.run([*alone, *mount.split()], capture_output=True).returncode:
        pytest.skip("no file system can be mounted in a name space of one's own here")
    program = FULL.format(folder=str(folder), url=server.url, more="")
    command = python(program, tmp_path / "elsewhere")
    ended = subprocess.run(
        [*alone, "sh", "-c", f'{mount} && exec "$@"', "sh", *command], capture_output=True, text=True
    )
    assert ended.stderr == ""
    message, left = ended.stdout.splitlines()
    assert f"no space left for the pull in {folder} (No space left on device, " in message
    assert left == "['.pull-numbers.lock']"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_space_is_said_also_where_a_table_could_not_be_written(tmp_path, number):
    def write() -> None:
        try:
            raise OSError(number, os.strerror(number))
        except OSError as error:
            raise TableError("cannot write the table") from error

    with (
        pytest.raises(PullError, match=f"no space left for the pull in .*{os.strerror(number)}"),
        disk_errors(tmp_path),
    ):
        write()


def slowly(handler: http.server.BaseHTTPRequestHandler) -> None:
    begin(handler, len(CONTENT))
    for place in range(0, len(CONTENT), 30_000):
        handler.wfile.write(CONTENT[place : place + 30_000])
        handler.stopped.wait(0.1)  # type: ignore[attr-defined]


def test_two_pulls_at_once_fetch_once(server, record, folder, tmp_path):
    server.answer = slowly
    program = f"print(pull(record({server.url!r}), Path({str(folder)!r}), say=print))"
    command = python(program, tmp_path / "elsewhere")
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [process.communicate(timeout=60) for process in both]
    assert [(process.returncode, err) for process, (_, err) in zip(both, ended, strict=True)] == [(0, ""), (0, "")]
    assert server.asked == ["/data.csv"]
    first, second = sorted((out for out, _ in ended), key=lambda out: "is here already" in out)
    assert f"sha256='{SUM}'" in first
    assert second.startswith(f"another pull of numbers into {folder} is under way; waiting for it\n")
    assert "sha256=None" in second
    assert names(folder) == {"numbers.txt", "numbers.source.sha256"}


def half_there(folder: Path) -> bool:
    """Whether a pull has written some of what it fetches."""
    return any([path.stat().st_size for path in folder.glob(".pull-*/fetched")])


def test_a_killed_pull_leaves_no_half_result_and_the_next_one_clears_up(server, record, folder, tmp_path):
    server.answer = stalled
    program = f"pull(record({server.url!r}), Path({str(folder)!r}))"
    with subprocess.Popen(python(program, tmp_path / "elsewhere")) as process:
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end and not half_there(folder):
                time.sleep(0.02)
        finally:
            process.kill()
    (left,) = names(folder)
    assert left.startswith(".pull-numbers.work-")
    server.answer = None
    assert pull(record(server.url), folder).sha256 == SUM
    assert names(folder) == {"numbers.txt", "numbers.source.sha256"}


def test_an_interrupted_pull_leaves_nothing(server, record, folder, tmp_path):
    server.answer = stalled
    program = f"""
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)
        pull(record({server.url!r}), Path({str(folder)!r}))
    """
    with subprocess.Popen(python(program, tmp_path / "elsewhere"), stderr=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end and not half_there(folder):
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert "KeyboardInterrupt" in said
    assert names(folder) == set()


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
    program = "import sys; import benchmarks.pull; benchmarks.pull.pulled_file('nasbench201'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert {"pooch", "requests", "filelock", "pyarrow", "pandas", "torch", "harness"}.isdisjoint(loaded.stdout.split())


def test_the_sources_are_pinned_to_one_version_each():
    for name, known in SOURCES.items():
        assert source(name) is known
        assert known.name == name
        assert known.url.startswith("https://")
    assert len(SOURCES["nasbench201"].url.split("/")[-2]) == 40, "a commit, not a branch"
    assert SOURCES["cifar10"].sha256 is not None
