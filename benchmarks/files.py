"""Folders of files, checks of their content, and reading of pickles that are not trusted."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import platformdirs

from benchmarks.errors import TableError

DATA_VARIABLE = "NASINIT_DATA"
CACHE_VARIABLE = "NASINIT_CACHE"


def data_folder() -> Path | None:
    """Folder of the user's own data files, from the environment variable NASINIT_DATA; None if unset or empty.

    Raises:
        TableError: if the variable names something that is not a folder.

    """
    given = os.environ.get(DATA_VARIABLE)
    if not given:
        return None
    folder = Path(os.path.expanduser(given))
    if not folder.is_dir():
        raise TableError(f"{DATA_VARIABLE} is {given!r}, which is not a folder. Set it to the data folder, or unset it")
    return folder


def cache_folder() -> Path:
    """Folder of the cache: NASINIT_CACHE if set, else the system's folder for a user's caches."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(os.path.expanduser(given)) if given else platformdirs.user_cache_path("nasinit")


def read_bytes(path: Path) -> bytes:
    """Content of a file; TableError with the system's reason if the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror or error}") from error


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as 64 lower-case hex digits; TableError if it cannot be read."""
    return hashlib.sha256(read_bytes(path)).hexdigest()


def check_sha256(path: Path, expected: str) -> None:
    """Raise TableError, with both sums and the size, unless the file has the expected SHA-256."""
    content = read_bytes(path)
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise TableError(
            f"{path} ({len(content):,} bytes) is not the expected file: its SHA-256 is {found}, expected {expected}. "
            "It is cut, damaged or of another version: install or download it again"
        )


class _AllowListedUnpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, allowed: Mapping[tuple[str, str], type]) -> None:
        super().__init__(file)
        self._name = str(getattr(file, "name", "the pickle"))
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> type:
        """The local type for module.name; every other global is refused before anything is imported or called."""
        try:
            return self._allowed[module, name]
        except KeyError:
            allowed = ", ".join(sorted(".".join(known) for known in self._allowed)) or "none"
            raise TableError(
                f"{self._name} asks for {module}.{name}, which a table does not need; nothing of it was run. "
                f"Allowed: {allowed}. Do not open this file by other means before you know where it comes from"
            ) from None


def allow_listed_load(file: BinaryIO, allowed: Mapping[tuple[str, str], type]) -> object:
    """Unpickle a file in which only the named globals may occur.

    Args:
        file: a binary file, open for reading.
        allowed: local type for each allowed global, by (module, name) as the pickle spells it. The types must be
            inert: a pickle may call them with any arguments and set any attribute on their instances.

    Raises:
        TableError: for another global (which is named, but not imported or run), or a truncated or damaged pickle.

    """
    try:
        return _AllowListedUnpickler(file, allowed).load()
    except TableError:
        raise
    except Exception as error:  # on a damaged pickle, the standard library may raise any error
        name = getattr(file, "name", "the pickle")
        raise TableError(f"{name} is cut or damaged ({type(error).__name__}: {error}): get it again") from error
