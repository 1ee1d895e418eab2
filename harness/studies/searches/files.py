"""Files of a table of searches: table and curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from harness.evaluation import Table
from harness.evaluation.columns import FOR_THE_RECORD, TESTS, axis_label
from harness.report.figures.accuracy_by_compute import accuracy_by_compute
from harness.report.figures.search_curves import search_curves
from harness.report.files import save_pictures, write_csv, write_text
from harness.report.tables.searches import FEWEST_RUNS, OTHER_PRESET, search_rows_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.studies.kinds import Row, Searched
from harness.studies.searches.frame import preset_of, train_weights
from harness.studies.searches.runs import PRESET, QUICK


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
        "given. Steps, images and CPU hours are those of one search by gradients, a dash where its log does not have "
        "them. Seconds of ours are of one thread of the machine that ran the study, or simulated "
        "where it says so; published ones of a GTX 1080Ti."
    )


def by_preset(log: pd.DataFrame, stem: str) -> dict[str, pd.DataFrame]:
    """The log of the usual preset, or of a quick study, under `stem`, and those of others under `stem_PRESET`."""
    preset = log["how"].map(preset_of)
    names = preset.where(~preset.isin([PRESET, QUICK]), "")
    return {f"{stem}_{name}" if name else stem: log[names == name] for name in names.unique()}


def write_logs(out: Path, log: pd.DataFrame) -> list[str]:
    """Write the log of all searches, a file for each preset; returns the names of the files."""
    files = {f"{stem}.csv.gz": part for stem, part in by_preset(log, "searches").items()}
    for name, part in files.items():
        write_csv(part, out / name)
    return list(files)


def read_logs(folder: Path) -> pd.DataFrame:
    """The log of all searches of a study, from its folder; without rows where it has none."""
    paths = sorted(folder.glob("searches*.csv.gz"))
    logs = [pd.read_csv(path, float_precision="round_trip") for path in paths]
    return pd.concat(logs, ignore_index=True) if logs else pd.DataFrame(columns=["method", "seed", "how"])


def write_compute(out: Path, compute: pd.DataFrame, rows: Sequence[Row], table: Table, column: str) -> list[str]:
    """Write the accuracy of the choice against compute, as CSV and figure; returns the names of the files.

    Args:
        out: folder for the files.
        compute: from `compute_frame`.
        rows: rows of the paper's table, with the published means.
        table: the table of the column.
        column: name of the column that is drawn.
    """
    dataset = next(name for name, test in TESTS.items() if test == column)
    published = {
        row.ours.method: [getattr(item, dataset)[0] for item in row.published]
        for row in rows
        if isinstance(row.ours, Searched)
    }
    write_csv(compute, out / "compute.csv")
    figure = accuracy_by_compute(compute, column, label=axis_label(table, column), published=published)
    save_pictures(figure, out / "compute")
    return ["compute.*"]


def curves_of(log: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The name and the log of each search in a log of several, by `method` and `seed`.

    Logs of version 0.1 have a validation loss for searches that train nothing, too; it is left out.
    """
    kept = log.assign(validation_loss=log["validation_loss"].where(train_weights(log)))
    return [(str(method), run) for (method, _), run in kept.groupby(["method", "seed"], sort=False)]


def draw_curves(out: Path, log: pd.DataFrame, table: Table, column: str) -> list[str]:
    """Draw curves of the searches that train weights, by preset, and of NASI, whose epochs are parts of one mean.

    Args:
        out: folder for the figures.
        log: log of all searches, with `method`, `seed`, `how` and `…_for_the_record`.
        table: the table of the column.
        column: name of the column whose values for the record are drawn.

    Returns:
        Names of the files.
    """
    others = [f"{name}" for name in log.columns if name.endswith(FOR_THE_RECORD) and not name.startswith(column)]
    kept, trains = log.drop(columns=others), train_weights(log)
    files = []
    for stem, part in {**by_preset(kept[trains], "curves"), "nasi_curves": kept[~trains]}.items():
        if curves := curves_of(part):
            save_pictures(search_curves(curves, record_label=axis_label(table, column)), out / stem)
            files.append(f"{stem}.*")
    return files
