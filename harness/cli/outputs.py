"""Output files of a subcommand: their names are checked before the work, and printed when they are written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.report.suffixes import FIGURES, check_suffix

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def check_csv(file: Path | None) -> None:
    """Refuse a table whose name does not end in .csv."""
    if file is not None:
        check_suffix(file, "a CSV file", (".csv",))


def check_named(file: Path | None, option: str) -> None:
    """Refuse what names no file, such as an empty text."""
    if file is not None and file.name in ("", ".."):
        raise HarnessError(f"{option} needs the name of a file, got {str(file)!r}")


def check_figures(files: Sequence[Path]) -> Sequence[Path]:
    """The files; a figure whose name ends in no supported format is refused."""
    for file in files:
        check_suffix(file, "a figure", FIGURES)
    return files


def with_description(file: Path) -> list[Path]:
    """A table that was written, and the file next to it that says what made it."""
    from harness.scoring.provenance import described_by

    return [file, described_by(file)]


def say_table(file: Path, more: str = "") -> None:
    """Print the names of both files of `with_description`."""
    written, description = with_description(file)
    print(f"wrote {written}{more}\nwrote {description}")


def save_figures(figure: Figure, files: Sequence[Path]) -> None:
    """Write a figure into each of the files."""
    from harness.report.files import save_figure

    for file in files:
        save_figure(figure, file)
        print(f"wrote {file}")
