"""A plain table as lines of text, for terminals and files."""

from __future__ import annotations

import io
import shutil
import textwrap
from collections.abc import Collection, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_WITHOUT_TERMINAL = 100
_NARROWEST_PROSE = 20


def plain_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: Collection[str],
    ruled_above: Collection[int] = (),
) -> list[str]:
    """Lines of a table without colour codes, nothing wrapped, as wide as it needs to be.

    Args:
        headings: one a column; they may hold line breaks.
        rows: cells, as many a row as there are headings; printed literally.
        left: headings of the columns that are set flush left, the others flush right.
        ruled_above: rows (from 0) with a line above them.
    """
    table = Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(Text(heading), justify="left" if heading in left else "right", no_wrap=True, vertical="bottom")
    for place, row in enumerate(rows):
        if place in ruled_above:
            table.add_section()
        table.add_row(*map(Text, row))
    page = io.StringIO()
    Console(file=page, width=10_000, color_system=None, force_terminal=False, legacy_windows=False).print(table)
    return [line.rstrip() for line in page.getvalue().rstrip("\n").split("\n")]


def terminal_width(width: int | None = None) -> int:
    """`width` if it is given, else that of the terminal, or 100 where there is none."""
    if width is not None:
        return width
    # Python 3.10 hands on the width of 0 that some terminals state
    return shutil.get_terminal_size(fallback=(_WIDTH_WITHOUT_TERMINAL, 24)).columns or _WIDTH_WITHOUT_TERMINAL


def prose(text: str, width: int) -> list[str]:
    """A paragraph as lines of at most `width` characters, or 20 if that is less."""
    return textwrap.wrap(text, max(width, _NARROWEST_PROSE))
