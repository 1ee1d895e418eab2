"""Study: SemiNAS by the number of labels, beside NAO, a forest, evolution and random search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation.predictors import Predictions

PREDICTORS = ("linear", "graf_forest", "nao", "seminas")


def run_seminas(options: StudyOptions) -> None:
    """Search with budgets of labels, fit predictors, and write tables and figures into `out`.

    Raises:
        SettingError: a folder that cannot be written in.
        SearchError: a table of another space, or without the accuracies of all cells.
        TableError: a table without the columns.
    """
    from harness.evaluation.predictors import predict
    from harness.report.files import write_csv, write_text
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.opened import opened_table
    from harness.studies.searches.seminas.claims import study_claims
    from harness.studies.searches.seminas.labels import FULL, LABELS, QUICK, TEST, USUAL, runs_frame, summary_frame
    from harness.writing import make_folder

    table = opened_table(options.table)
    for column in (LABELS, TEST):
        table.column(column)
    make_folder(options.out, "--out")
    sizes = FULL if options.full else QUICK if options.quick else USUAL
    if options.runs:
        sizes = sizes._replace(runs=options.runs, draws=options.runs)
    runs = runs_frame(table, sizes, options.seed, options.say)
    curves = predict(
        table, TEST, PREDICTORS, samples=sizes.samples, draws=sizes.draws, seed=options.seed, progress=options.progress
    )
    summary = summary_frame(runs)
    frames = {
        "runs": runs, "searches": summary, "curves": curves.frame, "curve_draws": curves.draws,
        "claims": claims_frame(study_claims(runs, summary, curves.draws)),
    }  # fmt: skip
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    _show(options, frames, curves)
    facts: dict[str, Any] = {"seed": options.seed, "quick": options.quick, "full": options.full}
    write_text(record({}, table, **facts, sizes=sizes._asdict()), options.out / "study.json")


def _show(options: StudyOptions, frames: dict[str, pd.DataFrame], curves: Predictions) -> None:
    from harness.report.figures.seminas import seminas_figure
    from harness.report.files import save_pictures, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.predictions import predictions_sheet
    from harness.report.tables.seminas import labels_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.searches.seminas.labels import TEST

    sheets = [claims_sheet(frames["claims"]), labels_sheet(frames["searches"], TEST), predictions_sheet(curves)]
    save_pictures(seminas_figure(frames["searches"], curves.frame, TEST), options.out / "seminas")
    write_text("\n\n".join(map(sheet_markdown, sheets)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets[1:])]))
    files = ", ".join(f"{name}.csv" for name in frames)
    options.say(f"\nIn {options.out}: tables.md, {files}, seminas.png, seminas.svg, study.json")


STUDY = SingleStudy(
    "SemiNAS by the number of labels, beside NAO, a forest on GRAF's features, evolution and random search",
    frozenset({"quick", "full", "runs", "seed", "table"}),
    run_seminas,
)
