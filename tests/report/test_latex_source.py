"""The committed tables in LaTeX, and whether the faults of a source are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.latex_source import faults

RESULTS = Path(__file__).parents[2] / "results"


@pytest.mark.parametrize("file", sorted(RESULTS.glob("*/*.tex")), ids=lambda file: f"{file.parent.name} {file.stem}")
def test_latex_takes_every_committed_table(file: Path) -> None:
    assert faults(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("β", "no character of plain LaTeX: 'β'"),
        (r"\caption{a", "1 braces are left open"),
        (r"a}", "a brace is closed that was not opened"),
        (r"\begin{table}", "the environment table is left open"),
        (r"\begin{table}\begin{tabular}{l}\end{table}", "the environment table is closed out of turn"),
        ("5 % of", "% is not escaped: 5 % of"),
        ("a_b", "_ is not escaped: a_b"),
        ("$<", "mathematics is left open: $<"),
        ("\\begin{tabular}{lr}\na & b & c \\\\\n\\end{tabular}", "3 cells under 2 headings: a & b & c \\\\"),
        ("\\begin{tabular}{l}\na\n\\end{tabular}", "the row has no end: a"),
    ],
)
def test_a_fault_of_a_source_is_found(source: str, fault: str) -> None:
    assert fault in faults(source)
    assert faults(r"\caption{5 \% of $<$ a\_b}") == []
