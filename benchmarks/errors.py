"""Errors of the tables, with messages for people: what was given, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TableError(Exception):
    """A missing table, a damaged file, an unknown column or key; the message is complete by itself."""


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Message for an unknown name: the name, the nearest known name, and all known names.

    >>> unknown("table", "nasbench210", ["analognasbench", "nasbench201"])
    "unknown table 'nasbench210'. Did you mean 'nasbench201'? Known: analognasbench, nasbench201"
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown {kind} {str(name)!r}.{hint} Known: {', '.join(names) or 'none'}"
