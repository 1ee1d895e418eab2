"""Files and texts of any origin: what a file is that should be CSV, how much a compressed one holds, inert cells.

`benchmarks/foreign.py` and `harness/text/foreign.py` are the same text: neither package may import the other.
"""

from __future__ import annotations

import gzip
import io
import re
from typing import Final

LARGEST: Final = 2**29
"""Most bytes that a compressed CSV may hold: more than 1,000 for each of the 423,624 architectures of NAS-Bench-101."""
BEGINNING: Final = 2**16
"""Number of bytes by which a file is recognised."""

_MAGIC = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": "a ZIP archive (.npz, .xlsx, .pt)",
    b"SQLite format 3\x00": "an SQLite database",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF": "HDF5",
    b"\x89PNG": "a picture",
    b"%PDF": "PDF",
    b"\x80": "a pickle",
    b"\xff\xfe": "UTF-16 text (save it as UTF-8)",
    b"\xfe\xff": "UTF-16 text (save it as UTF-8)",
}
_OPENINGS = {"{": "JSON", "[": "JSON", "<": "HTML or XML", "SELECT": "SQL", "import ": "Python", "#!": "a script"}
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


def kind_of(beginning: bytes) -> str:
    """What a file is, such as `JSON`, by its first bytes; empty for lines of text, which may be CSV."""
    for magic, kind in _MAGIC.items():
        if beginning.startswith(magic):
            return kind
    if b"\x00" in beginning:
        return "a binary file"
    text = beginning.decode("utf-8-sig", errors="replace").lstrip()
    for opening, kind in _OPENINGS.items():
        if text.startswith(opening):
            return kind
    if len(beginning) >= BEGINNING and "\n" not in text and "\r" not in text:
        return "a file without lines"
    return ""


def unpacked(packed: bytes) -> bytes:
    """What a gzip file holds.

    Raises:
        ValueError: for content of more than `LARGEST` bytes, of which no more is unpacked.
        OSError, EOFError, zlib.error: for a file that is not gzip, cut or damaged.
    """
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it holds more than {LARGEST:,} bytes, the most that a compressed file may hold")
    return content


def for_spreadsheet(text: str) -> str:
    """A cell of a CSV file that spreadsheets take as text: one that would begin a formula gets an apostrophe.

    >>> for_spreadsheet("=1+1"), for_spreadsheet("-0.5"), from_spreadsheet(for_spreadsheet("'=1+1"))
    ("'=1+1", '-0.5', "'=1+1")
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def from_spreadsheet(text: str) -> str:
    """The inverse of `for_spreadsheet`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
