"""Study: what TopoNAS's shared modules save, and what they change in what searches find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import RunError
from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table
    from harness.studies.searches.runs import Outcomes
    from harness.studies.searches.toponas.cost import Size

ROUNDS = "cost_rounds.csv"


def run_toponas_cost(options: StudyOptions) -> None:
    """Measure steps, run the searches of all arms, and write tables and figures into `out`.

    What is finished is not made again: steps that `cost_rounds.csv` has, and searches, which go on from their
    checkpoints in `out/searches`. With `finished`, nothing is measured and no search is run: the tables are of what is
    there.

    Raises:
        SettingError: no CIFAR-10 in `data`, or a folder that cannot be written in.
        SearchError: a table of another space or without accuracies of all cells; a checkpoint of another search.
        RunError: all searches fail, a worker died, or nothing is finished that is asked for.
    """
    from harness.report.files import write_csv, write_text
    from harness.spaces.image_batches import read_cifar10
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.finished import searched
    from harness.studies.searches.opened import accuracies_of_cells, opened_table
    from harness.studies.searches.record import by_method, searches_record
    from harness.studies.searches.toponas.arms import runs_of_study
    from harness.studies.searches.toponas.changes import arms_frame, changes_frame
    from harness.studies.searches.toponas.claims import study_claims
    from harness.studies.searches.toponas.cost import QUICK_SIZES, SIZES, cost_frame, sharing_differences
    from harness.writing import make_folder

    table = opened_table(options.table)
    columns, lacking = accuracies_of_cells(table)
    if options.data is not None:
        read_cifar10(options.data)
    make_folder(options.out, "--out")
    for note in lacking:
        options.say(note)
    cost = cost_frame(_rounds(QUICK_SIZES if options.quick else SIZES, options))
    write_csv(cost, options.out / "cost.csv")
    runs = runs_of_study(options)
    outcomes = searched(runs, options)
    last = _chosen(outcomes, table, list(columns), options)
    frames = {
        "arms": arms_frame(last, columns),
        "changes": changes_frame(last, columns, options.seed),
    }
    frames["claims"] = claims_frame(
        study_claims(cost, frames["changes"], sharing_differences(options.seed), len({run.seed for run in runs}))
    )
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    _show(options, {"cost": cost, **frames})
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "finished": [run.title for run in outcomes.ended],
        "searches": searches_record(runs, by_method(runs), outcomes.failed),
    }  # fmt: skip
    write_text(record({}, table, data=options.data, **facts), options.out / "study.json")


def _rounds(sizes: Sequence[Size], options: StudyOptions) -> pd.DataFrame:
    """The measured steps of all sizes and methods; those that the folder has are not measured again."""
    import pandas as pd

    from harness.report.files import write_csv
    from harness.scoring.engine import threads_of_torch
    from harness.studies.searches.toponas.cost import cost_rounds, methods_measured

    path = options.out / ROUNDS
    before = pd.read_csv(path, float_precision="round_trip") if path.is_file() else pd.DataFrame()
    parts = []
    for size in sizes:
        for method in methods_measured(size):
            found = _measured(before, size, method)
            if found.empty and options.finished:
                continue
            if found.empty:
                options.say(
                    f"steps of {method} in {size.space}: C = {size.width}, depth {size.depth}, batch "
                    f"{size.batch_size} of {size.image_size} × {size.image_size}, {size.rounds} of each arm"
                )
                with threads_of_torch(1):
                    found = cost_rounds(size, method, options.seed)
                before = pd.concat([before, found], ignore_index=True)
                write_csv(before, path)
            parts.append(found)
    if not parts:
        raise RunError(f"--finished: no step is measured in {path}; without it, the study measures them")
    return pd.concat(parts, ignore_index=True)


def _measured(before: pd.DataFrame, size: Size, method: str) -> pd.DataFrame:
    if before.empty:
        return before
    same = before["method"] == method
    for name, value in size._asdict().items():
        same &= before[name] == value
    return before[same]


def _chosen(outcomes: Outcomes, table: Table, columns: list[str], options: StudyOptions) -> pd.DataFrame:
    """The cell that each search chose, with its tabulated accuracies; all logs go into `searches.csv.gz`."""
    import pandas as pd

    from harness.evaluation.columns import FOR_THE_RECORD
    from harness.report.files import write_csv
    from harness.studies.searches.pool import with_record
    from harness.studies.searches.toponas.arms import arm_of

    logs = [
        with_record(outcome.log, table, columns).assign(method=run.method, arm=arm_of(run), seed=run.seed)
        for run, outcome in outcomes.ended.items()
    ]
    recorded = {f"{name}{FOR_THE_RECORD}": name for name in columns}
    if not logs:
        return pd.DataFrame(columns=["method", "arm", "seed", "skip_connections", *columns])
    log = pd.concat(logs, ignore_index=True)
    write_csv(log, options.out / "searches.csv.gz")
    last = log.groupby(["method", "arm", "seed"], sort=False).tail(1).rename(columns=recorded)
    chosen = last[["method", "arm", "seed", "architecture", "skip_connections", *columns]].reset_index(drop=True)
    write_csv(chosen, options.out / "chosen.csv")
    return chosen


def _show(options: StudyOptions, frames: dict[str, pd.DataFrame]) -> None:
    from harness.report.figures.toponas import changes_figure, cost_figure
    from harness.report.files import save_pictures, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.report.tables.toponas import READ, arms_sheet, changes_sheet, cost_sheet
    from harness.studies.searches.toponas.changes import IMAGENET16
    from harness.studies.searches.toponas.published import BY_METHOD

    published = {name: entry.cost_ratio for name, entry in BY_METHOD.items()}
    sheets = [claims_sheet(frames["claims"], [READ]), cost_sheet(frames["cost"], published), arms_sheet(frames["arms"])]
    save_pictures(cost_figure(frames["cost"], published), options.out / "cost")
    files = "tables.md, cost.csv, cost.png, arms.csv, claims.csv"
    if len(frames["changes"]):
        sheets.append(changes_sheet(frames["changes"]))
        files += ", changes.csv, chosen.csv, searches.csv.gz"
    drawn = frames["changes"][frames["changes"]["column"] == IMAGENET16]
    if len(drawn):
        save_pictures(changes_figure(drawn), options.out / "changes")
        files += ", changes.png"
    write_text("\n\n".join(map(sheet_markdown, sheets)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets[1:])]))
    options.say(f"\nIn {options.out}: {files}, {ROUNDS}, study.json")


STUDY = SingleStudy(
    "TopoNAS in our reading: seconds and saved bytes of a step, and what searches find, with shared modules",
    frozenset({"quick", "runs", "seed", "workers", "table", "data", "finished"}),
    run_toponas_cost,
)
