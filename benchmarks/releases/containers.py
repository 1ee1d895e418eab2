"""Containers of the releases' pickles: bz2 files, and torch's two formats, read without torch.

torch.load would build a whole release at once, 28 GB for NAS-Bench-201 whatever its `weights_only`, and with it the
weights in an archive. So the pickle inside is located here, and read with this package's allow-list.
"""

from __future__ import annotations

import bz2
import contextlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.errors import TableError
from benchmarks.releases.pickles.stream import LARGEST, PickleStream
from benchmarks.releases.pickles.unpickling import RECORD_GLOBALS, TORCH_GLOBALS
from benchmarks.shown import reason, shown

BZ2_SUFFIX: Final = ".pickle.pbz2"
TORCH_SUFFIX: Final = ".pth"
_TORCH_MAGIC, _TORCH_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def load_bz2(path: Path) -> object:
    """Object in a small .pickle.pbz2 file, a meta file or one record.

    Raises:
        TableError: for a file that cannot be read, is truncated or too large, or uses a global that a release does not
            need.

    """
    with _readable(path), bz2.open(path, "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise TableError(f"{path} holds more than {LARGEST:,} bytes, which no record or meta file does")
    value: object = PickleStream(io.BytesIO(content), str(path), RECORD_GLOBALS).value()
    return value


@contextlib.contextmanager
def pickle_stream(path: Path, *record_keys: frozenset[str]) -> Iterator[PickleStream]:
    """The pickle in a .pickle.pbz2 or .pth file, as a stream of the records with one of the given sets of keys.

    Raises:
        TableError: for a file that cannot be read, or is no such container.

    """
    with contextlib.ExitStack() as stack:
        with _readable(path):
            stream = _opened(path, record_keys, stack)
        yield stream


def _opened(path: Path, record_keys: tuple[frozenset[str], ...], stack: contextlib.ExitStack) -> PickleStream:
    if path.name.endswith(BZ2_SUFFIX):
        return PickleStream(stack.enter_context(bz2.open(path, "rb")), str(path), RECORD_GLOBALS, record_keys)
    plain = stack.enter_context(open(path, "rb"))
    zipped = plain.read(4) == b"PK\x03\x04"
    plain.seek(0)
    if not zipped:
        return _legacy_stream(plain, path, record_keys)
    archive = stack.enter_context(zipfile.ZipFile(plain))
    names = [name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"]
    if len(names) != 1:
        raise TableError(f"{path} is a zip file with {len(names)} members data.pkl, so not from torch.save")
    return PickleStream(stack.enter_context(archive.open(names[0])), str(path), TORCH_GLOBALS, record_keys)


def _legacy_stream(file: io.BufferedReader, path: Path, record_keys: tuple[frozenset[str], ...]) -> PickleStream:
    """The object in the format of torch up to 1.5, after a magic number, a version and facts about the system."""
    rest, header = b"", []
    for _ in range(3):
        part = PickleStream(file, str(path), {}, rest=rest)
        header.append(part.value())
        rest = part.rest
        if header[0] != _TORCH_MAGIC:
            raise TableError(f"{path} is not from torch.save: it begins with neither a zip file's bytes nor torch's")
    if header[1] != _TORCH_PROTOCOL:
        raise TableError(f"{path}: torch's format {shown(header[1])} is not known; known: {_TORCH_PROTOCOL}")
    return PickleStream(file, str(path), TORCH_GLOBALS, record_keys, rest)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn errors of reading a file into TableError."""
    try:
        yield
    except TableError:
        raise
    except Exception as error:  # on a damaged file, decompressors may raise any error
        if isinstance(error, OSError) and error.strerror:
            raise TableError(f"cannot read {path}: {error.strerror}") from error
        raise TableError(f"{path} is cut or damaged ({reason(error)}): get it again") from error
