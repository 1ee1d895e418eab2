"""The table of a paper's claims."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import pandas as pd

from harness.report.cells import EN_DASH
from harness.report.tables.sheet import Heading, Sheet

_WIDTH = 120
_NAMES = ("claim", "published", "ours", "verdict")


def claims_sheet(frame: pd.DataFrame, notes: Sequence[str] = ()) -> Sheet:
    """A paper's claims with our numbers.

    Args:
        frame: `claim`, `published`, `ours` and `verdict`, as text.
        notes: sentences below the table.
    """
    rows = [[_text(row[name]) for name in _NAMES] for row in frame.to_dict("records")]
    return Sheet.of("Claims", [Heading(name, "left") for name in _NAMES], rows, notes=tuple(notes))


def claims_text(frame: pd.DataFrame) -> str:
    """The claims as paragraphs for a terminal, which is too narrow for their table."""
    return "\n".join(
        textwrap.fill(
            f"{row['verdict']}: {row['claim']}. Published: {_text(row['published'])}; ours: {row['ours']}.",
            _WIDTH,
            subsequent_indent="    ",
        )
        for row in frame.to_dict("records")
    )


def _text(value: object) -> str:
    return str(value) if isinstance(value, str) and value else EN_DASH
