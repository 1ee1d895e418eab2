"""Reader of the records of one huge pickle one after another, in bounded memory and with an allow-list.

A single-file release is one pickle of several gigabytes when decompressed. Python's unpickler builds all of it, and its
memo holds every string and dictionary until the end: about 28 GB for NAS-Bench-201. This reader runs the same machine,
but gives each record as soon as it is complete, and then empties it and packs the memo.

It also reads the releases with one file per record. Python's own unpickler is several times faster, but ten bytes can
make it allocate gigabytes, and a key of nested tuples can end the process. Here every size has a limit far above the
needs of a record.
"""

from __future__ import annotations

import pickle
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, Protocol

from benchmarks.errors import TableError
from benchmarks.releases.pickles.memo import Memo
from benchmarks.releases.pickles.opcodes import FILLING, STEPS, STOP
from benchmarks.releases.pickles.unpickling import refused
from benchmarks.shown import reason

LARGEST: Final = 16 << 20
"""Largest number of bytes of a record, or around the records: fifty times that of a genuine record."""
MOST_STEPS: Final = 1_000_000
"""Largest number of steps (except those of `_next`) and copied objects per record: genuine ones take thousands."""
DEEPEST: Final = 10_000
"""Largest number of objects on the stack: pickles fill their containers in batches of a thousand."""
MOST_MARKS: Final = 1_000
"""Largest number of containers that are filled at the same time."""

_CHUNK = 1 << 20
_LONGEST_FIXED = 9  # bytes of an opcode and its argument of fixed size
_BINFLOAT, _MEMOIZE, _SHORT_BINUNICODE, _BININT1, _BINGET, _LONG_BINGET = 0x47, 0x94, 0x8C, 0x4B, 0x68, 0x6A
_double = struct.Struct(">d").unpack_from
_place = struct.Struct("<I").unpack_from
_EPOCHS = re.compile(rb"(?:K.G.{8}){4,1000}", re.DOTALL)  # numbers by epoch: pairs of BININT1 and BINFLOAT
_pairs = struct.Struct(">xBxd").iter_unpack


class Readable(Protocol):
    """A source of bytes: an open binary file, or the stream inside a compressed one."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""


class PickleStream:
    """One pickle in a file, read as a sequence of records and the data around them.

    Args:
        file: file open at the beginning of the pickle; it may be read beyond the end of the pickle.
        name: name of the file, for messages.
        globals_: inert type for each allowed global, by (module, name) as the pickle spells it.
        record_keys: sets of keys; a dictionary with exactly the keys of one of them is a record.
        rest: bytes of the pickle that were read before, left over from an earlier pickle in the file.

    """

    def __init__(
        self,
        file: Readable,
        name: str,
        globals_: Mapping[tuple[str, str], type],
        record_keys: Sequence[frozenset[str]] = (),
        rest: bytes = b"",
    ) -> None:
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []
        self.memo = Memo()
        self._file = file
        self._name = name
        self._globals = globals_
        self._record_keys = record_keys
        self._buffer = rest
        self._at = 0
        self._bytes = self._steps = 0  # since the last record

    def records(self) -> Iterator[tuple[object, dict[str, Any]]]:
        """Each record with its key in the pickle; a record is emptied when the next one is read.

        Raises:
            TableError: for a global that is not allowed (which is not looked up), or a truncated or damaged pickle.

        """
        try:
            while (code := self._next()) != STOP:
                if code not in STEPS:
                    raise pickle.UnpicklingError(f"the opcode {code}, which no release uses")
                STEPS[code](self)
                self.charge(1)
                if code in FILLING and self._is_record(self.stack[-1]):
                    record = self.stack[-1]
                    yield (self.stack[-2] if len(self.stack) > 1 else None), record
                    record.clear()
                    self.memo.pack()
                    self._bytes = self._steps = 0
            if not self.stack:
                raise pickle.UnpicklingError("it holds nothing")
        except TableError:
            raise
        except Exception as error:  # decompressors may raise any error too
            why = "it ends too early" if isinstance(error, EOFError) else reason(error)
            raise TableError(f"{self._name} is cut or damaged ({why}): get it again") from error

    def value(self) -> Any:
        """The whole object of a small pickle without records."""
        for _ in self.records():
            pass
        return self.stack[-1]

    def pending(self, name: str) -> Any:
        """Value of a key in a dictionary that is not complete yet; None where there is none."""
        for items in (*self.outer, self.stack):
            for place in range(len(items) - 1):
                if isinstance(items[place], str) and items[place] == name:
                    return items[place + 1]
        return None

    @property
    def rest(self) -> bytes:
        """Bytes of the file that were read beyond the end of the pickle, once all records are read."""
        return self._buffer[self._at :]

    def take(self, size: int) -> bytes:
        """The next bytes of the pickle."""
        if size > LARGEST:
            raise pickle.UnpicklingError(f"a string of {size:,} bytes")
        missing = size - (len(self._buffer) - self._at)
        if missing > 0:
            parts = [self._buffer[self._at :]]
            while missing > 0:
                if not (part := self._file.read(_CHUNK)):
                    raise EOFError
                parts.append(part)
                missing -= len(part)
                self._bytes += len(part)
            if self._bytes > LARGEST:
                raise pickle.UnpicklingError(f"more than {LARGEST:,} bytes without the end of a record")
            self._buffer, self._at = b"".join(parts), 0
        self._at += size
        return self._buffer[self._at - size : self._at]

    def whole(self, size: int) -> int:
        """The next bytes as an unsigned integer, lowest byte first."""
        return int.from_bytes(self.take(size), "little")

    def charge(self, size: int) -> None:
        """Count steps and copied objects; UnpicklingError where a record takes too many, or the stacks are too deep."""
        self._steps += size
        if self._steps > MOST_STEPS:
            raise pickle.UnpicklingError(f"more than {MOST_STEPS:,} steps without the end of a record")
        if len(self.stack) > DEEPEST or len(self.outer) > MOST_MARKS:
            raise pickle.UnpicklingError("more objects at once on its stack than a release needs")

    def allowed(self, module: str, name: str) -> type:
        """The inert type for a global; TableError where there is none."""
        found = self._globals.get((module, name))
        if found is None:
            raise refused(self._name, module, name, self._globals)
        return found

    def _next(self) -> int:
        """Code of the next opcode; the most frequent opcodes are run here and not returned."""
        buffer, at, stack, memo, recent = self._buffer, self._at, self.stack, self.memo, self.memo.recent
        last = len(buffer) - _LONGEST_FIXED
        while at <= last:
            code = buffer[at]
            if code == _BINFLOAT:
                stack.append(_double(buffer, at + 1)[0])
                at += 9
            elif code == _SHORT_BINUNICODE and (end := at + 2 + buffer[at + 1]) < len(buffer):
                text = str(buffer[at + 2 : end], "utf-8")
                stack.append(text)
                at = end
                if buffer[at] == _MEMOIZE:  # as after nearly every string
                    recent.append(text)
                    at += 1
            elif code == _BININT1:
                if buffer[at + 2] == _BINFLOAT and (run := _EPOCHS.match(buffer, at)):
                    stack.extend(chain.from_iterable(_pairs(run[0])))
                    at = run.end()
                else:
                    stack.append(buffer[at + 1])
                    at += 2
            elif code == _MEMOIZE:
                recent.append(stack[-1])
                at += 1
            elif code == _LONG_BINGET:
                stack.append(memo.get(_place(buffer, at + 1)[0]))
                at += 5
            elif code == _BINGET:
                stack.append(memo.get(buffer[at + 1]))
                at += 2
            else:
                break
        self._at = at
        return self.take(1)[0]

    def _is_record(self, value: object) -> bool:
        return isinstance(value, dict) and any(
            len(value) == len(keys) and keys.issuperset(value) for keys in self._record_keys
        )
