"""The SHA-256 that a file must have: given, published, or stored from the first file that passed the checks."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import TableError
from benchmarks.files import read_bytes

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Expected:
    """The SHA-256 that a file must have.

    Attributes:
        sha256: the expected SHA-256; None for any.
        whose: its source, for messages.
        keep: file in which to store the SHA-256 of an accepted file; None to store nothing.
    """

    sha256: str | None
    whose: str
    keep: Path | None


def expected_sum(published: str | None, given: str | None, kept: Path) -> Expected:
    """The expected SHA-256 of a file: the given one, else the published one, else the one in the file `kept`.

    Raises:
        TableError: if `given` is not a SHA-256, or the file `kept` exists and holds none.

    """
    if given is not None:
        return Expected(_checked(given), "given with --sha256", None if published else kept)
    if published is not None:
        return Expected(published, "published", None)
    if not kept.exists():
        return Expected(None, "", kept)
    return Expected(_read(kept), f"kept in {kept}", None)


def check_sum(file: Path, name: str, expected: Expected) -> str:
    """SHA-256 of a file; TableError, with both sums and the size, if it is not as expected or cannot be read."""
    import pooch

    try:
        found = str(pooch.file_hash(str(file), alg="sha256"))
        size = file.stat().st_size
    except OSError as error:
        raise TableError(f"cannot read {file}: {error.strerror or error}") from error
    if expected.sha256 not in (None, found):
        raise TableError(
            f"{name} ({size:,} bytes) is not the expected file: its SHA-256 is {found}, but {expected.sha256} is "
            f"{expected.whose}. It is cut, damaged or of another version"
        )
    return found


def keep_sum(path: Path, work: Path, sha256: str, name: str, origin: str) -> None:
    """Write a SHA-256 to `path` in the form of `sha256sum`, below a comment; completely or not at all, via `work`."""
    temporary = work / path.name
    temporary.write_text(f"# {origin}\n{sha256}  {name}\n", encoding="utf-8")
    os.replace(temporary, path)


def _checked(text: str) -> str:
    lowered = text.strip().lower()
    if not _SHA256.fullmatch(lowered):
        raise TableError(f"{text!r} is not a SHA-256: it must have 64 hex digits")
    return lowered


def _read(path: Path) -> str:
    lines = read_bytes(path).decode(errors="replace").splitlines()
    sums = [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
    if len(sums) != 1 or not _SHA256.fullmatch(sums[0]):
        raise TableError(f"{path} holds no SHA-256; remove it, and the next file that passes the checks makes it anew")
    return sums[0]
