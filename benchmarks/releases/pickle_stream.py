"""Read the records of one huge pickle one after another, in bounded memory and with an allow-list.

A single-file release is one pickle of several gigabytes once decompressed. Python's unpickler builds all of it, and
its memo holds every string and dictionary until the end: about 28 GB for NAS-Bench-201. This reader runs the same
machine, but hands out each record as soon as it is complete, and then empties it and packs the memo. A record takes it
some 20 ms, about as long as to decompress it; Python's own, which reads the releases with a file for each record, takes
2.5 ms.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from benchmarks.errors import TableError
from benchmarks.releases.pickle_memo import Memo
from benchmarks.releases.pickle_opcodes import FILLING, STEPS, STOP
from benchmarks.releases.unpickling import refused

LONGEST: Final = 64 << 20
"""Bytes of the longest string that is read; a longer one is the mark of a damaged length."""

_CHUNK = 1 << 20
_LONGEST_FIXED = 9  # bytes of an opcode and its argument of fixed size
_BINFLOAT, _MEMOIZE, _SHORT_BINUNICODE, _BININT1 = 0x47, 0x94, 0x8C, 0x4B
_double = struct.Struct(">d").unpack_from
_DAMAGE = (
    LookupError, TypeError, ValueError, ArithmeticError, AttributeError, EOFError, OSError, MemoryError,
    struct.error, zlib.error, zipfile.BadZipFile, pickle.UnpicklingError,
)  # fmt: skip


class Readable(Protocol):
    """What is read from: an open binary file, or the stream inside a compressed one."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class PickleStream:
    """One pickle in a file, read as a sequence of records and what is around them.

    Args:
        file: open where the pickle begins; more may be read of it than the pickle.
        name: the file, for messages.
        globals_: (module, name) as the pickle spells it, to the inert type that stands for it.
        record_keys: a dictionary that has exactly the keys of one of these sets is a record.
        rest: bytes that come before those that the file gives, left over from an earlier pickle in it.

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

    def records(self) -> Iterator[tuple[object, dict[str, Any]]]:
        """Each record with the key that the pickle files it under; it is empty again when the next is asked for.

        Raises:
            TableError: a global that is not allowed (nothing of it is looked up), or a pickle that is cut or damaged.

        """
        try:
            while (code := self._next()) != STOP:
                if code not in STEPS:
                    raise pickle.UnpicklingError(f"the opcode {code}, which no release uses")
                STEPS[code](self)
                if code in FILLING and self._is_record(self.stack[-1]):
                    record = self.stack[-1]
                    yield (self.stack[-2] if len(self.stack) > 1 else None), record
                    record.clear()
                    self.memo.pack()
        except _DAMAGE as error:
            reason = "it ends too early" if isinstance(error, EOFError) else f"{type(error).__name__}: {error}"
            raise TableError(f"{self._name} is cut or damaged ({reason}): get it again") from error

    def value(self) -> Any:
        """The whole object of a pickle without records, for what is small."""
        for _ in self.records():
            pass
        return self.stack[-1]

    def pending(self, name: str) -> Any:
        """Value under a key of a dictionary that is not complete yet; None where there is none."""
        for items in (*self.outer, self.stack):
            for place in range(len(items) - 1):
                if isinstance(items[place], str) and items[place] == name:
                    return items[place + 1]
        return None

    @property
    def rest(self) -> bytes:
        """What was read of the file behind the pickle, once the records are through."""
        return self._buffer[self._at :]

    def take(self, size: int) -> bytes:
        """The next bytes of the pickle."""
        if size > LONGEST:
            raise pickle.UnpicklingError(f"a string of {size:,} bytes")
        missing = size - (len(self._buffer) - self._at)
        if missing > 0:
            parts = [self._buffer[self._at :]]
            while missing > 0:
                if not (part := self._file.read(_CHUNK)):
                    raise EOFError
                parts.append(part)
                missing -= len(part)
            self._buffer, self._at = b"".join(parts), 0
        self._at += size
        return self._buffer[self._at - size : self._at]

    def whole(self, size: int) -> int:
        """The next bytes as a whole number from 0, lowest byte first."""
        return int.from_bytes(self.take(size), "little")

    def allowed(self, module: str, name: str) -> type:
        """The inert type that stands for a global; TableError where none does."""
        found = self._globals.get((module, name))
        if found is None:
            raise refused(self._name, module, name, self._globals)
        return found

    def _next(self) -> int:
        """Code of the next opcode, the most frequent ones excepted: those are run here."""
        buffer, at, stack, recent = self._buffer, self._at, self.stack, self.memo.recent
        last = len(buffer) - _LONGEST_FIXED
        while at <= last:
            code = buffer[at]
            if code == _BINFLOAT:
                stack.append(_double(buffer, at + 1)[0])
                at += 9
            elif code == _MEMOIZE:
                recent.append(stack[-1])
                at += 1
            elif code == _SHORT_BINUNICODE and at + 2 + buffer[at + 1] <= len(buffer):
                begin = at + 2
                at = begin + buffer[at + 1]
                stack.append(str(buffer[begin:at], "utf-8"))
            elif code == _BININT1:
                stack.append(buffer[at + 1])
                at += 2
            else:
                break
        self._at = at
        return self.take(1)[0]

    def _is_record(self, value: object) -> bool:
        return isinstance(value, dict) and any(
            len(value) == len(keys) and keys.issuperset(value) for keys in self._record_keys
        )
