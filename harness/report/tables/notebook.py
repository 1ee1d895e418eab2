"""A sheet for a notebook, as a part of its page."""

from __future__ import annotations

from html import escape

from harness.report.tables.sheet import Cell, Heading, Sheet, flat

_RULED = ' style="border-top: 1px solid"'


def sheet_html(sheet: Sheet) -> str:
    """The sheet as an HTML table, its title above and its notes below; it holds no script and no style sheet."""
    head = "".join(f"<th{_aligned(heading)}>{escape(flat(heading.text))}</th>" for heading in sheet.headings)
    rows = "".join(
        f"<tr{_RULED if place in sheet.ruled_above else ''}>{_cells(row, sheet.headings)}</tr>"
        for place, row in enumerate(sheet.rows)
    )
    title = f"<caption>{escape(sheet.title)}</caption>" if sheet.title else ""
    notes = "".join(f"<p>{escape(note)}</p>" for note in sheet.notes)
    return f"<div><table>{title}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{notes}</div>"


def _cells(row: tuple[Cell, ...], headings: tuple[Heading, ...]) -> str:
    return "".join(
        f"<td{_aligned(heading)}>{_set(cell, heading)}</td>" for cell, heading in zip(row, headings, strict=True)
    )


def _set(cell: Cell, heading: Heading) -> str:
    text = escape(str(cell))
    if heading.code:
        return f"<code>{text}</code>"
    return f"<b>{text}</b>" if cell.best else text


def _aligned(heading: Heading) -> str:
    return f' style="text-align: {"right" if heading.align == "right" else "left"}"'
