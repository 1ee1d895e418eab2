"""Study: DAAS in our reading; do cells want augmentations of their own, and does a joint search find them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.search.query.indexed import FloatArray
    from harness.stats.two_way import Interaction
    from harness.studies.searches.daas.sizes import Sizes


def run_daas(options: StudyOptions) -> None:
    """Train cells under fixed policies, run the searches, train what they found, write tables and a figure into `out`.

    Searches go on from their checkpoints in `out/searches`, those whose logs `searches.csv.gz` holds are not run again,
    and trainings that are over are kept in `trained.csv`; with `finished`, none is made.

    Raises:
        SettingError: before anything is run: no CIFAR-10 in `data`, a folder that cannot be written in, or one of
            another study, or whose rows would be lost.
        SearchError: no kornia; a table of another space; a checkpoint of another search.
        RunError: all searches fail, or a worker died.
    """
    from harness.report.files import write_csv, write_text
    from harness.search.gradient.daas.operations import check_kornia
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.daas.claims import study_claims
    from harness.studies.searches.daas.kept import (
        LOGS,
        check_parts,
        log_of,
        outcomes_of,
        parts_key,
        write_parts,
    )
    from harness.studies.searches.daas.searched import chosen_frame, judged, runs_of_study, searched_data, shares_frame
    from harness.studies.searches.daas.sizes import POLICIES, sizes_of
    from harness.studies.searches.daas.training import images_of
    from harness.studies.searches.daas.trainings import (
        FILE,
        accuracies_by_place,
        cells_by_rank,
        frame_of,
        read,
        table_trainings,
        train_all,
    )
    from harness.studies.searches.opened import accuracies_of_cells, opened_table
    from harness.studies.searches.record import by_method, searches_record
    from harness.writing import make_folder

    check_kornia()
    table, sizes = opened_table(options.table), sizes_of(options)
    found, lacking = accuracies_of_cells(table)
    column = next(iter(found))
    runs, images = runs_of_study(options, sizes), images_of(searched_data(options), sizes, options.seed)
    used = by_method(runs)
    make_folder(options.out, "--out")
    key = parts_key(options.seed, sizes, images, runs)
    check_parts(options.out, key)
    kept = read(options.out / FILE)
    for note in lacking:
        options.say(note)
    accuracies = _by_cell(found[column])
    cells, policies = cells_by_rank(accuracies, sizes.quantiles), {policy.name: policy for policy in POLICIES}
    outcomes = outcomes_of(runs, used, options)
    write_parts(options.out, key)
    write_csv(log_of(outcomes.ended), options.out / LOGS)
    wanted = [(each, policies[each.policy]) for each in table_trainings(cells, sizes)]
    after = [judged(run, outcome) for run, outcome in outcomes.ended.items()]
    done = train_all([*wanted, *after], sizes, images, options)
    values = accuracies_by_place(done, cells, sizes)
    chosen, shares = chosen_frame(outcomes.ended, done, accuracies, column), shares_frame(outcomes.ended)
    tested = interaction_of(values, options.seed)
    over = (sum(training in done for training, _ in wanted), len(wanted))
    frames = {
        "trained": frame_of({**done, **kept}),
        "places": _places(cells, accuracies),
        "chosen": chosen,
        "shares": shares,
        "claims": claims_frame(study_claims(tested, over, chosen, shares, column, sizes.runs)),
    }
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    _show(options, frames, values, column, float(found[column].mean()))
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "full": options.full, "sizes": _sizes_record(sizes),
        "finished": [run.folder for run in outcomes.ended],
        "failed": {run.folder: failure.reason for run, failure in outcomes.failed.items()},
        "searches": searches_record(runs, used, outcomes.failed),
    }  # fmt: skip
    write_text(record({}, table, data=options.data, **facts), options.out / "study.json")


def interaction_of(values: FloatArray, seed: int) -> Interaction | None:
    """The test of the interaction of cells and policies; None where a training is not over."""
    import numpy as np

    from harness.stats.two_way import interaction

    return interaction(values, seed=seed) if np.isfinite(values).all() else None


def _by_cell(accuracies: FloatArray) -> dict[str, float]:
    """The accuracies of all cells by their texts."""
    from harness.evaluation.columns import SPACE
    from harness.spaces import open_space
    from harness.spaces.listed import all_architectures

    space = open_space(SPACE)
    return dict(zip(map(space.key, all_architectures(space)), accuracies.tolist(), strict=True))


def _places(cells: list[str], accuracies: Mapping[str, float]) -> pd.DataFrame:
    """The cells of the table with their tabulated accuracies."""
    import pandas as pd

    return pd.DataFrame({"cell": cells, "tabulated_pct": [accuracies[cell] for cell in cells]})


def _sizes_record(sizes: Sizes) -> dict[str, Any]:
    return {**sizes._asdict(), "search": dict(sizes.search)}


def _show(
    options: StudyOptions, frames: Mapping[str, pd.DataFrame], values: FloatArray, column: str, random_cell: float
) -> None:
    from harness.report.figures.daas import daas_figure
    from harness.report.files import save_pictures, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.daas import arms_sheet, shares_sheet, table_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.searches.daas.sizes import POLICIES

    names = [policy.name for policy in POLICIES]
    sheets = [
        claims_sheet(frames["claims"]), table_sheet(frames["places"], names, values, column),
        arms_sheet(frames["chosen"], column, random_cell), shares_sheet(frames["shares"]),
    ]  # fmt: skip
    save_pictures(daas_figure(frames["places"], names, values, frames["shares"]), options.out / "daas")
    write_text("\n\n".join(map(sheet_markdown, sheets)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets[1:])]))
    files = ", ".join(f"{name}.csv" for name in frames)
    options.say(f"\nIn {options.out}: tables.md, {files}, searches.csv.gz, daas.png, daas.svg, study.json")


STUDY = SingleStudy(
    "DAAS in our reading: do cells want augmentations of their own, and does a joint search find them",
    frozenset({"quick", "full", "runs", "seed", "workers", "table", "data", "finished"}),
    run_daas,
)
