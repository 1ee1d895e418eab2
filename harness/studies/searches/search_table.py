"""The engine of search tables: a paper's table of searches on NAS-Bench-201, with our runs next to its rows."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from harness.errors import ScoresError, SearchError, SpaceError
from harness.evaluation import Table
from harness.evaluation.columns import SPACE
from harness.evaluation.searches.proxy_scores import (
    CONDITION,
    KNAS,
    METRIC,
    PARAMS,
    PROXY,
    ProxyScores,
    scores_by_cell,
)
from harness.evaluation.searches.table_searches import BUDGET_SECONDS, RUNS, table_searches
from harness.report.files import write_csv, write_text
from harness.report.tables.searches import search_rows_sheet
from harness.report.tables.text import sheet_text
from harness.scoring.files import read_scores
from harness.search.gradient.checkpoint import COLUMNS
from harness.search.query.indexed import FloatArray
from harness.search.query.robot import METRICS
from harness.spaces.image_batches import read_cifar10
from harness.studies.kinds import Queried, Row, Searched, SearchTable
from harness.studies.options import StudyOptions
from harness.studies.record import record
from harness.studies.searches.compute import compute_frame
from harness.studies.searches.files import draw_curves, footnote, write_compute, write_logs, write_table
from harness.studies.searches.finished import is_finished, logs_in
from harness.studies.searches.frame import REASON_NOT_RUN, SCORES_USED, search_rows_frame
from harness.studies.searches.nasi.log import log_of_steps
from harness.studies.searches.nasi.sources import searches_setting
from harness.studies.searches.nasi.steps import read_steps
from harness.studies.searches.opened import accuracies_of_cells, opened_table
from harness.studies.searches.pool import (
    SEARCHES,
    data_of,
    of_shard,
    say_data,
    say_searches_of_shard,
    search_all,
    setting_of,
    with_record,
)
from harness.studies.searches.record import Used, by_method, in_a_line, searches_record
from harness.studies.searches.runs import PRESET, QUICK, Outcomes, Run
from harness.writing import make_folder

QUICK_EPOCHS, QUICK_DEPTH = 4, 1
_QUICK_QUERIED = 100


def run_search_table(study: SearchTable, options: StudyOptions) -> None:
    """Run the searches of all rows, look up the chosen cells, and write the table, logs and figures into `out`.

    Searches by gradients take the preset and number of seeds of their row, or `runs`; interrupted ones go on from
    their checkpoints in `out/searches`, and those whose logs `out` holds from before are not run again. NASI's rows are
    those of recorded `steps`, if given. With a shard, its searches by gradients are run, and nothing else is done.
    Searches that use a proxy are run only with `scores`. A search that fails does not end the others; its row says so.

    Raises:
        SettingError: before anything is run: no CIFAR-10 in `data`, no run, or a folder that cannot be written in.
        ScoresError: before anything is run: no scores in `scores`, or scores of another space.
        SearchError: a table of another space or without test accuracies; a checkpoint of another search; steps that
            are none.
        RunError: all searches by gradients fail, or a worker died.
    """
    rows = study.rows
    opened = opened_table(options.table)
    columns, lacking = accuracies_of_cells(opened)
    if options.data is not None:
        read_cifar10(options.data)
    scores = scores_by_cell(None) if options.scores is None else _scores(options.scores, options)
    steps, left_out = ([], []) if options.steps is None else read_steps(options.steps)
    runs = [run for run in runs_for_rows(options, rows) if not (steps and run.method.startswith("nasi"))]
    runs = of_shard(runs, options)
    used = by_method(runs)
    before = logs_in(options.out, runs, used)
    if options.finished:
        runs = [run for run in runs if run in before or is_finished(run, options.out / SEARCHES)]
        used = {run.name: used[run.name] for run in runs}
    make_folder(options.out, "--out")
    for note in (*lacking, *left_out):
        options.say(note)
    if options.shard is not None:
        _searched(options, runs, used)
        say_searches_of_shard(options)
        return
    queried, notes = _queried(options, opened, rows, scores)
    for note in notes:
        options.say(note)
    if before:
        options.say(f"{len(before)} of {len(runs)} searches are in the logs of {options.out}, and not run again")
    outcomes = _searched(options, [run for run in runs if run not in before], used)
    log = _log(runs, outcomes, before, opened, list(columns), options)
    if steps:
        log = pd.concat([log, log_of_steps(steps, opened, list(columns))], ignore_index=True)
    searches = searches_record(runs, used, outcomes.failed)
    frame = search_rows_frame(rows, opened, queried, log, columns, outcomes.failed, searches)
    files = _write(options, opened, frame, queried, log)
    if len(compute := compute_frame(log, searches)):
        files += write_compute(options.out, compute, rows, opened, next(iter(columns)))
    facts = {
        "seed": options.seed, "workers": options.workers, "quick": options.quick, "budget_seconds": BUDGET_SECONDS,
        "searches": searches, "remarks": list(notes),
        "scores": None if options.scores is None else options.scores.name,
        "steps": None if options.steps is None else {
            "from": options.steps.name, "seeds": [one.seed for one in steps],
            "setting": asdict(searches_setting(quick=False)),
        },
    }  # fmt: skip
    write_text(record({}, opened, data=options.data, **facts), options.out / "study.json")
    options.say(f"\n{sheet_text(search_rows_sheet(frame))}\n\n{textwrap.fill(footnote(opened), 120)}")
    options.say(f"\nIn {options.out}: {', '.join([*files, 'study.json'])}")


def runs_for_rows(options: StudyOptions, rows: Sequence[Row]) -> list[Run]:
    """The searches by gradients that the rows need, each once; rows that differ only in the epoch share a search."""
    wanted: dict[tuple[str, str, int | None], int] = {}
    for row in rows:
        if isinstance(row.ours, Searched):
            count = options.runs or (1 if options.quick else row.ours.runs)
            preset = PRESET if options.quick else row.ours.preset
            key = (row.ours.method, preset, row.ours.epochs)
            wanted[key] = max(wanted.get(key, 0), count)
    found = []
    for (method, preset, epochs), count in wanted.items():
        small = (
            {"epochs": epochs or QUICK_EPOCHS, "depth": QUICK_DEPTH, "alpha_warm_up": 0}
            if options.quick
            else {"epochs": epochs}
        )
        setting = setting_of(method, SPACE, preset, **small)
        data = data_of(method, options.data)
        found += [Run(method, setting, data, options.seed + place, preset=preset) for place in range(count)]
    return found


def _scores(path: Path, options: StudyOptions) -> ProxyScores:
    """Scores by cell from a file, for the searches that use them."""
    found = read_scores(path, None)
    try:
        scores = scores_by_cell(found.frame)
    except (ScoresError, SpaceError, SearchError) as error:
        raise ScoresError(f"--scores {path} must hold scores of {SPACE} cells: {error}") from error
    options.say(f"scores: {found.origin}")
    return scores


def _searched(options: StudyOptions, runs: Sequence[Run], used: Mapping[str, Used]) -> Outcomes:
    """Run the searches by gradients, and print their settings and results."""
    if not runs:
        return Outcomes({}, {})
    say_data(options)
    for method, entry in used.items():
        options.say(f"{method}: {in_a_line(entry)}")
    return search_all(runs, options)


def _log(
    runs: Sequence[Run],
    outcomes: Outcomes,
    before: Mapping[Run, pd.DataFrame],
    table: Table,
    columns: Sequence[str],
    options: StudyOptions,
) -> pd.DataFrame:
    """The logs of all finished searches in one frame, with the tabulated accuracies of each epoch's architecture."""
    found = {run: outcome.log for run, outcome in outcomes.ended.items()}
    found |= {run: log[[name for name in COLUMNS if name in log]] for run, log in before.items()}
    logs = [
        with_record(found[run], table, columns).assign(method=run.method, seed=run.seed, how=_how(run, options))
        for run in runs
        if run in found
    ]
    return pd.concat(logs, ignore_index=True) if logs else pd.DataFrame(columns=["method", "seed", "how"])


def _how(run: Run, options: StudyOptions) -> str:
    """Preset and data of a search, in short."""
    return f"{QUICK if options.quick else f'preset {run.preset}'}, {Path(run.data).name}"


def _write(
    options: StudyOptions, table: Table, frame: pd.DataFrame, queried: pd.DataFrame, log: pd.DataFrame
) -> list[str]:
    """Write the table, logs and curves, as far as there are any; returns the names of the files."""
    files = write_table(options.out, table, frame)
    if len(queried):
        write_csv(queried, options.out / "queried.csv")
        files.append("queried.csv")
    if len(log):
        first = next(name for name in frame.columns if name.endswith("_mean")).removesuffix("_mean")
        files += [*write_logs(options.out, log), *draw_curves(options.out, log, table, first)]
    return files


def _queried(
    options: StudyOptions, table: Table, rows: Sequence[Row], scores: ProxyScores | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Results of the searches that query the table, each with its scores or the reason not to run; and notes."""
    frames: list[pd.DataFrame] = []
    searches_by_note: dict[str, list[str]] = {}
    for name in dict.fromkeys(row.ours.name for row in rows if isinstance(row.ours, Queried)):
        reason_not_run, scores_used = _missing_inputs(name, scores)
        if reason_not_run is None:
            try:
                result = table_searches(
                    table, [name], runs=_QUICK_QUERIED if options.quick else RUNS, seed=options.seed, scores=scores,
                    progress=options.progress,
                )  # fmt: skip
            except SearchError as error:
                reason_not_run = str(error).partition("cannot run: ")[2] or str(error)
        if reason_not_run is not None:
            frames.append(pd.DataFrame([{"search": name, REASON_NOT_RUN: reason_not_run}]))
            continue
        frames.append(result.frame.assign(**{SCORES_USED: scores_used}))
        for note in result.notes:
            searches_by_note.setdefault(note.removeprefix(f"{name}: "), []).append(name)
    found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["search"])
    notes = tuple(f"{', '.join(names)}: {note}" for note, names in searches_by_note.items())
    return found.reindex(columns=[*dict.fromkeys([*found.columns, SCORES_USED, REASON_NOT_RUN])]), notes


_LOOKED_AT = {
    ("scores",): PROXY,
    ("metric", "condition"): f"{METRIC} and {CONDITION}",
    ("metrics",): ", ".join(METRICS),
    (KNAS,): KNAS,
    (PARAMS,): PARAMS,
}
"""The proxies that a search looks at, by the scores that it needs."""


def _scored(values: FloatArray) -> int:
    """Number of cells with a score, or, of several, with all of them."""
    there = np.isfinite(values)
    return int((there if there.ndim == 1 else there.all(axis=1)).sum())


def _missing_inputs(name: str, scores: ProxyScores | None) -> tuple[str | None, str | None]:
    """Reason why a search lacks scores, or else the scores that it uses; both None for a search without scores."""
    from harness.search.query.methods import METHODS

    needed = METHODS[name].scores_needed if name in METHODS else ()
    if not needed:
        return None, None
    proxies = _LOOKED_AT[needed]
    if scores is None or not set(needed) <= set(scores.by_cell):
        return f"it looks at {proxies}: give their scores by --scores", None
    scored = min(_scored(scores.by_cell[need]) for need in needed)
    needed_cells = int(name.removeprefix("best_of_")) if name.startswith("best_of_") else 1
    if needed_cells > scored:
        return f"{needed_cells:,} cells are drawn, and {scored:,} have scores", None
    return None, f"{proxies} of {scored:,} cells"
