"""A table of cells once, printed for a terminal, as Markdown or as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.errors import ScoresError
from harness.report.cells import EN_DASH
from harness.report.tables.latex import escaped
from harness.report.tables.plain import plain_table, prose, terminal_width

_SYMBOLS = {"±": r"$\pm$", "τ": r"$\tau$", "ρ": r"$\rho$", EN_DASH: "--"}
_NEGATIVE = re.compile(r"(?<![\w.-])-(?=\d)")


@dataclass(frozen=True)
class Sheet:
    """Cells as text, under headings.

    Attributes:
        title: a line above the table.
        headings: one a column; they may hold line breaks.
        rows: as many cells each as there are headings.
        left: headings of the columns that are set flush left.
        ruled_above: rows (from 0) with a line above them.
        notes: paragraphs below the table.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: tuple[str, ...] = ("proxy",)
    ruled_above: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.rows:
            raise ScoresError(f"{self.title}: there is nothing to show")


def sheet_text(sheet: Sheet, width: int | None = None) -> str:
    """The sheet as lines without colour codes, the last without a line break; only its prose is wrapped to `width`."""
    width = terminal_width(width)
    lines = [*prose(sheet.title, width), ""]
    lines += plain_table(sheet.headings, sheet.rows, left=sheet.left, ruled_above=sheet.ruled_above)
    for note in sheet.notes:
        lines += ["", *prose(note, width)]
    return "\n".join(lines)


def sheet_markdown(sheet: Sheet) -> str:
    """The sheet as a Markdown table with its title above and its notes below, the first column as code."""
    lines = [
        [heading.replace("\n", " ") for heading in sheet.headings],
        ["---" if heading in sheet.left else "---:" for heading in sheet.headings],
        *([f"`{first}`", *(cell.replace("|", r"\|") for cell in rest)] for first, *rest in sheet.rows),
    ]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([f"**{sheet.title}**", table, *sheet.notes])


def sheet_latex(sheet: Sheet) -> str:
    r"""The sheet as a `table` float with its title and notes as the caption; needs `\usepackage{booktabs}`."""
    columns = "".join("l" if heading in sheet.left else "r" for heading in sheet.headings)
    body = []
    for place, row in enumerate(sheet.rows):
        body += [r"\midrule"] if place in sheet.ruled_above else []
        body.append(_line(row))
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_tex(' '.join([f'{sheet.title}.', *sheet.notes]))}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            _line(heading.replace("\n", " ") for heading in sheet.headings),
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _line(cells: Iterable[str]) -> str:
    return rf"{' & '.join(map(_tex, cells))} \\"


def _tex(text: str) -> str:
    """Text for LaTeX: commands escaped, minus signs and symbols in mathematics."""
    source = _NEGATIVE.sub("\0", escaped(text)).replace("\0", "$-$")
    for symbol, command in _SYMBOLS.items():
        source = source.replace(symbol, command)
    return source
