"""Download of one file by HTTP with pooch; every failure gives one sentence with the reason and what to do."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit, urlunsplit

from benchmarks.errors import TableError

if TYPE_CHECKING:
    from requests import Response

OTHER_WAYS = "Try again later, name a mirror with --url, or download the file by other means and give it with --from"

_CHUNK = 1 << 16
_NO_SPACE = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))


class PullError(TableError):
    """A pull that failed although its arguments are right; nothing of it is kept."""


class ProgressBar(Protocol):
    """The interface that pooch requires of a progress bar. `total` is set once, in bytes; 0 where it is unknown."""

    total: int

    def update(self, count: int, /) -> None:
        """`count` more bytes have arrived."""

    def reset(self) -> None:
        """Set the bar to 0; pooch calls it at the end, before it reports the whole."""

    def close(self) -> None:
        """End the bar."""


def printable_url(url: str) -> str:
    """The URL without user, password, query and fragment, so that it can be printed and stored.

    >>> printable_url("https://me:secret@example.org/data.csv?token=1")
    'https://example.org/data.csv'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def check_url(url: str) -> None:
    """Raise TableError unless `url` is an http or https URL with a host."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise TableError(f"{url!r} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TableError(f"{url!r} is not an http or https URL; a file that is here already is given with --from")


def download(url: str, path: Path, *, timeout: float, progress: ProgressBar | None = None) -> None:
    """Download a URL into a new file at `path`; after an error a partial file may remain.

    Args:
        url: address of the file, http or https; redirects are followed.
        path: the file to write, in an existing folder.
        timeout: seconds to wait for the connection, and for each further byte.
        progress: progress bar, updated after every 64 KiB.

    Raises:
        PullError: if the server cannot be reached, refuses, stalls or closes the connection early.
        OSError: if the file cannot be written.

    """
    import pooch
    from requests.exceptions import RequestException

    # a .gz that is decompressed in transit would have neither the published SHA-256 nor the announced length
    headers = {"Accept-Encoding": "identity"}
    with ExitStack() as connections:  # pooch leaves connections open after an error

        def begun(response: Response, **unused: object) -> None:
            connections.callback(response.close)
            # some servers announce the compression of a .gz file itself as a content encoding
            response.raw.headers.pop("Content-Encoding", None)

        fetch = pooch.HTTPDownloader(
            progress or False, _CHUNK, timeout=timeout, headers=headers, hooks={"response": begun}
        )
        try:
            fetch(url, str(path), None)
        except (RequestException, ValueError) as error:  # ValueError: a Content-Length that is not a number
            raise PullError(f"{printable_url(url)}: {_what_happened(error, path, timeout)}. {OTHER_WAYS}") from error


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn an operating system's error on writing below `folder` into an error that says what to do.

    Missing disk space gives a PullError; any other reason gives the TableError for an unusable folder.
    """
    try:
        yield
    except (OSError, TableError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if isinstance(cause, OSError) and cause.errno in _NO_SPACE:
            raise PullError(_no_space(folder, cause)) from error
        if isinstance(error, TableError):
            raise
        raise TableError(
            f"cannot write in {folder}: {error.strerror or error}. Mend that, or give another folder with --to"
        ) from error


def _no_space(folder: Path, error: OSError) -> str:
    try:
        free = f", {shutil.disk_usage(folder).free:,} bytes are free"
    except OSError:
        free = ""
    return (
        f"no space left for the pull in {folder} ({error.strerror}{free}). Nothing was kept. "
        "Free some space and run the same command again, or give another folder with --to"
    )


def _what_happened(error: Exception, path: Path, timeout: float) -> str:
    from requests.exceptions import ChunkedEncodingError, HTTPError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    come = path.stat().st_size if path.exists() else 0
    after = f" after {come:,} bytes" if come else ""
    if isinstance(error, Timeout) or "timed out" in str(error):  # requests raises ConnectionError for a stalled body
        return f"nothing came for {timeout:g} s{after}"
    if come or isinstance(error, ChunkedEncodingError):
        return f"the connection broke{after or ' before the first byte'}"
    return f"the server cannot be reached ({_innermost(error)})"


def _innermost(error: BaseException) -> str:
    """The operating system's message, from the innermost of the wrapped errors."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


@contextmanager
def working_folder(folder: Path, name: str, say: Callable[[str], object]) -> Iterator[Path]:
    """An empty folder below `folder` for the time of one pull of `name`, then removed with all that is left in it.

    It is on the same file system as `folder`, so what is whole can be moved there. A second pull of that name waits at
    a lock, which the operating system frees when its holder dies; so whoever holds it may remove what others left. The
    empty lock file stays: removing it would let two pulls hold two locks.
    """
    import filelock

    prefix = f".pull-{name}.work-"
    lock = filelock.FileLock(folder / f".pull-{name}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        say(f"another pull of {name} into {folder} is under way; waiting for it")
        lock.acquire()
    try:
        for left in folder.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as work:
            yield Path(work)
    finally:
        lock.release()
