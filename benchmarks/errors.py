"""Errors of the tables, with messages for people: what was given, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from benchmarks.shown import LONGEST, cut, listed, shown

_COMPARED = 1000  # names among which the nearest is looked for


class TableError(Exception):
    """A missing table, a damaged file, an unknown column or key; the message is complete by itself."""


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Message for an unknown name: the name, the nearest known name, and all known names.

    >>> unknown("table", "nasbench210", ["analognasbench", "nasbench201"])
    "unknown table 'nasbench210'. Did you mean 'nasbench201'? Known: analognasbench, nasbench201"
    """
    names = sorted(known)
    near = difflib.get_close_matches(cut(str(name)), [one for one in names[:_COMPARED] if len(one) <= LONGEST], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {shown(str(name))}.{hint} Known: {listed(names) or 'none'}"
