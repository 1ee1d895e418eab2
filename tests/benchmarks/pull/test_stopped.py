"""Pulls that a full disk, a kill or an interrupt stops, and two at once."""

import errno
import http.server
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from benchmarks import TableError
from benchmarks.pull.download import disk_errors
from benchmarks.pull.pulling import PullError, pull
from tests.benchmarks.pull.servers import CONTENT, REPOSITORY, SUM, begin, names, stalled


def python(program: str, elsewhere: Path, *before: str) -> list[str]:
    """A command that runs a program in which `record` is the source; compiled files are not written (-B)."""
    begins = f"import sys\nsys.path[:0] = [{str(elsewhere)!r}, {str(REPOSITORY)!r}]\n"
    imports = "from pathlib import Path\nfrom numbers_record import record\n"
    imports += "from benchmarks.pull.pulling import PullError, pull\n"
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
