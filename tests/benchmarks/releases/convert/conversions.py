"""What the tests of conversions compare, and a progress that interrupts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import Table
from benchmarks.formats.curves import curves_path

COUNT = 9


def equal(one: Path, other: Path) -> bool:
    """Whether two tables, and their curves, are the same bytes."""
    pairs = [(one, other), (curves_path(one), curves_path(other))]
    return all(a.exists() == b.exists() and (not a.exists() or a.read_bytes() == b.read_bytes()) for a, b in pairs)


def leftovers(path: Path) -> list[str]:
    """Names of the hidden files beside a table."""
    return sorted(file.name for file in path.parent.iterdir() if file.name.startswith("."))


def rows(table: Table) -> dict[str, list[str]]:
    return {name: [value.hex() for value in table.values(table.keys, name)] for name in table.column_names}


class Interrupted:
    """A progress that interrupts after some records."""

    def __init__(self, after: int, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.after, self.error, self.totals = after, error, list[int]()

    @contextmanager
    def __call__(self, total: int) -> Iterator[Callable[[], None]]:
        self.totals.append(total)
        seen = 0

        def advance() -> None:
            nonlocal seen
            seen += 1
            if seen == self.after:
                raise self.error

        yield advance
