"""The memory of an unpickler by number, packed after each record."""

from __future__ import annotations

import pickle
from bisect import bisect_right
from typing import Any, Final

from benchmarks.releases.pickles.unpickling import Dtype

STRETCH: Final = 64
"""Places that are packed together; equal stretches are kept once."""

_LONGEST_KEPT = 40  # a record's longer strings are its own architecture, to which no other record refers
_MOST_TEXTS = 1 << 20  # the records of a release share some 40,000 strings
_GONE: Final = object()
_Stretches = tuple[tuple[Any, ...], ...]


class Memo:
    """What a pickle put, by place, for what refers to it later.

    A release's record puts about 10,000 strings such as 'x-valid@17', anew each time, and the few that all records
    share. After a record, `pack` lets go of its containers, numbers and long strings, and keeps one object for equal
    strings, one tuple for equal stretches of a record and one for equal records. What was put before the first record,
    such as the list of architectures, keeps all its strings.
    """

    def __init__(self) -> None:
        self.recent: list[Any] = []
        self._first = 0  # place of the first of the recent
        self._starts: list[int] = []
        self._packed: list[_Stretches] = []
        self._known: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._texts: dict[str, str] = {}

    def get(self, place: int) -> Any:
        """What was put at that place; UnpicklingError where nothing was, or where it was let go."""
        near = place - self._first
        if near >= len(self.recent):
            raise pickle.UnpicklingError(f"it refers to its object {place}, which it has not put")
        value = self.recent[near] if near >= 0 else self._old(place)
        if value is _GONE:
            raise pickle.UnpicklingError("it refers back into an earlier record, which was let go to save memory")
        return value

    def put(self, place: int, value: Any) -> None:
        """Put a value at the next place, as every pickler does; Python 2 leaves out place 0."""
        gap = place - self._first - len(self.recent)
        if not 0 <= gap <= 1:
            raise pickle.UnpicklingError(f"it numbers its objects out of order, at {place}")
        self.recent.extend([_GONE] * gap)
        self.recent.append(value)

    def pack(self) -> None:
        """Let go of what no later record refers to; call it when a record is done with.

        Raises:
            UnpicklingError: the records have more different strings than those of any release.

        """
        longest = _LONGEST_KEPT if self._packed else None
        kept = [self._kept(value, longest) for value in self.recent]
        parts = [tuple(kept[start : start + STRETCH]) for start in range(0, len(kept), STRETCH)]
        record = tuple(self._known.setdefault(part, part) for part in parts)
        self._starts.append(self._first)
        self._packed.append(self._known.setdefault(record, record))
        self._first += len(kept)
        self.recent.clear()
        if len(self._texts) > _MOST_TEXTS:
            raise pickle.UnpicklingError(f"its records hold more than {_MOST_TEXTS:,} different strings")

    def _old(self, place: int) -> Any:
        record = bisect_right(self._starts, place) - 1
        stretch, rest = divmod(place - self._starts[record], STRETCH)
        return self._packed[record][stretch][rest]

    def _kept(self, value: Any, longest: int | None) -> Any:
        if type(value) is str and (longest is None or len(value) <= longest):
            return self._texts.setdefault(value, value)
        return value if isinstance(value, (type, Dtype)) else _GONE
