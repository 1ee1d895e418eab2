"""The tables of a study of restoring networks, on the screen and in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.report.tables.sheet import Sheet


def show(frames: Mapping[str, pd.DataFrame], searches: Sheet, options: StudyOptions) -> None:
    """Print claims, qualities, differences and searches, and write them into `tables.md`.

    Args:
        frames: of them `claims`, `comparison` and `differences` are shown.
        searches: the table of the searches.
        options: options of the study.
    """
    from harness.report.files import write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.restored import comparison_sheet, differences_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text

    sheets = [comparison_sheet(frames["comparison"]), searches]
    if len(frames["differences"]):
        sheets.insert(1, differences_sheet(frames["differences"]))
    every = [claims_sheet(frames["claims"]), *sheets]
    write_text("\n\n".join(map(sheet_markdown, every)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets)]))


def minutes(frames: Mapping[str, pd.DataFrame]) -> float:
    """Minutes of the processor of all searches and trainings, by `searches` and `quality`."""
    first = frames["quality"].drop_duplicates(["kind", "seed", "network", "cpu_seconds"])
    return float(frames["searches"]["cpu_seconds"].sum() + first["cpu_seconds"].sum()) / 60
