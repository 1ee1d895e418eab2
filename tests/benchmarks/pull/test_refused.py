"""What a pull refuses, from servers that fail to files that are not what they should be; nothing is left of it."""

import hashlib
import http.server
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import TableError
from benchmarks.pull.comparison import CannotCompareError
from benchmarks.pull.download import printable_url
from benchmarks.pull.pulling import PullError, pull
from tests.benchmarks.pull.servers import CONTENT, OTHER, SUM, begin, half, names, stalled


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
    assert printable_url(url) in everything


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
