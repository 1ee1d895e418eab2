"""Where a release's records lie: a folder with a file for each, or one file with all of them."""

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
from benchmarks.releases.shown import shown

State = object | TableError
"""What a record's pickle holds, not checked yet, or why it cannot be read."""


class RecordSource(Protocol):
    """The records of a release, read when they are asked for."""

    @property
    def present(self) -> frozenset[int] | None:
        """Indices of the records that are there; None where only reading the whole file tells."""

    def stamp(self, index: int) -> str:
        """Size and time of change of what a record is read from; a new one means that it is to be read again."""

    def states(
        self, skip: Container[int], skipped: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, str, State]]:
        """Index, place for messages, and content of each record that is there, but for those to skip.

        `skipped` is called after each record that is skipped but read on the way.
        """

    def state(self, index: int) -> tuple[str, object]:
        """Place and content of one record; TableError if it is not there or cannot be read."""


@dataclass(frozen=True)
class FolderSource:
    """A folder with a file for each record, named NNNNNN.pickle.pbz2 or NNNNNN-FULL.pth."""

    path: Path
    files: Mapping[int, Path]

    @property
    def present(self) -> frozenset[int]:
        """Indices of the files."""
        return frozenset(self.files)

    def stamp(self, index: int) -> str:
        """Size and time of change of the record's file."""
        return file_stamp(self.files[index])

    def states(
        self, skip: Container[int], skipped: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, str, State]]:
        """Each record in order of index; one that cannot be read is an error in its place."""
        for index in sorted(self.files):
            if index not in skip:
                state: State
                try:
                    _, state = self.state(index)
                except TableError as error:
                    state = error
                yield index, str(self.files[index]), state

    def state(self, index: int) -> tuple[str, object]:
        """The record in its file."""
        if index not in self.files:
            raise TableError(f"{self.path}: record {index} is missing: there is no file of it")
        path = self.files[index]
        if path.name.endswith(BZ2_SUFFIX):
            return str(path), load_bz2(path)
        with pickle_stream(path) as stream:
            return str(path), stream.value()


@dataclass(frozen=True)
class FileSource:
    """One file with all records, which may be of any of the kinds, read from its beginning in bounded memory."""

    path: Path
    kinds: Sequence[Kind]

    @property
    def present(self) -> None:
        """Not known before the file is read."""
        return

    def stamp(self, index: int) -> str:
        """Size and time of change of the file."""
        return file_stamp(self.path)

    def states(
        self, skip: Container[int], skipped: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, str, State]]:
        """Each record in the file's order; a record is empty when the next is asked for.

        Raises:
            TableError: the file is cut or damaged; nothing behind that place can be read.

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
        """The record, after reading all that come before it."""
        for found, where, state in self.states(()):
            if found == index:
                return where, state
        raise TableError(f"{self.path}: record {index} is missing from the field arch2infos")


def files_by_index(folder: Path, name: re.Pattern[str]) -> dict[int, Path]:
    """Files of a folder whose names match, by the number in the name.

    Raises:
        TableError: the folder cannot be read, or two files are of one record.

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
    """Size and time of change of a file."""
    try:
        facts = path.stat()
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror or error}") from error
    return f"{facts.st_size}@{facts.st_mtime_ns}"
