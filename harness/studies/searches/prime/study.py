"""Study: what schedule, regularisers and activation of DARTS-PRIME do, one by one and together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table
    from harness.report.tables.sheet import Sheet
    from harness.studies.searches.runs import Failure, Outcome, Run

DEFAULT_STEPS = 10
"""s of the dynamic schedule, where no search with it is finished."""


def run_darts_prime(options: StudyOptions) -> None:
    """Run the searches of all arms, and write their frames, tables, figures and claims into `out`.

    Interrupted searches go on from their folders in `out/searches`, which also hold the supernets that are judged; with
    `finished`, the table is that of the searches that are over. With a shard, its searches are run, and nothing else.

    Raises:
        SettingError: no CIFAR-10 in `data`, or a folder that cannot be written in.
        SearchError: a table without test accuracies of all cells, a checkpoint of another search, or no search that is
            over.
        RunError: all searches fail, or a worker died.
    """
    from harness.report.files import write_csv, write_text
    from harness.report.tables.claims import claims_text
    from harness.spaces.image_batches import read_cifar10
    from harness.studies.record import record
    from harness.studies.searches.finished import is_finished
    from harness.studies.searches.opened import accuracies_of_cells, opened_table
    from harness.studies.searches.pool import SEARCHES, of_shard, say_data, say_searches_of_shard, search_all
    from harness.studies.searches.prime.arms import runs_for_study
    from harness.writing import make_folder

    table = opened_table(options.table)
    found, lacking = accuracies_of_cells(table)
    columns = list(found)
    if options.data is not None:
        read_cifar10(options.data)
    runs = of_shard(runs_for_study(options), options)
    folder = options.out / SEARCHES
    if options.finished:
        runs = _over([run for run in runs if is_finished(run, folder)], folder)
    make_folder(options.out, "--out")
    for note in lacking:
        options.say(note)
    say_data(options)
    outcomes = search_all(runs, options)
    if options.shard is not None:
        say_searches_of_shard(options)
        return
    frames = _frames(outcomes.ended, folder, table, columns)
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv{'.gz' * (name in ('curves', 'schedule'))}")
    sheets = _tables(frames, columns)
    write_text("\n\n".join(_markdown(sheets)) + "\n", options.out / "tables.md")
    pictures = _draw(frames, columns[0], options.out)
    write_text(
        record({}, table, data=options.data, **_facts(runs, outcomes.failed, options)), options.out / "study.json"
    )
    options.say("\n" + "\n\n".join([*_texts(sheets[:-1]), claims_text(frames["claims"])]))
    options.say(f"\nIn {options.out}: {', '.join(['tables.md', *(f'{name}.csv*' for name in frames), *pictures])}")


def _frames(ended: Mapping[Run, Outcome], folder: Path, table: Table, columns: list[str]) -> dict[str, pd.DataFrame]:
    """The frames of the study by the name of their file."""
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.prime.claims import study_claims
    from harness.studies.searches.prime.frames import arms_frame, curves_frame, null_frame, runs_frame, schedule_frame
    from harness.studies.searches.prime.judged import judged

    rows = [judged(run, outcome, folder / run.folder) for run, outcome in ended.items()]
    searched = runs_frame(rows, table, columns)
    steps = next((run.setting.schedule_steps for run in ended if run.setting.schedule == "dynamic"), DEFAULT_STEPS)
    return {
        "runs": searched, "curves": curves_frame(ended), "schedule": schedule_frame(ended),
        "arms": arms_frame(searched, columns), "null": null_frame(table, columns),
        "claims": claims_frame(study_claims(searched, columns, steps)),
    }  # fmt: skip


def _over(runs: list[Run], folder: Path) -> list[Run]:
    from harness.errors import SearchError

    if not runs:
        raise SearchError(f"--finished: no search in {folder} is over")
    return runs


def _facts(runs: list[Run], failed: Mapping[Run, Failure], options: StudyOptions) -> dict[str, Any]:
    """What decides the results: seeds, and each arm's setting."""
    settings = {f"{run.space}, {run.preset}": asdict(run.setting) for run in runs}
    return {
        "seed": options.seed, "quick": options.quick, "seeds": sorted({run.seed for run in runs}),
        "images": "digits" if options.data is None else options.data.name,
        "failed": {run.title: failure.reason for run, failure in failed.items()}, "searches": settings,
    }  # fmt: skip


def _tables(frames: Mapping[str, pd.DataFrame], columns: list[str]) -> list[Sheet]:
    from harness.evaluation.columns import SPACE
    from harness.report.tables.claims import claims_sheet
    from harness.report.tables.darts_prime import searches_sheet, supernets_sheet
    from harness.studies.searches.prime.arms import COLUMN, TABLE, WORDS

    sheets = []
    for (space, supernet), part in frames["arms"].groupby(["space", "supernet"], sort=False):
        on_table = supernet == TABLE
        title = f"Table supernet (no search that trains): expected {COLUMN}" if on_table else f"Supernets, {space}"
        sheets.append(supernets_sheet(part, WORDS, title))
        if space == SPACE:
            sheets.append(searches_sheet(part, frames["null"], columns, WORDS, on_table=on_table))
    return [*sheets, claims_sheet(frames["claims"])]


def _markdown(sheets: list[Sheet]) -> list[str]:
    from harness.report.tables.sheet import sheet_markdown

    return [sheet_markdown(sheet) for sheet in sheets]


def _texts(sheets: list[Sheet]) -> list[str]:
    from harness.report.tables.text import sheet_text

    return [sheet_text(sheet) for sheet in sheets]


def _draw(frames: Mapping[str, pd.DataFrame], column: str, out: Path) -> list[str]:
    """Draw what there are searches for; returns the names of the files."""
    from harness.evaluation.columns import SPACE, dataset_title
    from harness.report.figures.darts_prime import arms_figure, schedule_figure
    from harness.report.files import save_pictures
    from harness.studies.searches.prime.arms import WORDS
    from harness.studies.searches.prime.judged import IMAGES

    runs, null = frames["runs"], float(frames["null"][f"{column}_mean"].iloc[0])
    own = runs[(runs["space"] == SPACE) & (runs["supernet"] == IMAGES)]
    files = []
    if len(own):
        files.append("arms.png, arms.svg")
        label = f"{dataset_title(column)} test accuracy (%)"
        save_pictures(arms_figure(own, WORDS, column, label, null), out / "arms")
    schedule = frames["schedule"]
    chosen = schedule[(schedule["space"] == SPACE) & (schedule["arm"] == "dynamic")]
    if len(chosen):
        first = chosen[chosen["seed"] == chosen["seed"].min()]
        files.append("schedule.png, schedule.svg")
        save_pictures(schedule_figure(first), out / "schedule")
    return files


STUDY = SingleStudy(
    "DARTS-PRIME's schedule, regularisers and activation, one by one and together, in two spaces",
    frozenset({"quick", "runs", "seed", "workers", "scheduler", "shard", "table", "data", "finished"}),
    run_darts_prime,
)
