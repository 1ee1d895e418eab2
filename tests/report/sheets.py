"""Sheets read back, for the tests of reports."""

from __future__ import annotations

from harness.report.tables.sheet import Sheet


def texts(sheet: Sheet) -> tuple[tuple[str, ...], ...]:
    """The cells as they read in text."""
    return tuple(tuple(map(str, row)) for row in sheet.rows)


def headings(sheet: Sheet) -> tuple[str, ...]:
    """The headings' texts, line breaks included."""
    return tuple(heading.text for heading in sheet.headings)
