"""The terminal: printed text cannot control it, and output that cannot be written is an error of its own."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PLAIN = {"τ": "tau", "ρ": "rho", "κ": "kappa", "±": "+-", "×": "x", "·": "*", "←": "<-", "→": "->", "²": "^2"} | {
    "─": "-", "–": "-", "—": "-", "−": "-", "…": "...", "’": "'", "≥": ">=", "≤": "<=", "β": "beta", "Δ": "Delta",
}  # fmt: skip
_HANDLER = "nasinit.plain"


class OutputError(Exception):
    """Standard output or standard error cannot be written to; its cause is the system's error."""


def inert(text: str) -> str:
    r"""The text with control characters, and those that turn the direction of writing, as escape sequences.

    Line ends and tabs stay.

    >>> inert("\x1b[31mred\n")
    '\\x1b[31mred\n'
    """
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


class Inert:
    """A text stream that writes `inert` text; all else is the stream's own."""

    encoding = "utf-8"  # all characters may be written here; what the terminal lacks gets plain letters

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.rich_proxied_file = unwrapped(stream)  # by this name rich finds the stream that it may control

    def write(self, text: str) -> int:
        """Write a text; OutputError where the system refuses it."""
        shown = inert(text)
        with _output_errors():
            return self._stream.write(shown)

    def writelines(self, lines: Any) -> None:
        """Write several texts; OutputError where the system refuses one."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Send what is buffered; OutputError where the system refuses it."""
        with _output_errors():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def inert_output() -> Iterator[None]:
    """Standard output and error are `Inert` in this block, and write in plain letters what their encoding lacks."""
    before = sys.stdout, sys.stderr
    codecs.register_error(_HANDLER, _in_plain_letters)
    for stream in map(unwrapped, before):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)
    try:
        sys.stdout, sys.stderr = (cast(TextIO, Inert(stream)) if stream else stream for stream in before)
        yield
    finally:
        sys.stdout, sys.stderr = before


def unwrapped(stream: Any) -> Any:
    """The stream itself, for what may control the terminal."""
    while (inner := getattr(stream, "rich_proxied_file", None)) is not None:
        stream = inner
    return stream


def give_up(stream: Any) -> None:
    """Send the rest of a stream to nowhere, so that Python does not fail again when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, unwrapped(stream).fileno())
        os.close(nowhere)


@contextlib.contextmanager
def _output_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(error.strerror or str(error)) from error


def _in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(letter, "?") for letter in error.object[error.start : error.end]), error.end
