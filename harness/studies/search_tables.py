"""A paper's table of searches on NAS-Bench-201, with ours beside what is printed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import Table, open_table
from harness.batches import read_cifar10
from harness.errors import SearchError
from harness.join import axis_label
from harness.report.files import save_pictures, write_csv, write_text
from harness.report.search_curves import FOR_THE_RECORD, search_curves
from harness.report.search_curves import Run as Curve
from harness.report.search_rows import bounds_text, search_rows_latex, search_rows_markdown, search_rows_text
from harness.scores import read_scores
from harness.search import find_method
from harness.search.presets import PUBLISHED_DATA
from harness.spaces import open_space
from harness.studies.folders import make_folder
from harness.studies.guidance import CONDITION, METRIC, PROXY, Guidance, guidance_of
from harness.studies.nasi_bounds import TRACES, bounds_table, steps_table
from harness.studies.published_searches import PublishedSearch
from harness.studies.queried_columns import TESTS, judged_by
from harness.studies.record import record
from harness.studies.search_rows import Best, Cell, NotRun, Queried, Row, Searched
from harness.studies.search_runs import PRESET, Outcome, Run, data_of, run_all, say_data, setting_of, with_record
from harness.studies.study import StudyOptions
from harness.studies.table_searches import BUDGET_SECONDS, RUNS, table_searches

SPACE = "nasbench201"
QUICK_EPOCHS, QUICK_DEPTH = 4, 1
TAKES = frozenset({"table", "quick", "runs", "seed", "workers", "data", "scores"})
OURS, PUBLISHED = "ours", "published"
_QUICK_QUERIED = 100


def run_search_table(options: StudyOptions, rows: Sequence[Row]) -> None:
    """Run the searches of all rows, look up what they chose, and leave the table, logs and figures in `out`.

    Searches by gradients take the laptop preset, as many seeds as the row says (or `runs`), and go on where their
    checkpoints in `out/searches` stop. Searches that look at a proxy are run only with `scores`.

    Raises:
        SettingError: before anything is run: no CIFAR-10 in `data`, no run, or a folder that cannot be written in.
        SearchError: a table of another space or without test accuracies; a search that fails.
    """
    opened = open_table(options.table)
    space = open_space(SPACE)
    if opened.facts.space != SPACE:
        raise SearchError(f"the study needs a table of {SPACE}; {opened.facts.name} is of {opened.facts.space}")
    columns, remarks = judged_by(opened, [space.key(cell) for cell in space])
    if options.data is not None:
        read_cifar10(options.data)
    guidance = None
    if options.scores is not None:
        scores = read_scores(options.scores, None)
        guidance = guidance_of(scores.frame)
        options.say(f"scores: {scores.origin}")
    make_folder(options.out, "--out")
    for remark in remarks:
        options.say(remark)
    queried, notes = _queried(options, opened, rows, guidance)
    for note in notes:
        options.say(note)
    runs = runs_of(options, rows)
    say_data(options)
    for method, run in {run.method: run for run in runs}.items():
        options.say(f"{method}: {_changes(run)}")
    options.say(f"{len(runs)} searches by gradients, {options.workers} at once, into {options.out / 'searches'}")
    outcomes = run_all(runs, options.out / "searches", options.workers, options.say)
    logs = [
        with_record(outcome.log, opened, columns).assign(method=run.method, seed=run.seed, how=_how(run, options))
        for run, outcome in outcomes.items()
    ]
    log = pd.concat(logs, ignore_index=True)
    write_csv(log, options.out / "searches.csv.gz")
    write_csv(queried, options.out / "queried.csv")
    frame = table_of(rows, opened, queried, log, columns)
    _write(options, opened, frame, notes, runs)
    _draw(options.out, opened, log, next(iter(columns)))
    _write_bounds(options, opened, outcomes, list(columns), rows)
    options.say("\n" + search_rows_text(frame))
    options.say(f"\nIn {options.out}: table.*, searches.csv.gz, queried.csv, curves.*, nasi_curves.*, study.json")


def runs_of(options: StudyOptions, rows: Sequence[Row]) -> list[Run]:
    """The searches by gradients that the rows need, each once; rows that differ in the epoch alone share one."""
    wanted: dict[tuple[str, int | None], int] = {}
    for row in rows:
        if isinstance(row.ours, Searched):
            count = options.runs or (1 if options.quick else row.ours.runs)
            key = (row.ours.method, row.ours.epochs)
            wanted[key] = max(wanted.get(key, 0), count)
    found = []
    for (method, epochs), count in wanted.items():
        small = {"epochs": epochs or QUICK_EPOCHS, "depth": QUICK_DEPTH} if options.quick else {"epochs": epochs}
        setting = setting_of(method, SPACE, **small)
        data = data_of(method, options.data)
        found += [Run(method, setting, data, options.seed + place) for place in range(count)]
    return found


def table_of(
    rows: Sequence[Row], table: Table, queried: pd.DataFrame, log: pd.DataFrame, columns: Mapping[str, Any]
) -> pd.DataFrame:
    """The rows as a frame: ours, then what papers print.

    Args:
        rows: of a paper's table.
        table: of test accuracies.
        queried: rows of `harness.studies.table_searches`, with why one cannot run as `hindrance`.
        log: of all searches by gradients: their logs with `method`, `seed` and `…_for_the_record`.
        columns: test accuracies of the table.

    Returns:
        `row`, `whose` (`ours` or `published`), `source` (what was run, or the paper), `runs` (NaN where not known), for
        each column `…_mean` and `…_std` (NaN where there are none), and `seconds` of a search.
    """
    found = []
    for row in rows:
        found.append({"row": row.label, "whose": OURS, **_ours(row, table, queried, log, columns)})
        found += [_printed(row.label, item, columns) for item in row.published]
    return pd.DataFrame(found)


def _ours(
    row: Row, table: Table, queried: pd.DataFrame, log: pd.DataFrame, columns: Mapping[str, Any]
) -> dict[str, Any]:
    kind = row.ours
    if isinstance(kind, NotRun):
        return _values(f"not run: {kind.reason}", math.nan, columns, {})
    if isinstance(kind, Cell):
        space = open_space(SPACE)
        key = space.key(space.parse(kind.architecture))
        return _values("the tabulated cell", math.nan, columns, {name: table.values([key], name) for name in columns})
    if isinstance(kind, Best):
        return _values(
            "the highest of each column", math.nan, columns, {name: [columns[name].max()] for name in columns}
        )
    if isinstance(kind, Queried):
        return _of_query(kind.name, queried, columns)
    return _of_search(kind, log, columns)


def _values(
    source: str, runs: float, columns: Mapping[str, Any], values: Mapping[str, Any], seconds: float = math.nan
) -> dict[str, Any]:
    """A row's numbers from the values of its runs; the deviation is over the runs, and NaN for a single one."""
    found: dict[str, Any] = {"source": source, "runs": runs}
    for name in columns:
        of_runs = np.asarray(values.get(name, []), dtype=float)
        found[f"{name}_mean"] = float(of_runs.mean()) if len(of_runs) else math.nan
        found[f"{name}_std"] = float(of_runs.std(ddof=1)) if len(of_runs) > 1 else math.nan
    return {**found, "seconds": seconds}


def _of_query(name: str, queried: pd.DataFrame, columns: Mapping[str, Any]) -> dict[str, Any]:
    row = queried[queried["search"] == name].iloc[0]
    if isinstance(row["hindrance"], str):
        return _values(f"not run: {row['hindrance']}", math.nan, columns, {})
    found = {f"{column}_{end}": row[f"{column}_{end}"] for column in columns for end in ("mean", "std")}
    runs = float(row["runs"]) or math.nan
    source = "exact expectation" if math.isnan(runs) else "queried here"
    if row["seconds"] > 0:
        source += ", simulated seconds"
    if isinstance(row["seen"], str):
        source += f", {row['seen']}"
    return {"source": source, "runs": runs, **found, "seconds": row["seconds"]}


def _of_search(kind: Searched, log: pd.DataFrame, columns: Mapping[str, Any]) -> dict[str, Any]:
    of_method = log[log["method"] == kind.method]
    chosen, seconds = [], []
    for _, run in of_method.groupby("seed", sort=False):
        until = run if kind.after is None else run[run["epoch"] <= kind.after]
        chosen.append(until.iloc[-1])
        seconds.append(float(until["seconds"].sum()))
    values = {name: [float(row[f"{name}{FOR_THE_RECORD}"]) for row in chosen] for name in columns}
    passed = int(chosen[0]["epoch"])
    steps = find_method(kind.method).setting(SPACE, PRESET).steps_per_epoch
    length = f"{passed} epochs" if steps is None else f"{passed * steps} steps"
    source = f"{kind.method}, {length}, {chosen[0]['how']}"
    return _values(source, len(chosen), columns, values, float(np.mean(seconds)))


def _printed(label: str, item: PublishedSearch, columns: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"row": label, "whose": PUBLISHED, "source": item.source, "runs": math.nan}
    for dataset, column in TESTS.items():
        if column in columns:
            found[f"{column}_mean"], found[f"{column}_std"] = getattr(item, dataset)
    return {**found, "seconds": math.nan if item.seconds is None else item.seconds}


def _queried(
    options: StudyOptions, table: Table, rows: Sequence[Row], guidance: Guidance | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows that query the table, with what they see of a proxy as `seen`, why one cannot run as `hindrance`.

    And remarks on their numbers.
    """
    frames: list[pd.DataFrame] = []
    asking: dict[str, list[str]] = {}  # a remark, and the searches that it is on
    for name in dict.fromkeys(row.ours.name for row in rows if isinstance(row.ours, Queried)):
        hindrance, seen = _sight(name, guidance)
        if hindrance is None:
            try:
                result = table_searches(
                    table, [name], runs=_QUICK_QUERIED if options.quick else RUNS, seed=options.seed, guidance=guidance
                )
            except SearchError as error:
                hindrance = str(error).partition("cannot run: ")[2] or str(error)
        if hindrance is not None:
            frames.append(pd.DataFrame([{"search": name, "hindrance": hindrance}]))
            continue
        frames.append(result.frame.assign(seen=seen))
        for remark in result.remarks:
            asking.setdefault(remark.removeprefix(f"{name}: "), []).append(name)
    found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["search"])
    remarks = tuple(f"{', '.join(names)}: {remark}" for remark, names in asking.items())
    return found.reindex(columns=[*dict.fromkeys([*found.columns, "seen", "hindrance"])]), remarks


def _sight(name: str, guidance: Guidance | None) -> tuple[str | None, str | None]:
    """Why a search that looks at scores cannot run, or how many cells it sees; neither for one that looks at none."""
    from harness.search.queried.methods import METHODS

    needed = METHODS[name].guidance if name in METHODS else ()
    if not needed:
        return None, None
    proxies = PROXY if needed == ("scores",) else f"{METRIC} and {CONDITION}"
    if guidance is None or not set(needed) <= set(guidance.by_cell):
        return f"it looks at {proxies}: give their scores by --scores", None
    scored = int(min(np.isfinite(guidance.by_cell[need]).sum() for need in needed))
    drawn = int(name.removeprefix("best_of_")) if name.startswith("best_of_") else 1
    if drawn > scored:
        return f"{drawn:,} cells are drawn, and {scored:,} have scores", None
    return None, f"{proxies} of {scored:,} cells"


def _how(run: Run, options: StudyOptions) -> str:
    """What a search took, in short."""
    return f"{'quick' if options.quick else f'preset {PRESET}'}, {Path(run.data).name}"


def _changes(run: Run) -> str:
    """What a search changes of the published setting."""
    presets = find_method(run.method).presets[SPACE]
    pairs = {"data": (PUBLISHED_DATA, Path(run.data).name), **run.setting.difference(presets.paper)}
    changed = ", ".join(f"{name} {'all' if old is None else old} -> {new}" for name, (old, new) in pairs.items())
    return f"{changed}{f'; {presets.note}' if presets.note else ''}"


def _write(options: StudyOptions, table: Table, frame: pd.DataFrame, notes: Sequence[str], runs: Sequence[Run]) -> None:
    write_csv(frame, options.out / "table.csv")
    write_text(f"{search_rows_markdown(frame)}\n\n{footnote(table)}\n", options.out / "table.md")
    write_text(search_rows_latex(frame), options.out / "table.tex")
    searched = {
        run.method: {
            "data": Path(run.data).name,
            "seeds": [other.seed for other in runs if other.method == run.method],
            "changed_from_paper": run.setting.difference(find_method(run.method).presets[SPACE].paper),
            "setting": asdict(run.setting),
        }
        for run in runs
    }
    facts = {
        "seed": options.seed, "quick": options.quick, "budget_seconds": BUDGET_SECONDS, "searches": searched,
        "remarks": list(notes), "scores": None if options.scores is None else options.scores.name,
    }  # fmt: skip
    write_text(record({}, table, **facts), options.out / "study.json")


def footnote(table: Table) -> str:
    """What is to be known of the table's numbers."""
    return (
        f"Test accuracies of ours: {table.facts.title}. Mean ± standard deviation over the runs (n − 1). Seconds of "
        "ours are of one thread of the machine that ran the study, or simulated where it says so; published ones of a "
        "GTX 1080Ti."
    )


def _write_bounds(
    options: StudyOptions, table: Table, outcomes: Mapping[Run, Outcome], columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """NASI's steps, and what it would have chosen with other bounds."""
    found = {run: outcome.memory for run, outcome in outcomes.items() if TRACES in outcome.memory}
    if not found:
        return
    memories, every = list(found.values()), min(len(memory[TRACES]) for memory in found.values())
    last = max(run.setting.epochs for run in found)
    after = {row.ours.after for row in rows if isinstance(row.ours, Searched) and row.ours.method == "nasi"}
    steps = sorted({every if epoch is None else every * epoch // last for epoch in after})
    write_csv(steps_table(memories, [run.seed for run in found]), options.out / "nasi_steps.csv.gz")
    bounds = bounds_table(memories, table, columns, steps)
    write_csv(bounds, options.out / "nasi_bounds.csv")
    options.say("\nNASI's choice with other bounds on the trace, by the same steps:\n\n" + bounds_text(bounds))


def _draw(out: Path, table: Table, log: pd.DataFrame, column: str) -> None:
    """Curves of the searches that train weights, and of NASI, whose epochs are parts of one mean."""
    label = axis_label(table, column)
    others = [f"{name}" for name in log.columns if name.endswith(FOR_THE_RECORD) and not name.startswith(column)]
    shown = log.drop(columns=others)
    trains = shown["method"].map({name: find_method(name).trains_weights for name in shown["method"].unique()})
    for stem, part in (("curves", shown[trains]), ("nasi_curves", shown[~trains])):
        curves = [
            Curve(str(method), run.dropna(axis=1, how="all"))
            for (method, _), run in part.groupby(["method", "seed"], sort=False)
        ]
        if curves:
            figure = search_curves(curves, record_label=label)
            save_pictures(figure, out / f"{stem}")
