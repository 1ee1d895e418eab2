"""Sources of a release's records: a folder with one file per record, or one file with all records."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.errors import TableError
from benchmarks.releases.containers import BZ2_SUFFIX, load_bz2, pickle_stream
from benchmarks.releases.kinds import Kind
from benchmarks.shown import shown

RecordContent = object | TableError
"""The unchecked content of a record's pickle, or the error if it cannot be read."""


class RecordSource(Protocol):
    """The records of a release, which are read when they are needed."""

    @property
    def present(self) -> frozenset[int] | None:
        """Indices of the existing records; None where they are known only after reading the whole file."""

    def stamp(self, index: int) -> str:
        """Size and modification time of a record's source; if they change, the record must be read again."""

    def states(
        self, skip: Container[int], skipped: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, str, RecordContent]]:
        """Index, source for messages, and content of each existing record except those in `skip`.

        `skipped` is called after each skipped record that has to be read to reach later ones.
        """

    def state(self, index: int) -> tuple[str, object]:
        """Source and content of one record; TableError if it is missing or cannot be read."""


@dataclass(frozen=True)
class FolderSource:
    """A folder with one file per record, named NNNNNN.pickle.pbz2 or NNNNNN-FULL.pth."""

    path: Path
    files: Mapping[int, Path]

    @property
    def present(self) -> frozenset[int]:
        """Indices of the files."""
        return frozenset(self.files)

    def stamp(self, index: int) -> str:
        """Size and modification time of the record's file."""
        return file_stamp(self.files[index])

    def states(
        self, skip: Container[int], skipped: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, str, RecordContent]]:
        """Each record in the order of indices; for an unreadable record, the error."""
        for index in sorted(self.files):
            if index not in skip:
                state: RecordContent
                try:
                    _, state = self.state(index)
                except TableError as error:
                    state = error
                yield index, str(self.files[index]), state

    def state(self, index: int) -> tuple[str, object]:
        """The record from its file."""
        if index not in self.files:
            raise TableError(f"{self.path}: record {index} is missing: there is no file of it")
        path = self.files[index]
        if path.name.endswith(BZ2_SUFFIX):
            return str(path), load_bz2(path)
        with pickle_stream(path) as stream:
            return str(path), stream.value()


@dataclass(frozen=True)
class FileSource:
    """One file with all records of one of the given kinds, read from its beginning in bounded memory."""

    path: Path
    kinds: Sequence[Kind]

    @property
    def present(self) -> None:
        """None, since it is not known before the file is read."""
        return

    def stamp(self, index: int) -> str:
        """Size and modification time of the file."""
        return file_stamp(self.path)

    def states(
        self, skip: Container[int], skipped: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, str, RecordContent]]:
        """Each record in the file's order; a record is emptied when the next one is read.

        Raises:
            TableError: if the file is truncated or damaged; later records cannot be read then.

        """
        with pickle_stream(self.path, *(kind.record_keys for kind in self.kinds)) as stream:
            for index, state in stream.records():
                if isinstance(index, bool) or not isinstance(index, int):
                    raise TableError(
                        f"{self.path}, field arch2infos: a record is filed under {shown(index)}, not an index"
                    )
                if index not in skip:
                    yield index, str(self.path), state
                elif skipped is not None:
                    skipped()

    def state(self, index: int) -> tuple[str, object]:
        """The record, after reading all records before it."""
        for found, where, state in self.states(()):
            if found == index:
                return where, state
        raise TableError(f"{self.path}: record {index} is missing from the field arch2infos")


def files_by_index(folder: Path, name: re.Pattern[str]) -> dict[int, Path]:
    """Files of a folder whose names match, by the number in the name.

    Raises:
        TableError: if the folder cannot be read, or two files are of one record.

    """
    files: dict[int, Path] = {}
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries]
    except OSError as error:
        raise TableError(f"cannot read {folder}: {error.strerror or error}") from error
    for file in sorted(found):
        if (match := name.fullmatch(file)) is None:
            continue
        index = int(match[1])
        if index in files:
            raise TableError(f"{folder}: {files[index].name} and {file} are both record {index}; take one out")
        files[index] = folder / file
    return files


def file_stamp(path: Path) -> str:
    """Size and modification time of a file."""
    try:
        facts = path.stat()
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror or error}") from error
    return f"{facts.st_size}@{facts.st_mtime_ns}"
