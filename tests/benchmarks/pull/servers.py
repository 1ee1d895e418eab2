"""A server on this machine, and a source like the real ones."""

import hashlib
import http.server
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

CONTENT = b"accuracy\n" + b"93.51\n" * 50_000
OTHER = b"accuracy\n" + b"94.36\n" * 50_000
SUM = hashlib.sha256(CONTENT).hexdigest()

# A source like the real ones, as text, so that other processes pull it too: the first lines of a file that has the
# right header and length become the result.
RECORD = r"""
    from pathlib import Path
    from benchmarks import TableError
    from benchmarks.pull.pulling import PublicSource

    def build(file: Path, target: Path, origin: str) -> None:
        header, *lines = file.read_text().splitlines()
        if header != "accuracy" or len(lines) != 50_000:
            raise TableError(f"{origin} has {len(lines)} rows")
        target.write_text("".join(f"{line}\n" for line in lines[:1_000]))

    def check(target: Path) -> None:
        if len(target.read_text().splitlines()) != 1_000:
            raise TableError(f"{target} is not the table")

    def record(url: str, sha256: str | None = None) -> PublicSource:
        return PublicSource("numbers", "numbers", url, sha256, 300_009, "none", "numbers.txt", build, check)
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


def begin(handler: http.server.BaseHTTPRequestHandler, length: int | None) -> None:
    handler.send_response(200)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()


def names(folder: Path, but: tuple[str, ...] = (".pull-numbers.lock",)) -> set[str]:
    """What lies in the folder, but for the lock."""
    return {path.name for path in folder.iterdir()} - set(but)


def half(handler: http.server.BaseHTTPRequestHandler) -> None:
    begin(handler, len(CONTENT))
    handler.wfile.write(CONTENT[:150_000])  # of which two whole chunks are taken


def stalled(handler: http.server.BaseHTTPRequestHandler) -> None:
    half(handler)
    handler.wfile.flush()
    handler.stopped.wait(20)  # type: ignore[attr-defined]
