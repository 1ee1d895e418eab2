"""Study: LA-DARTS, the errors of latency predictors and what the objective finds, on tables and on images."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.evaluation import Table

HARDWARE = "nasbench201-hardware"
_SAMPLES = 1000


def run_latency(options: StudyOptions) -> None:
    """Train the predictors, time genotypes, sweep λ on the table supernet, run the searches; tables and figures.

    Timings, errors, transfer and the sweep are kept in `out` and not made again for the same seed. Searches go on from
    their checkpoints in `out/searches`; with `finished`, none is run.

    Raises:
        SettingError: no CIFAR-10 in `data`, a folder that cannot be written in, or one with timings of another seed or
            of other numbers.
        SearchError: a table of another space; a checkpoint of another search.
        TableError: no table of latencies.
        RunError: all searches fail, or a worker died.
    """
    from harness.evaluation import open_table
    from harness.report.files import write_csv, write_text
    from harness.scoring.engine import threads_of_torch
    from harness.spaces.image_batches import read_cifar10
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.finished import searched
    from harness.studies.searches.latency.claims import Parts, study_claims
    from harness.studies.searches.latency.errors import means_frame
    from harness.studies.searches.latency.fronts import front_frame, savings_frame, volumes_frame
    from harness.studies.searches.latency.genotypes import (
        genotype_errors_frame,
        genotype_means_frame,
        genotype_noise_frame,
        timed_genotypes,
        timing_of,
    )
    from harness.studies.searches.latency.searched import DEVICES, chosen_frame, runs_of_study
    from harness.studies.searches.opened import opened_table
    from harness.writing import make_folder

    table, hardware = opened_table(options.table), open_table(HARDWARE)
    if options.data is not None:
        read_cifar10(options.data)
    make_folder(options.out, "--out")
    timed = timed_genotypes(options)
    with threads_of_torch(1):
        tabulated = _tabulated(options, table, hardware)
        genotype_errors = genotype_errors_frame(timed.thread, timing_of(options), options.seed)
    runs = runs_of_study(options, hardware)
    outcomes = searched(runs, options)
    frames = {
        **tabulated,
        "means": means_frame(tabulated["errors"]),
        "front": front_frame(table, hardware, list(DEVICES)),
        "volumes": volumes_frame(tabulated["sweep"], table, hardware, options.seed),
        "savings": savings_frame(tabulated["sweep"], table, hardware),
        "chosen": chosen_frame(runs, outcomes.ended, table, hardware),
        "genotype_errors": genotype_errors,
        "genotype_means": genotype_means_frame(genotype_errors),
        "genotype_noise": genotype_noise_frame(timed.thread, timed.wall),
    }
    frames["claims"] = claims_frame(study_claims(Parts(**{name: frames[name] for name in Parts._fields})))
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    _show(options, frames, timed.thread)
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "finished": [run.folder for run in outcomes.ended],
        "hardware": {"name": hardware.facts.name, "sha256": hardware.facts.sha256},
        "searches": {run.folder: asdict(run.setting) for run in runs},
        "genotypes": timed.facts,
        "failed": {run.folder: failure.reason for run, failure in outcomes.failed.items()},
    }  # fmt: skip
    write_text(record({}, table, data=options.data, **facts), options.out / "study.json")


def _tabulated(options: StudyOptions, table: Table, hardware: Table) -> dict[str, pd.DataFrame]:
    """Errors, transfer and the sweep: those that the folder has, or new ones."""
    from harness.studies.searches.kept import kept_frames
    from harness.studies.searches.latency.errors import QUICK, Sizes, devices, errors_frame, transfer_frame
    from harness.studies.searches.latency.searched import sweep_frame

    sizes = QUICK if options.quick else Sizes()
    key = {
        "seed": options.seed, "quick": options.quick, "table": table.facts.sha256, "hardware": hardware.facts.sha256,
    }  # fmt: skip
    measured = devices(hardware, sizes.columns)
    return kept_frames(
        options,
        key,
        {
            "errors": lambda: errors_frame(measured, sizes, options.seed),
            "transfer": lambda: transfer_frame(measured, _SAMPLES, options.seed),
            "sweep": lambda: sweep_frame(table, hardware, seed=options.seed, quick=options.quick),
        },
    )


def _show(options: StudyOptions, frames: dict[str, pd.DataFrame], timed: pd.DataFrame) -> None:
    from harness.report.figures.genotype_latency import genotype_figure
    from harness.report.figures.latency import latency_figure
    from harness.report.files import save_pictures, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.latency import (
        columns_sheet,
        genotypes_sheet,
        images_sheet,
        over_columns_sheet,
        savings_sheet,
        sweep_sheet,
        volumes_sheet,
    )
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.searches.latency.claims import over_columns

    sheets = [
        claims_sheet(frames["claims"]), over_columns_sheet(over_columns(frames["means"])), sweep_sheet(frames["sweep"]),
        volumes_sheet(frames["volumes"]), savings_sheet(frames["savings"]), images_sheet(frames["chosen"]),
        genotypes_sheet(frames["genotype_means"], frames["genotype_noise"]), columns_sheet(frames["means"]),
    ]  # fmt: skip
    figure = latency_figure(frames["means"], frames["sweep"], frames["front"], frames["transfer"])
    save_pictures(figure, options.out / "la-darts")
    genotypes = genotype_figure(frames["genotype_means"], frames["genotype_noise"], timed)
    save_pictures(genotypes, options.out / "genotypes")
    write_text("\n\n".join(map(sheet_markdown, sheets)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets[1:-1])]))
    files = ", ".join(f"{name}.csv" for name in frames)
    options.say(
        f"\nIn {options.out}: tables.md, {files}, genotypes.csv.gz, la-darts and genotypes.png and .svg, study.json"
    )


STUDY = SingleStudy(
    "LA-DARTS: errors of latency predictors, and latency in the objective, on tables and on images",
    frozenset({"quick", "runs", "seed", "workers", "table", "data", "finished"}),
    run_latency,
)
