"""Files of a table of searches: table and curves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from harness.evaluation import Table
from harness.evaluation.columns import FOR_THE_RECORD, axis_label
from harness.report.figures.search_curves import search_curves
from harness.report.files import save_pictures, write_csv, write_text
from harness.report.tables.searches import FEWEST_RUNS, OTHER_PRESET, search_rows_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.search import find_method


def write_table(out: Path, table: Table, frame: pd.DataFrame) -> list[str]:
    """Write the table as CSV, Markdown with a footnote, and LaTeX; returns the names of the files."""
    write_csv(frame, out / "table.csv")
    sheet = search_rows_sheet(frame)
    write_text(f"{sheet_markdown(sheet)}\n\n{footnote(table)}\n", out / "table.md")
    write_text(sheet_latex(sheet.without("runs", "from")), out / "table.tex")
    return ["table.*"]


def footnote(table: Table) -> str:
    """Footnote on the table's numbers."""
    return (
        f"Test accuracies of ours: {table.facts.title}. Mean ± standard deviation over the runs (n − 1). In brackets "
        f"ours less the published mean; * where that lies outside the 95 % interval of our mean over at least "
        f"{FEWEST_RUNS} runs; {OTHER_PRESET} where ours ran with another preset than the paper's, where no star is "
        "given. Seconds of ours are of one thread of the machine that ran the study, or simulated "
        "where it says so; published ones of a GTX 1080Ti."
    )


def train_weights(log: pd.DataFrame) -> pd.Series[bool]:
    """For each row of a log of searches, whether its `method` trains the supernet's weights."""
    return log["method"].map({name: find_method(name).trains_weights for name in log["method"].unique()}).astype(bool)


def curves_of(log: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The name and the log of each search in a log of several, by `method` and `seed`.

    Logs of version 0.1 have a validation loss for searches that train nothing, too; it is left out.
    """
    kept = log.assign(validation_loss=log["validation_loss"].where(train_weights(log)))
    return [(str(method), run) for (method, _), run in kept.groupby(["method", "seed"], sort=False)]


def draw_curves(out: Path, log: pd.DataFrame, table: Table, column: str) -> list[str]:
    """Draw curves of the searches that train weights and, apart, of NASI, whose epochs are parts of one mean.

    Args:
        out: folder for the figures.
        log: log of all searches, with `method`, `seed` and `…_for_the_record`.
        table: the table of the column.
        column: name of the column whose values for the record are drawn.

    Returns:
        Names of the files.
    """
    others = [f"{name}" for name in log.columns if name.endswith(FOR_THE_RECORD) and not name.startswith(column)]
    kept, trains = log.drop(columns=others), train_weights(log)
    files = []
    for stem, part in (("curves", kept[trains]), ("nasi_curves", kept[~trains])):
        if curves := curves_of(part):
            save_pictures(search_curves(curves, record_label=axis_label(table, column)), out / stem)
            files.append(f"{stem}.*")
    return files
