"""Study: NESBS, exactly on the table and with ensembles that are trained."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table
    from harness.studies.searches.nesbs.sets import Trial
    from harness.studies.searches.runs import Run


def run_nesbs(options: StudyOptions) -> None:
    """Compute posteriors and draws on the table, run the searches, train the members, and write into `out`.

    The exact part is kept in `out` and not made again for the same seed and table. Searches go on from their
    checkpoints in `out/searches`, trainings from theirs in `out/members`, where each (cell, seed) is trained once; with
    `finished`, none is run.

    Raises:
        SettingError: no CIFAR-10 in `data`, or a folder that cannot be written in.
        SearchError: a table of another space, or without validation accuracies; a checkpoint of another search.
        RunError: all searches fail, or a worker died.
    """
    from harness.report.files import write_csv, write_text
    from harness.scoring.engine import threads_of_torch
    from harness.spaces.image_batches import read_cifar10
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.finished import searched
    from harness.studies.searches.nesbs.claims import study_claims
    from harness.studies.searches.nesbs.members import FOLDER, differences_frame, ensembles_frame, train_all
    from harness.studies.searches.nesbs.sets import images_of, runs_of_study, sizes_of
    from harness.studies.searches.opened import opened_table
    from harness.writing import make_folder

    table, sizes = opened_table(options.table), sizes_of(options)
    if options.data is not None:
        read_cifar10(options.data)
    make_folder(options.out, "--out")
    with threads_of_torch(1):
        posterior, sweep = _exact(options, table)
    runs = runs_of_study(options)
    outcomes = searched(runs, options)
    with threads_of_torch(1):
        sets = _sets(list(outcomes.ended), options, sizes.members)
    folder, by_seed = options.out / FOLDER, {run.seed: run for run in outcomes.ended}
    if not options.finished:
        for seed, run in by_seed.items():
            mine = [trial for (other, _, _), trials in sets.items() if other == seed for trial in trials]
            train_all(mine, run, sizes.training, folder, options.workers, options.say)
    with threads_of_torch(1):
        ensembles, found = ensembles_frame(sets, by_seed, sizes.training, folder)
        labels = images_of(runs[0])[1].labels.numpy()
        differences = differences_frame(found, labels, sizes.members, options.seed)
    frames = {"posterior": posterior, "sweep": sweep, "ensembles": ensembles, "differences": differences}
    frames["claims"] = claims_frame(study_claims(posterior, sweep, differences, sizes.members, sizes.seeds))
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    _show(options, frames)
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "images": "digits" if options.data is None else options.data.name,
        "repetitions": sizes.seeds, "members": list(sizes.members), "finished": [run.folder for run in outcomes.ended],
        "trainings": len({trial for trials in sets.values() for trial in trials}),
        "training": asdict(sizes.training), "searches": {run.folder: asdict(run.setting) for run in runs},
        "failed": {run.folder: failure.reason for run, failure in outcomes.failed.items()},
    }  # fmt: skip
    write_text(record({}, table, data=options.data, **facts), options.out / "study.json")


def _sets(
    runs: list[Run], options: StudyOptions, members: tuple[int, ...]
) -> dict[tuple[int, str, int], tuple[Trial, ...]]:
    """The trainings of each finished search, by its seed, arm and number of members."""
    from harness.studies.searches.nesbs.sets import sets_of
    from harness.studies.searches.pool import SEARCHES

    found = {}
    for run in runs:
        for (arm, count), trials in sets_of(run, options.out / SEARCHES / run.folder, members).items():
            found[run.seed, arm, count] = trials
    return found


def _exact(options: StudyOptions, table: Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frames of the exact part: those that the folder has, or new ones."""
    from harness.studies.searches.kept import kept_frames
    from harness.studies.searches.nesbs.exact import QUICK, Sizes, posterior_frame, sweep_frame

    sizes = QUICK if options.quick else Sizes()
    key = {"seed": options.seed, "quick": options.quick, "table": table.facts.sha256, "sizes": sizes._asdict()}
    frames = kept_frames(
        options,
        key,
        {
            "posterior": lambda: posterior_frame(table, sizes, options.seed, quick=options.quick),
            "sweep": lambda: sweep_frame(table, sizes, options.seed),
        },
    )
    return frames["posterior"], frames["sweep"]


def _show(options: StudyOptions, frames: dict[str, pd.DataFrame]) -> None:
    from harness.report.figures.nesbs import nesbs_figure
    from harness.report.files import save_pictures, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.nesbs import differences_sheet, ensembles_sheet, sweep_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text

    sheets = [claims_sheet(frames["claims"]), sweep_sheet(frames["sweep"])]
    if len(frames["differences"]):
        sheets += [ensembles_sheet(frames["ensembles"]), differences_sheet(frames["differences"])]
    save_pictures(nesbs_figure(frames["posterior"], frames["sweep"]), options.out / "nesbs")
    write_text("\n\n".join(map(sheet_markdown, sheets)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets[1:])]))
    files = ", ".join(f"{name}.csv" for name in frames)
    options.say(f"\nIn {options.out}: tables.md, {files}, nesbs.png, nesbs.svg, study.json")


STUDY = SingleStudy(
    "NESBS: posteriors, and sets drawn by Monte Carlo or SVGD, on the table; trained ensembles on images",
    frozenset({"quick", "runs", "seed", "workers", "table", "data", "finished"}),
    run_nesbs,
)
