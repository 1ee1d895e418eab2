"""Every table is a `Sheet`: cells under headings, printed as text (`sheet_text`), as Markdown and as LaTeX."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import ScoresError
from harness.report.cells import EN_DASH, MINUS, interval, number
from harness.report.tables.headings import COUNT, PROXY, Heading, check_label, flat

__all__ = [
    "COUNT", "PROXY", "Cell", "Heading", "Sheet", "escaped", "estimated", "flat", "groups", "latex_of", "named",
    "sheet_latex", "sheet_markdown",
]  # fmt: skip

_SPECIAL = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{character: f"${character}$" for character in "<>"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_GREEK = {"α": "alpha", "β": "beta", "ε": "epsilon", "κ": "kappa", "μ": "mu", "ν": "nu", "ρ": "rho", "τ": "tau"}
_SYMBOLS = {
    **{letter: rf"$\{name}$" for letter, name in _GREEK.items()},
    **{"±": r"$\pm$", "×": r"$\times$", "≤": r"$\leq$", "≥": r"$\geq$"},
    **{EN_DASH: "--", MINUS: "$-$", "*": "$^*$", "†": r"$^\dagger$"},
}
_NEGATIVE = re.compile(r"(?<![\w.-])-(?=\d)")
_UNBROKEN = "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}"  # rendered in a narrow column
_WORD = re.compile("[a-z]{2}")
_INDENT = "  "
_BRACKETS = "in brackets: bootstrap intervals"
_BOLD = "bold: our best in each column"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: a number or words; `-` is the minus sign, an en dash stands for what is missing.
        interval: both ends of the number's interval in brackets, which LaTeX sets in small print.
        rest: what follows them, such as a standard deviation.
        best: whether the number is the best of its column, which LaTeX sets in bold.
        latex: the whole cell in LaTeX where it says something else there, not escaped.
    """

    text: str
    interval: str = ""
    rest: str = ""
    best: bool = False
    latex: str | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, (self.text, self.interval))) + self.rest


def named(text: str, name: str | None = None) -> Heading:
    """The heading of numbers under a name: `text` is the name as it is broken into lines."""
    return Heading(text, latex=latex_of(name or text))


@dataclass(frozen=True)
class Sheet:
    """Cells under headings.

    Attributes:
        title: a line above the table; without one there is none.
        headings: one a column.
        rows: as many cells each as there are headings.
        ruled_above: rows (from 0) with a line above them, which Markdown cannot draw.
        notes: paragraphs below the table, whose own line breaks are kept.
        grouped: whether a row that begins with two spaces belongs to the row above that does not.
        gives_way: headings of columns that text leaves out where it would be too wide, the first one first; a column
            that is named twice loses its intervals the first time.
        in_blocks: whether columns that do not fit next to each other stand in blocks below each other in text, each
            block with the first column.
        caption: of the LaTeX table, not escaped; by default the title and the notes. What abbreviations in headings,
            brackets and bold print stand for is added to it.
    """

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ruled_above: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    grouped: bool = False
    gives_way: tuple[str, ...] = ()
    in_blocks: bool = False
    caption: str | None = None

    def __post_init__(self) -> None:
        if not self.rows:
            raise ScoresError(f"{self.title}: there is nothing to show")

    @classmethod
    def of(
        cls, title: str, headings: Iterable[Heading | str], rows: Iterable[Iterable[Cell | str]], **others: Any
    ) -> Sheet:
        """A sheet in which a text may stand for a plain cell, or for a heading flush right."""
        return cls(
            title,
            tuple(heading if isinstance(heading, Heading) else Heading(heading) for heading in headings),
            tuple(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows),
            **others,
        )

    def without(self, *texts: str) -> Sheet:
        """The sheet without the columns under these headings."""
        return self.of_columns(place for place, heading in enumerate(self.headings) if heading.text not in texts)

    def of_columns(self, places: Iterable[int]) -> Sheet:
        """The sheet with the columns at these places only (from 0)."""
        kept = list(places)
        rows = tuple(tuple(row[place] for place in kept) for row in self.rows)
        return replace(self, headings=tuple(self.headings[place] for place in kept), rows=rows)


def groups(keys: Iterable[Hashable]) -> tuple[list[bool], tuple[int, ...]]:
    """Where groups of rows with one key each begin, as a truth value a row, and the rows below a line (`ruled_above`).

    >>> groups(["a", "a", "b", "a"])
    ([True, False, True, True], (2, 3))
    """
    begins, last = [], object()
    for key in keys:
        begins.append(key != last)
        last = key
    return begins, tuple(place for place, first in enumerate(begins) if first and place)


def sheet_markdown(sheet: Sheet) -> str:
    """The sheet as a Markdown table with its title above and its notes below; the last line has no line break."""
    lines = [
        [flat(heading.text) for heading in sheet.headings],
        ["---:" if heading.align == "right" else "---" for heading in sheet.headings],
        *(
            [_markdown(str(cell), heading.code) for cell, heading in zip(row, sheet.headings, strict=True)]
            for row in sheet.rows
        ),
    ]
    if sheet.grouped:
        lines[2:] = [
            [f"&emsp;{first.strip()}" if first.startswith(_INDENT) else f"**{first}**", *rest]
            for first, *rest in lines[2:]
        ]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([*([f"**{sheet.title}**"] if sheet.title else []), table, *sheet.notes])


def sheet_latex(sheet: Sheet, label: str | None = None, *, small: bool = False) -> str:
    r"""The sheet as a LaTeX table, which needs `\usepackage{booktabs}`.

    Args:
        sheet: whatever is to be printed.
        label: of the float, such as `tab:ranking`.
        small: whether it is set in small print with narrow gaps, for one column of an article.

    Returns:
        A `table` float, or a bare `tabular` where there is neither a caption nor a label.

    Raises:
        ScoresError: for a label with other characters than letters, digits and `:._-/`.
    """
    check_label(label)
    columns = "".join("r" if heading.align == "right" else "l" for heading in sheet.headings)
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    lines += [_row(_latex_heading(heading) for heading in sheet.headings), r"\midrule"]
    for place, row in enumerate(sheet.rows):
        if place in sheet.ruled_above:
            lines.append(r"\midrule")
        if sheet.grouped and place and not row[0].text.startswith(_INDENT):
            lines.append(r"\addlinespace")
        set_in = r"\quad " if sheet.grouped and row[0].text.startswith(_INDENT) else ""
        lines.append(set_in + _row(map(_latex, row)))
    lines += [r"\bottomrule", r"\end{tabular}"]
    caption = sheet.caption
    if caption is None:
        caption = latex_of(" ".join([*([f"{sheet.title}."] if sheet.title else []), *sheet.notes]))
    if caption and (explained := _explained(sheet, caption)):
        said = "; ".join(explained)
        caption = f"{caption.removesuffix('.')}. {said[0].upper()}{said[1:]}."
    if caption or label:
        named = [rf"\caption{{{caption}}}"] * bool(caption) + [rf"\label{{{label}}}"] * bool(label)
        print_small = [r"\footnotesize", r"\setlength{\tabcolsep}{3pt}"] if small else []
        lines = [r"\begin{table}", r"\centering", *named, *print_small, *lines, r"\end{table}"]
    return "\n".join(lines) + "\n"


def _explained(sheet: Sheet, caption: str) -> list[str]:
    """What the abbreviations in the headings, brackets and bold print stand for, but for what the caption says."""
    cells = [cell for row in sheet.rows for cell in row]
    found = [heading.explained for heading in sheet.headings if heading.explained]
    found += [_BRACKETS] if any(cell.interval for cell in cells) and "bootstrap interval" not in caption else []
    return [*found, *([_BOLD] if any(cell.best for cell in cells) else [])]


def estimated(row: Mapping[Any, Any], name: str, decimals: int = 2) -> Cell:
    """The cell of a coefficient `name` of a row, with its interval from `name_low` to `name_high`.

    >>> str(estimated({"rho": 0.6, "rho_low": 0.53, "rho_high": 0.66}, "rho"))
    '0.60 [0.53, 0.66]'
    """
    value, low, high = (float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    ends = "" if math.isnan(value) else interval(low, high, decimals=decimals)
    return Cell(number(value, decimals), ends)


def escaped(text: str) -> str:
    r"""Text in which characters that LaTeX reads as commands, or sets as others (`<` and `>`), stand for themselves.

    >>> escaped("cifar10_test & 5 %")
    'cifar10\\_test \\& 5 \\%'
    >>> escaped("< 0.001")
    '$<$ 0.001'
    """
    return "".join(_SPECIAL.get(character, character) for character in text)


def latex_of(text: str) -> str:
    r"""Text for LaTeX: commands escaped, minus signs and symbols in mathematics.

    >>> latex_of("-0.36 ± 0.10 of β-DARTS")
    '$-$0.36 $\\pm$ 0.10 of $\\beta$-DARTS'
    """
    source = _NEGATIVE.sub(MINUS, escaped(text))
    for symbol, command in _SYMBOLS.items():
        source = source.replace(symbol, command)
    return source


def _markdown(text: str, code: bool) -> str:
    text = text.replace("|", r"\|")
    return f"`{text}`" if code else _NEGATIVE.sub(MINUS, text).replace(" ± ", _UNBROKEN)


def _row(cells: Iterable[str]) -> str:
    return rf"{' & '.join(cells)} \\"


def _latex_heading(heading: Heading) -> str:
    if heading.latex is not None:
        return heading.latex
    text = flat(heading.text)
    is_word = _WORD.match(text) and "_" not in text
    return latex_of(text[0].upper() + text[1:] if is_word else text)


def _latex(cell: Cell) -> str:
    if cell.latex is not None:
        return cell.latex
    text = latex_of(cell.text.strip())
    value = rf"\textbf{{{text}}}" if cell.best else text
    return value + (rf" {{\scriptsize {latex_of(cell.interval)}}}" if cell.interval else "") + latex_of(cell.rest)
