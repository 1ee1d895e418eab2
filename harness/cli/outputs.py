"""Output files of a subcommand: their names are checked before the work, and printed when they are written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.report.suffixes import FIGURES, check_suffix

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def check_csv(file: Path | None) -> None:
    """Refuse a table whose name does not end in .csv."""
    if file is not None:
        check_suffix(file, "a CSV file", (".csv",))


def check_figures(files: Sequence[Path]) -> Sequence[Path]:
    """The files; a figure whose name ends in no supported format is refused."""
    for file in files:
        check_suffix(file, "a figure", FIGURES)
    return files


def save_figures(figure: Figure, files: Sequence[Path]) -> None:
    """Write a figure into each of the files."""
    from harness.report.files import save_figure

    for file in files:
        save_figure(figure, file)
        print(f"wrote {file}")
