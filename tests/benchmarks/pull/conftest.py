"""A server that answers as a test wants it to, and a source there."""

import contextlib
import http.server
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import TableError
from benchmarks.pull.pulling import PublicSource, pull
from tests.benchmarks.pull.servers import RECORD, Server, begin, names


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


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., PublicSource]:
    namespace: dict[str, Callable[..., PublicSource]] = {}
    exec(textwrap.dedent(RECORD), namespace)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "numbers_record.py").write_text(textwrap.dedent(RECORD))
    return namespace["record"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def refuse(server: Server, record: Callable[..., PublicSource], folder: Path) -> Callable[..., str]:
    """A pull that must fail, and leave nothing; what it says."""

    def refused(kind: type[TableError], published: str | None = None, **arguments: object) -> str:
        with pytest.raises(kind) as caught:
            pull(record(server.url, published), folder, **arguments)
        assert type(caught.value) is kind
        assert not folder.exists() or names(folder) == set()
        return str(caught.value)

    return refused
