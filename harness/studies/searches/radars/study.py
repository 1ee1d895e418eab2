"""Study: RADARS in our reading, at equal seconds on a table, on images, and under a bound on its memory."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.studies.searches.runs import Outcomes, Run

_RUNS, _QUICK_RUNS = 500, 20


def run_radars(options: StudyOptions) -> None:
    """Query the table, measure memory, run the searches, and write tables and figures into `out`.

    Searches go on from their checkpoints in `out/searches`; with `finished`, none is run, and the tables are of those
    that are over.

    Raises:
        SettingError: no CIFAR-10 in `data`, or a folder that cannot be written in.
        SearchError: a table of another space or without accuracies of all cells; a checkpoint of another search.
        RunError: all searches fail, or a worker died.
    """
    from harness.report.files import write_csv, write_text
    from harness.spaces.image_batches import read_cifar10
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.finished import searched
    from harness.studies.searches.opened import accuracies_of_cells, opened_table
    from harness.studies.searches.radars.budgets import budgets_frame
    from harness.studies.searches.radars.claims import study_claims
    from harness.studies.searches.radars.memory import QUICK_SIZES, SIZES, memory_frame
    from harness.studies.searches.radars.searched import arms_frame, chosen_frame, runs_of_study
    from harness.writing import make_folder

    table = opened_table(options.table)
    found, lacking = accuracies_of_cells(table)
    columns = list(found)
    if options.data is not None:
        read_cifar10(options.data)
    make_folder(options.out, "--out")
    for note in lacking:
        options.say(note)
    runs = runs_of_study(options)
    outcomes = searched(runs, options)
    queried = budgets_frame(table, columns, runs=_QUICK_RUNS if options.quick else _RUNS, seed=options.seed)
    chosen = chosen_frame(outcomes.ended, table, columns)
    frames = {
        "budgets": queried,
        "memory": memory_frame(QUICK_SIZES if options.quick else SIZES),
        "chosen": chosen,
        "arms": arms_frame(chosen, table, columns),
        "claims": claims_frame(study_claims(queried, chosen, _large(runs, outcomes), columns)),
    }
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    _show(options, frames, columns)
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "finished": [run.title for run in outcomes.ended],
        "searches": {run.folder: asdict(run.setting) for run in runs},
        "failed": {run.title: failure.reason for run, failure in outcomes.failed.items()},
    }  # fmt: skip
    write_text(record({}, table, data=options.data, **facts), options.out / "study.json")


def _large(runs: list[Run], outcomes: Outcomes) -> tuple[float, float, float]:
    """In the enlarged space the megabytes of a step of the full supernet, the bound, and the most that was kept."""
    from harness.search.gradient.memory_bound import MOST_BYTES
    from harness.studies.searches.radars.searched import LARGE, full_bytes

    run = next(run for run in runs if run.space == LARGE)
    ended = outcomes.ended.get(run)
    most = math.nan if ended is None else int(ended.memory[MOST_BYTES]) / 1e6
    return full_bytes(LARGE, run.setting) / 1e6, float(run.setting.memory_mb or math.nan), most


def _show(options: StudyOptions, frames: dict[str, pd.DataFrame], columns: list[str]) -> None:
    from harness.report.figures.radars import radars_figure
    from harness.report.files import save_pictures, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.radars import arms_sheet, budgets_sheet, memory_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text

    sheets = [
        claims_sheet(frames["claims"]), budgets_sheet(frames["budgets"], columns), memory_sheet(frames["memory"]),
        arms_sheet(frames["arms"], columns),
    ]  # fmt: skip
    save_pictures(radars_figure(frames["budgets"], frames["memory"], columns[0]), options.out / "radars")
    write_text("\n\n".join(map(sheet_markdown, sheets)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets[1:])]))
    files = ", ".join(f"{name}.csv" for name in frames)
    options.say(f"\nIn {options.out}: tables.md, {files}, radars.png, radars.svg, study.json")


STUDY = SingleStudy(
    "RADARS in our reading: at equal seconds on a table, on images, and under a bound on its memory",
    frozenset({"quick", "runs", "seed", "workers", "table", "data", "finished"}),
    run_radars,
)
