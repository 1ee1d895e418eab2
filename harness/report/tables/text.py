"""A sheet for a terminal."""

from __future__ import annotations

import io
import shutil
import textwrap
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.report.cells import MINUS
from harness.report.tables.sheet import Sheet, flat, latex_of

_WIDTH_WITHOUT_TERMINAL = 100
_NARROWEST_PROSE = 20


def sheet_text(sheet: Sheet, width: int | None = None) -> str:
    """The sheet for a terminal.

    Args:
        sheet: whatever is to be printed.
        width: characters a line; by default the terminal's, or 100 where there is none. Title and notes are wrapped to
            it, and the columns that give way do so; no cell is ever wrapped.

    Returns:
        Lines without colour codes, the last one without a line break.
    """
    width = terminal_width(width)
    fitting, left_out = _fitting(sheet, width)
    parts = [prose(sheet.title, width)] if sheet.title else []
    parts += [_lines(block) for block in (_blocks(fitting, width) if sheet.in_blocks else [fitting])]
    if left_out:
        names = ", ".join(flat(name) for name in left_out)
        parts.append(prose(f"Left out at this width: {names}.", width))
    parts += [prose(note, width) for note in sheet.notes]
    return "\n\n".join("\n".join(lines) for lines in parts)


def narrowed(sheet: Sheet, width: int, *, all_columns: bool = False) -> Sheet:
    """The fullest sheet that fits lines of `width` characters: columns that give way, or their intervals, are left out.

    A note names what was left out. With `all_columns` only intervals are.
    """
    fitting, left_out = _fitting(sheet, width, all_columns)
    if not left_out:
        return fitting
    said = f"Left out: {', '.join(flat(name) for name in left_out)}."
    caption = fitting.caption and f"{fitting.caption} {latex_of(said)}"
    return replace(fitting, notes=(*fitting.notes, said), caption=caption)


def terminal_width(width: int | None = None) -> int:
    """`width` if it is given, else that of the terminal, or 100 where there is none."""
    if width is not None:
        return width
    # Python 3.10 hands on the width of 0 that some terminals state
    return shutil.get_terminal_size(fallback=(_WIDTH_WITHOUT_TERMINAL, 24)).columns or _WIDTH_WITHOUT_TERMINAL


def prose(text: str, width: int) -> list[str]:
    """Text as lines of at most `width` characters, or 20 if that is less; its own line breaks are kept."""
    return [line for part in text.split("\n") for line in textwrap.wrap(part, max(width, _NARROWEST_PROSE)) or [""]]


def _fitting(sheet: Sheet, width: int, all_columns: bool = False) -> tuple[Sheet, list[str]]:
    """The fullest sheet that fits, and the headings of the columns that it leaves out."""
    bare: list[str] = []
    left_out: list[str] = []
    fitting = sheet
    for name in sheet.gives_way:
        if _width(fitting) <= width:
            break
        if sheet.gives_way.count(name) > 1 and name not in bare:
            bare.append(name)
        elif not all_columns:
            left_out.append(name)
        fitting = _without_intervals(sheet, bare).without(*left_out)
    return fitting, left_out


def _blocks(sheet: Sheet, width: int) -> Iterator[Sheet]:
    """Sheets that fit: all columns, or the first one with as many of the others as there is room for."""
    start, end = 1, len(sheet.headings)
    while start < end:
        stop = end
        while stop > start + 1 and _width(sheet.of_columns([0, *range(start, stop)])) > width:
            stop -= 1
        yield sheet.of_columns([0, *range(start, stop)])
        start = stop


def _without_intervals(sheet: Sheet, texts: Collection[str]) -> Sheet:
    bare = [heading.text in texts for heading in sheet.headings]
    rows = (
        tuple(replace(cell, interval="") if is_bare else cell for cell, is_bare in zip(row, bare, strict=True))
        for row in sheet.rows
    )
    return replace(sheet, rows=tuple(rows))


def _width(sheet: Sheet) -> int:
    return max(map(len, _lines(sheet)))


def _lines(sheet: Sheet) -> list[str]:
    """The table as lines without colour codes, as wide as it needs to be."""
    table = Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    columns = []
    for heading, cells in zip(sheet.headings, zip(*sheet.rows, strict=True), strict=True):
        justify: Literal["left", "right"] = "right" if heading.align == "right" else "left"
        table.add_column(Text(heading.text), justify=justify, no_wrap=True, vertical="bottom")
        columns.append(_with_room(map(str, cells)) if heading.align == "point" else list(map(str, cells)))
    for place, row in enumerate(zip(*columns, strict=True)):
        if place in sheet.ruled_above:
            table.add_section()
        table.add_row(*map(Text, row))
    page = io.StringIO()
    Console(file=page, width=10_000, color_system=None, force_terminal=False, legacy_windows=False).print(table)
    return [line.rstrip() for line in page.getvalue().rstrip("\n").split("\n")]


def _with_room(texts: Iterable[str]) -> list[str]:
    """Numbers with room for a sign if one of them has it, so that their points stand below each other."""
    numbers, signs = list(texts), ("-", MINUS)
    room = " " if any(text.startswith(signs) for text in numbers) else ""
    return [text if text.startswith(signs) else f"{room}{text}" for text in numbers]
