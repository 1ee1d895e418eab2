"""Study: why NASI's table on NAS-Bench-201 came out as it did, and which readings of the paper give its level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.evaluation.columns import SPACE
from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.report.tables.sheet import Sheet
    from harness.studies.searches.nasi.cells import Accuracies
    from harness.studies.searches.nasi.steps import Steps

SAMPLE, QUICK_SAMPLE = 500, 6
DRAWS, QUICK_DRAWS = 200, 6
SEEDS, QUICK_STEPS = 5, 3
QUICK_VARIANTS = ("base", "none removed", "no norm")


def run_nasi_explained(options: StudyOptions) -> None:
    """Write the readings of NASI's steps, the variants of its passes, the marginals and the traces into `out`.

    Whatever takes long goes on where it stopped: the searches, the variants, the scores. The marginals are made only
    with `scores`, which hold `nasi_trace` of discrete cells.

    Raises:
        SettingError: no CIFAR-10 in `data`, or a folder that cannot be written in.
        SearchError: steps that are none, or a table without test accuracies of all cells.
        ScoresError: scores without `nasi_trace`.
    """
    from harness.evaluation import open_table
    from harness.report.files import write_csv, write_text
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.spaces.image_batches import read_cifar10
    from harness.studies.record import record
    from harness.studies.searches.nasi.cells import Accuracies
    from harness.studies.searches.nasi.grid import WINDOWS
    from harness.studies.searches.nasi.sources import searches_setting, study_steps
    from harness.studies.searches.nasi.steps import STEPS_FILE, read_steps, steps_frame
    from harness.studies.searches.nasi.traces import MODES
    from harness.writing import make_folder

    sample = QUICK_SAMPLE if options.quick else SAMPLE
    table = open_table(options.table)
    accuracies = Accuracies.of(table)
    if options.data is not None:
        read_cifar10(options.data)
    marginals = None if options.scores is None else _marginals(options.scores, accuracies, options)
    given = None if options.steps is None else read_steps(options.steps)
    make_folder(options.out, "--out")
    steps, notes = study_steps(options, given)
    for note in (*accuracies.lacking, *notes):
        options.say(note)
    write_csv(steps_frame(steps), options.out / STEPS_FILE)
    longest = max(len(one.traces) for one in steps)
    windows = [count for count in WINDOWS if count <= longest] or [longest]
    sheets = _readings(steps, accuracies, windows, options)
    sheets += _variants(accuracies, options)
    if marginals is not None:
        from harness.report.tables.nasi import marginals_sheet

        write_csv(marginals, options.out / "marginals.csv")
        sheets.append(marginals_sheet(marginals))
    sheets.append(_traces(sample, options))
    write_text("\n\n".join([*(sheet_markdown(sheet) for sheet in sheets), *notes]) + "\n", options.out / "tables.md")
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "sample": sample, "remarks": notes,
        "steps_of_seeds": [one.seed for one in steps],
        "steps": None if options.steps is None else options.steps.name,
        "scores": None if options.scores is None else options.scores.name,
        "searches": asdict(searches_setting(quick=options.quick)),
    }  # fmt: skip
    settings = {mode: condition.setting(options.seed) for mode, condition in MODES.items()}
    write_text(record(settings, table, data=options.data, **facts), options.out / "study.json")
    options.say("\n\n".join(["", *(sheet_text(sheet) for sheet in sheets)]))
    options.say(f"\nIn {options.out}: tables.md, nasi_bounds.csv, variants.csv, traces.csv, traces.png, {STEPS_FILE}")


def _readings(
    steps: Sequence[Steps], accuracies: Accuracies, windows: Sequence[int], options: StudyOptions
) -> list[Sheet]:
    from harness.report.files import write_csv
    from harness.report.tables.nasi import averages_sheet, bounds_sheet, summary_sheet
    from harness.studies.searches.nasi.grid import readings_table
    from harness.studies.searches.nasi.readings import AVERAGES
    from harness.studies.searches.nasi.summary import FOUR_T, T, summary_table

    readings = readings_table(steps, accuracies, windows=windows)
    write_csv(readings, options.out / "nasi_bounds.csv")
    summary = summary_table(readings, accuracies)
    write_csv(summary, options.out / "summary.csv")
    main = T if T in windows else windows[-1]
    sheets = [summary_sheet(summary)]
    sheets += [bounds_sheet(readings, main, average) for average in AVERAGES[:2]]
    sheets.append(averages_sheet(readings, [count for count in (T, FOUR_T) if count in windows] or windows))
    return sheets


def _variants(accuracies: Accuracies, options: StudyOptions) -> list[Sheet]:
    import pandas as pd

    from harness.report.files import write_csv
    from harness.report.tables.nasi import variants_sheet
    from harness.studies.searches.nasi.steps import WEIGHT_COLUMNS, steps_frame
    from harness.studies.searches.nasi.variant_runs import run_variants
    from harness.studies.searches.nasi.variant_table import by_reading, variants_table
    from harness.studies.searches.nasi.variants import BATCH, DEPTH, SIDE, STEPS, VARIANTS, WIDTH

    count = options.runs or (1 if options.quick else SEEDS)
    found = run_variants(
        options.out / "searches" / "variants", range(options.seed, options.seed + count), data=options.data,
        workers=options.workers, count=QUICK_STEPS if options.quick else None, say=options.say,
        names=QUICK_VARIANTS if options.quick else tuple(VARIANTS),
    )  # fmt: skip
    parts = pd.concat([steps_frame(steps).assign(variant=name) for name, steps in found.items()], ignore_index=True)
    write_csv(parts.drop(columns=list(WEIGHT_COLUMNS)), options.out / "variant_steps.csv.gz")
    table = variants_table(found, accuracies)
    write_csv(table, options.out / "variants.csv")
    title = (
        f"Other passes: C = {WIDTH}, N = {DEPTH}, batch {BATCH}, {SIDE} × {SIDE}, "
        f"{QUICK_STEPS if options.quick else STEPS} steps, {count} seeds"
    )
    return [variants_sheet(by_reading(table, column), f"{title}; {column}") for column in accuracies.columns]


def _marginals(path: Path, accuracies: Accuracies, options: StudyOptions) -> pd.DataFrame:
    from harness.studies.samples import read_given
    from harness.studies.searches.nasi.marginals import PROXY, marginals_table, traces_of

    given, origin = read_given(path, SPACE, (PROXY,))
    options.say(f"scores: {origin}")
    return marginals_table(*traces_of(given.frame), accuracies)


def _traces(sample: int, options: StudyOptions) -> Sheet:
    from harness.report.figures.traces import trace_pairs
    from harness.report.files import save_pictures, write_csv
    from harness.report.tables.nasi import traces_sheet
    from harness.studies.searches.nasi.trace_pairs import coefficients, pairs_of, small_print
    from harness.studies.searches.nasi.traces import approximate_and_exact, relaxed_and_discrete

    exact = approximate_and_exact(sample, options)
    relaxed = relaxed_and_discrete(QUICK_DRAWS if options.quick else DRAWS, options.seed)
    write_csv(exact, options.out / "traces.csv")
    write_csv(relaxed, options.out / "relaxed_traces.csv")
    pairs = pairs_of(exact, relaxed)
    save_pictures(trace_pairs(pairs, small_print(len(exact), len(relaxed))), options.out / "traces")
    return traces_sheet(coefficients(pairs))


STUDY = SingleStudy(
    "why NASI's table on NAS-Bench-201 depends on how the paper is read: bound, objective, `none`, passes",
    frozenset({"quick", "runs", "seed", "workers", "store", "table", "data", "scores", "steps"}),
    run_nasi_explained,
)
