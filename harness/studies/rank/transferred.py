"""Scores on each of a study's inputs against each data set's accuracies, as files of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from harness.evaluation import Table
from harness.evaluation.transfer import transfer
from harness.report.files import write_csv
from harness.report.tables.sheet import sheet_markdown
from harness.report.tables.stability import transfer_sheet


def write_transfer(
    frames: Mapping[str, pd.DataFrame], words: Mapping[str, str], table: Table, columns: Sequence[str], out: Path
) -> str:
    """Write `transfer.csv`: every proxy, inputs and column, on the cells that all the inputs scored; as Markdown.

    Args:
        frames: of scores, by condition.
        words: name of a condition to what it is called.
        table: that has the columns.
        columns: accuracies on the data sets.
        out: folder.
    """
    found = transfer({words[name]: frame for name, frame in frames.items()}, table, columns)
    write_csv(found, out / "transfer.csv")
    return f"## Transfer\n\n{sheet_markdown(transfer_sheet(found))}"
