"""Study: E2RNAS, robustness and size beside accuracy, on tables and on images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table

_TABULATED = ("arms", "grid", "stall", "attacks", "proxies")


def run_e2rnas(options: StudyOptions) -> None:
    """Search the table of robustness, correlate its columns, run the searches; write tables and a figure into `out`.

    What is made of tables alone is kept in `out` and not made again for the same seed. Searches go on from their
    checkpoints in `out/searches`; with `finished`, none is run.

    Raises:
        SettingError: no CIFAR-10 in `data`, or a folder that cannot be written in.
        SearchError: a checkpoint of another search.
        TableError: no table of robustness.
        RunError: all searches fail, or a worker died.
    """
    from harness.evaluation import open_table
    from harness.report.files import write_csv, write_text
    from harness.scoring.engine import threads_of_torch
    from harness.spaces.image_batches import read_cifar10
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.finished import searched
    from harness.studies.searches.robust.cells import ROBUSTNESS, cells_of
    from harness.studies.searches.robust.claims import Parts, study_claims
    from harness.studies.searches.robust.published import parameters_frame
    from harness.studies.searches.robust.searched import chosen_frame, runs_of_study
    from harness.studies.searches.robust.volumes import volumes_frame
    from harness.writing import make_folder

    table = open_table(ROBUSTNESS)
    if options.data is not None:
        read_cifar10(options.data)
    make_folder(options.out, "--out")
    with threads_of_torch(1):
        frames = _tabulated(options, table)
    runs = runs_of_study(options)
    outcomes = searched(runs, options)
    frames |= {
        "volumes": volumes_frame(frames["arms"], frames["grid"], cells_of(table), options.seed),
        "parameters": parameters_frame(),
        "chosen": chosen_frame(runs, outcomes.ended, table),
    }
    frames["claims"] = claims_frame(study_claims(Parts(**{name: frames[name] for name in Parts._fields})))
    for name, frame in frames.items():
        if name not in _TABULATED:
            write_csv(frame, options.out / f"{name}.csv")
    _show(options, frames, table)
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "finished": [run.folder for run in outcomes.ended],
        "searches": {run.folder: asdict(run.setting) for run in runs},
        "failed": {run.folder: failure.reason for run, failure in outcomes.failed.items()},
    }  # fmt: skip
    write_text(record({}, table, data=options.data, **facts), options.out / "study.json")


def _tabulated(options: StudyOptions, table: Table) -> dict[str, pd.DataFrame]:
    """What is made of tables alone: frames that the folder has, or new ones."""
    from harness.evaluation.known.scores import known_scores, said_cells
    from harness.studies.searches.kept import kept_frames
    from harness.studies.searches.robust.cells import cells_of
    from harness.studies.searches.robust.correlations import attacks_frame, proxies_frame
    from harness.studies.searches.robust.tabled import arms_frame, grid_frame, stall_frame

    scores = known_scores()
    key = {
        "seed": options.seed, "quick": options.quick, "table": table.facts.sha256, "proxy_scores": said_cells(scores),
    }  # fmt: skip
    cells = cells_of(table)
    small: Mapping[str, Any] = {"seed": options.seed, "quick": options.quick}
    made: Mapping[str, Callable[[], pd.DataFrame]] = {
        "arms": lambda: arms_frame(table, cells, **small),
        "grid": lambda: grid_frame(cells, **small),
        "stall": lambda: stall_frame(table, cells, **small),
        "attacks": lambda: attacks_frame(table),
        "proxies": lambda: proxies_frame(table, **small),
    }
    return kept_frames(options, key, made)


def _show(options: StudyOptions, frames: dict[str, pd.DataFrame], table: Table) -> None:
    from harness.report.figures.robust import robust_figure
    from harness.report.files import save_pictures, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.robust import (
        arms_sheet,
        attacks_sheet,
        images_sheet,
        parameters_sheet,
        proxies_sheet,
        volumes_sheet,
    )
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.searches.robust.cells import cells_of
    from harness.studies.searches.robust.tabled import ARMS

    words = {name: arm.words for name, arm in ARMS.items()}
    sheets = [
        claims_sheet(frames["claims"]), arms_sheet(frames["arms"], words), volumes_sheet(frames["volumes"]),
        attacks_sheet(frames["attacks"]), proxies_sheet(frames["proxies"]), parameters_sheet(frames["parameters"]),
        images_sheet(frames["chosen"]),
    ]  # fmt: skip
    cells = cells_of(table)
    figure = robust_figure(frames["arms"], frames["grid"], frames["stall"], frames["proxies"], cells.values, words)
    save_pictures(figure, options.out / "e2rnas")
    write_text("\n\n".join(map(sheet_markdown, sheets)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets[1:])]))
    files = ", ".join(f"{name}.csv" for name in frames)
    options.say(f"\nIn {options.out}: tables.md, {files}, e2rnas.png, e2rnas.svg, study.json")


STUDY = SingleStudy(
    "E2RNAS: robustness and size beside accuracy, MGDA against fixed weights, and what proxies tell of robustness",
    frozenset({"quick", "runs", "seed", "workers", "data", "finished"}),
    run_e2rnas,
)
