"""Files of a table of searches: table and curves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from harness.evaluation import Table
from harness.evaluation.columns import FOR_THE_RECORD, TESTS, axis_label
from harness.report.figures.accuracy_by_compute import accuracy_by_compute
from harness.report.figures.search_curves import search_curves
from harness.report.files import save_pictures, write_csv, write_text
from harness.report.tables.searches import FEWEST_RUNS, OTHER_PRESET, search_rows_sheet
from harness.report.tables.sheet import Sheet, latex_of, sheet_latex, sheet_markdown
from harness.studies.kinds import Row, Searched
from harness.studies.searches.frame import preset_of, train_weights
from harness.studies.searches.runs import PRESET, QUICK

_ABBREVIATIONS: Mapping[str, str] = {
    "REA": "regularised evolution",
    "RS": "random search",
    "BOHB": "Bayesian optimisation and Hyperband",
    "ENAS": "efficient NAS",
    "RSPS": "random search with parameter sharing",
    "GDAS": "gradient-based search using a differentiable architecture sampler",
    "SETN": "self-evaluated template network",
    "NASWOT": "NAS without training, the best of N random cells by nwot",
    "AREA": "regularised evolution that begins with the best cells by nwot",
    "4T": "four times as many steps as T",
}
"""What the names of searches in papers' tables stand for."""


def write_table(out: Path, table: Table, frame: pd.DataFrame) -> list[str]:
    """Write the table as CSV, Markdown with a footnote, and LaTeX; returns the names of the files."""
    write_csv(frame, out / "table.csv")
    sheet = search_rows_sheet(frame)
    write_text(f"{sheet_markdown(sheet)}\n\n{footnote(table)}\n", out / "table.md")
    write_text(table_latex(sheet, table), out / "table.tex")
    return ["table.*"]


def table_latex(sheet: Sheet, table: Table) -> str:
    """The table in LaTeX, without the columns that an article has no room for; its caption is the footnote.

    Args:
        sheet: from `search_rows_sheet`.
        table: the table of the accuracies.
    """
    spelt = spelt_out(row[0].text.strip() for row in sheet.rows)
    caption = latex_of(" ".join(filter(None, [footnote(table), spelt])))
    return sheet_latex(replace(sheet.without("runs", "from"), caption=caption))


def spelt_out(labels: Iterable[str]) -> str:
    """A sentence on the abbreviations in the names of searches; empty where there are none."""
    words = {word for label in labels for word in re.findall(r"[\w-]+", label)}
    found = [f"{short}: {long}" for short, long in _ABBREVIATIONS.items() if short in words]
    return f"{'; '.join(found)}." if found else ""


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
