"""Published DARTS genotypes and those that our searches find, by every proxy, among random genotypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from harness.batches import read_cifar10
from harness.errors import ScoresError
from harness.evaluation import open_table
from harness.evaluation.matching import matched_scores
from harness.proxies.registry import resolve
from harness.report.figures.heat_map import heat_map
from harness.report.figures.search_curves import search_curves
from harness.report.files import save_pictures, write_csv, write_text
from harness.scoring.files import COLUMNS
from harness.scoring.runner import run
from harness.search import find_method
from harness.setting import Setting
from harness.spaces import open_space
from harness.studies.folders import make_folder
from harness.studies.genotype_tables import SPACE, found, markdown, percentiles, published, table_of
from harness.studies.given_scores import read_given, setting_beside
from harness.studies.record import record
from harness.studies.searches.pool import data_of, run_all, say_data, setting_of
from harness.studies.searches.record import by_method, searches_record
from harness.studies.searches.runs import Failure, Run
from harness.studies.study import StudyOptions

TABLE = "darts-published"
SEARCHES = ("nasi", "nasi-ada", "darts", "beta-darts", "drnas-progressive")
QUICK_CHANGES = {"epochs": 4, "width": 4, "depth": 3, "steps_per_epoch": 4}
QUICK_PROXIES = "nasi_trace,grad_norm,synflow,nwot,params"


def run_darts_genotypes(options: StudyOptions) -> None:
    """Search genotypes, score them and the published ones, and leave table, scores, logs and figures in `out`.

    Searches take the laptop preset and one seed, or `runs`; they go on where their checkpoints in `out/searches` stop.
    With `scores` of other genotypes in the same setting each score is also told as its percentile among them. A
    search that fails has no genotype, which is said below the table.

    Raises:
        SettingError: before anything is run: no CIFAR-10 in `data`, no run, or a folder that cannot be written in.
        ScoresError: before anything is run: scores of another space, or of a store in another setting.
        SearchError: a checkpoint of another search.
        RunError: all searches fail, or a worker died.
    """
    if options.data is not None:
        read_cifar10(options.data)
    proxies = [entry.name for entry in resolve(QUICK_PROXIES.split(",") if options.quick else "all")]
    space = open_space(SPACE)
    setting = Setting(seed=options.seed).sized(space.width, space.depth)
    others = None if options.scores is None else _others(options, proxies, setting)
    runs = runs_of(options)
    used = by_method(runs)
    make_folder(options.out, "--out")
    if options.store is not None:
        make_folder(options.store.parent, "--store")
    say_data(options)
    options.say(f"{len(runs)} searches by gradients, {options.workers} at once, into {options.out / 'searches'}")
    outcomes = run_all(runs, options.out / "searches", options.workers, options.say)
    logs = [outcome.log.assign(method=run.method, seed=run.seed) for run, outcome in outcomes.ended.items()]
    log = pd.concat(logs, ignore_index=True)
    write_csv(log, options.out / "searches.csv.gz")
    named = [*published(), *found(log)]
    options.say(f"scoring {len(named)} genotypes by {len(proxies)} proxies ({setting.describe()})")
    scores = run(
        space, list(dict.fromkeys(space.parse(item.architecture) for item in named)), proxies, setting=setting,
        store=options.store or options.out / "scores.sqlite", workers=options.workers, progress=True,
    )  # fmt: skip
    write_csv(scores[list(COLUMNS)], options.out / "scores.csv.gz")
    table = table_of(named, scores)
    write_csv(table, options.out / "genotypes.csv")
    places = percentiles(named, scores, scores if others is None else others)
    write_csv(places.reset_index(names="genotype"), options.out / "percentiles.csv")
    among = f"{len(named)} genotypes" if others is None else f"{others['architecture'].nunique()} other genotypes"
    text = markdown(table, places, among) + _failures(outcomes.failed)
    write_text(text, options.out / "table.md")
    _draw(options, log, places, among)
    facts = {
        "seed": options.seed, "workers": options.workers, "quick": options.quick, "among": among,
        "scores": None if options.scores is None else options.scores.name,
        "searches": searches_record(runs, used, outcomes.failed),
    }  # fmt: skip
    write_text(record({"scores": setting}, open_table(TABLE), **facts), options.out / "study.json")
    options.say("\n" + text)
    options.say(f"In {options.out}: table.md, genotypes.csv, scores.csv.gz, percentiles.*, searches.csv.gz, curves.*")


def runs_of(options: StudyOptions) -> list[Run]:
    """The searches, one seed each or as many as are asked for."""
    changes = QUICK_CHANGES if options.quick else {}
    return [
        Run(
            method, setting_of(method, SPACE, **_fitting(method, changes)), data_of(method, options.data),
            options.seed + place, SPACE,
        )
        for method in SEARCHES
        for place in range(options.runs or 1)
    ]  # fmt: skip


def _others(options: StudyOptions, proxies: Sequence[str], setting: Setting) -> pd.DataFrame:
    """Scores of other genotypes, as `architecture`, `proxy`, `score`; what their setting is, is said.

    Raises:
        ScoresError: they are of another space, malformed, none, by none of the proxies, or made in another setting.
    """
    path = Path(options.scores or "")
    given, origin = read_given(path, SPACE, proxies)
    frame = matched_scores(given.frame, open_space(SPACE)).scores
    frame = frame[frame["score"].notna()]
    if frame.empty:
        raise ScoresError(
            f"--scores {path} must hold scores of {SPACE} by some of {', '.join(proxies)}: all are missing"
        )
    beside = setting_beside(
        path, given.setting, setting,
        "and a percentile among scores of another setting says nothing. `nasinit score --space darts --sample 200` "
        "makes some in the study's setting",
    )  # fmt: skip
    options.say(f"scores of other genotypes: {origin}{beside}")
    return frame


def _failures(failed: Mapping[Run, Failure]) -> str:
    """Lines below the table on searches that have no genotype."""
    return "".join(f"\nNo genotype of {run.title}: {failure.brief}.\n" for run, failure in failed.items())


def _fitting(method: str, changes: Mapping[str, int]) -> dict[str, int]:
    """The changes as far as the method's setting takes them: partial channels must divide the width."""
    preset = find_method(method).setting(SPACE, "laptop")
    return {name: value for name, value in changes.items() if name != "width" or len(preset.partial) == 1}


def _draw(options: StudyOptions, log: pd.DataFrame, places: pd.DataFrame, among: str) -> None:
    if places.notna().any(axis=None):
        figure = heat_map(places, f"Percentile among {among}", low=0, high=100)
        save_pictures(figure, options.out / "percentiles")
    curves = [
        (str(method), part.reset_index(drop=True)) for (method, _), part in log.groupby(["method", "seed"], sort=False)
    ]
    figure = search_curves(curves)
    save_pictures(figure, options.out / "curves")


STUDY = run_darts_genotypes
