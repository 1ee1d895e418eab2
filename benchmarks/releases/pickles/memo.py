"""The memo of an unpickler, which is packed after each record."""

from __future__ import annotations

import pickle
from bisect import bisect_right
from typing import Any, Final

from benchmarks.releases.pickles.unpickling import Dtype

STRETCH: Final = 64
"""Number of entries that are packed together; equal stretches are stored once."""

_LONGEST_KEPT = 40  # a longer string in a record is its own architecture, to which no other record refers
_MOST_TEXTS = 1 << 20  # the records of a release share some 40,000 strings
_GONE: Final = object()
_Stretches = tuple[tuple[Any, ...], ...]


class Memo:
    """The objects that a pickle has put, by number, for later references.

    Each record of a release puts about 10,000 strings such as 'x-valid@17' again, in addition to a few that all records
    share. After a record, `pack` drops its containers, numbers and long strings, and keeps one object for equal
    strings, one tuple for equal stretches of a record and one for equal records. Strings that were put before the first
    record, such as the list of architectures, are all kept.
    """

    def __init__(self) -> None:
        self.recent: list[Any] = []
        self._first = 0  # number of the first recent entry
        self._starts: list[int] = []
        self._packed: list[_Stretches] = []
        self._known: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._texts: dict[str, str] = {}

    def get(self, place: int) -> Any:
        """The object with that number; UnpicklingError where there is none, or where it was dropped."""
        near = place - self._first
        if near >= len(self.recent):
            raise pickle.UnpicklingError(f"it refers to its object {place}, which it has not put")
        value = self.recent[near] if near >= 0 else self._old(place)
        if value is _GONE:
            raise pickle.UnpicklingError("it refers back into an earlier record, which was let go to save memory")
        return value

    def put(self, place: int, value: Any) -> None:
        """Put a value under the next number, as every pickler does; Python 2 leaves out number 0."""
        gap = place - self._first - len(self.recent)
        if not 0 <= gap <= 1:
            raise pickle.UnpicklingError(f"it numbers its objects out of order, at {place}")
        self.recent.extend([_GONE] * gap)
        self.recent.append(value)

    def pack(self) -> None:
        """Drop objects to which no later record refers; call it after each record.

        Raises:
            UnpicklingError: if the records have more distinct strings than those of any release.

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
