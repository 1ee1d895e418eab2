"""Study: every proxy on published DARTS genotypes and on those that our searches find, among random genotypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import ScoresError
from harness.proxies.registry import resolve
from harness.scoring.cluster.connection import connected
from harness.scoring.files import COLUMNS
from harness.scoring.runner import run
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import completed, described
from harness.studies.kinds import SEARCHED, SingleStudy
from harness.studies.options import StudyOptions
from harness.studies.record import record
from harness.studies.samples import read_given, setting_difference
from harness.studies.searches.runs import PRESET, Failure, Run
from harness.writing import make_folder

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SPACE = "darts"
EVALUATION = {"width": 36, "depth": 20}
"""Size of the CIFAR-10 network whose parameters the papers print."""
_MILLION = 1e6
TABLE = "darts-published"
SEARCHES = ("nasi", "nasi-ada", "darts", "beta-darts", "drnas-progressive")
QUICK_CHANGES = {"epochs": 4, "width": 4, "depth": 3, "steps_per_epoch": 4}
QUICK_PROXIES = "nasi_trace,grad_norm,synflow,nwot,params"


class NamedGenotype(NamedTuple):
    """A genotype and its name; the error is the published CIFAR-10 test error in per cent."""

    name: str
    kind: str
    architecture: str
    error: float = float("nan")
    error_std: float = float("nan")


def run_darts_genotypes(options: StudyOptions) -> None:
    """Search genotypes, score them and the published ones, and write table, scores, logs and figures into `out`.

    Searches take the laptop preset and one seed, or `runs` seeds; interrupted ones go on from their checkpoints in
    `out/searches`. With `scores` of other genotypes in the same setting, each score is also given as its percentile
    among these. A search that fails has no genotype; a line below the table says so.

    Raises:
        SettingError: before anything is run: no CIFAR-10 in `data`, no run, or a folder that cannot be written in.
        ScoresError: before anything is run: scores of another space, or of a store in another setting.
        SearchError: a checkpoint of another search.
        RunError: all searches fail, or a worker died.
    """
    import pandas as pd

    from harness.evaluation import open_table
    from harness.report.files import write_csv, write_text
    from harness.report.tables.genotypes import genotypes_sheet, percentiles_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.spaces.image_batches import read_cifar10
    from harness.studies.searches.pool import of_shard, say_data, say_searches_of_shard, search_all
    from harness.studies.searches.record import by_method, searches_record

    if options.data is not None:
        read_cifar10(options.data)
    proxies = [entry.name for entry in resolve(QUICK_PROXIES.split(",") if options.quick else "all")]
    space = open_space(SPACE)
    setting = completed(space, Setting(seed=options.seed))
    others = None if options.scores is None else _others(options, proxies, setting)
    runs = of_shard(runs_for_genotypes(options), options)
    used = by_method(runs)
    make_folder(options.out, "--out")
    if options.store is not None:
        make_folder(options.store.parent, "--store")
    say_data(options)
    outcomes = search_all(runs, options)
    if options.shard is not None:
        say_searches_of_shard(options)
        return
    logs = [outcome.log.assign(method=run.method, seed=run.seed) for run, outcome in outcomes.ended.items()]
    log = pd.concat(logs, ignore_index=True)
    write_csv(log, options.out / "searches.csv.gz")
    named = [*published_genotypes(), *found_genotypes(log)]
    options.say(f"scoring {len(named)} genotypes by {len(proxies)} proxies ({described(space, setting)})")
    with connected(options.scheduler) as client:
        scores = run(
            space, list(dict.fromkeys(space.parse(item.architecture) for item in named)), proxies, setting=setting,
            store=options.store or options.out / "scores.sqlite", workers=options.workers if client is None else 1,
            client=client, progress=options.progress,
        )  # fmt: skip
    write_csv(scores[list(COLUMNS)], options.out / "scores.csv.gz")
    table = genotypes_frame(named, scores)
    write_csv(table, options.out / "genotypes.csv")
    places = percentiles(named, scores, scores if others is None else others)
    write_csv(places.reset_index(names="genotype"), options.out / "percentiles.csv")
    among = f"{len(named)} genotypes" if others is None else f"{others['architecture'].nunique()} other genotypes"
    sheets = (genotypes_sheet(table), percentiles_sheet(places, among))
    failures = _failures(outcomes.failed)
    write_text("\n\n".join(map(sheet_markdown, sheets)) + f"\n{failures}", options.out / "table.md")
    _draw(options, log, places, among)
    facts = {
        "seed": options.seed, "workers": options.workers, "quick": options.quick, "among": among,
        "scores": None if options.scores is None else options.scores.name,
        "searches": searches_record(runs, used, outcomes.failed),
    }  # fmt: skip
    write_text(record({"scores": setting}, open_table(TABLE), data=options.data, **facts), options.out / "study.json")
    options.say("\n" + "\n\n".join(map(sheet_text, sheets)) + f"\n{failures}")
    options.say(f"In {options.out}: table.md, genotypes.csv, scores.csv.gz, percentiles.*, searches.csv.gz, curves.*")


def runs_for_genotypes(options: StudyOptions) -> list[Run]:
    """The searches of the study, with one seed each or `runs` seeds."""
    from harness.studies.searches.pool import data_of, setting_of

    changes = QUICK_CHANGES if options.quick else {}
    return [
        Run(
            method, setting_of(method, SPACE, PRESET, **_fitting(method, changes)), data_of(method, options.data),
            options.seed + place, SPACE,
        )
        for method in SEARCHES
        for place in range(options.runs or 1)
    ]  # fmt: skip


def published_genotypes() -> list[NamedGenotype]:
    """The genotypes that papers found."""
    from harness.evaluation import PUBLISHED_GENOTYPES

    return [
        NamedGenotype(entry.name, "published", entry.key(), entry.cifar10_error, entry.cifar10_error_std)
        for entry in PUBLISHED_GENOTYPES
    ]


def found_genotypes(log: pd.DataFrame) -> list[NamedGenotype]:
    """The final genotype of each search, from a log with the columns `method` and `seed`."""
    last = log.groupby(["method", "seed"], sort=False).tail(1)
    return [
        NamedGenotype(f"{row['method']}, seed {row['seed']}", "found here", str(row["architecture"]))
        for row in last.to_dict("records")
    ]


def genotypes_frame(named: Sequence[NamedGenotype], scores: pd.DataFrame) -> pd.DataFrame:
    """A row for each genotype: name, kind, parameters of the papers' network, published error, text, and scores."""
    import pandas as pd

    space = open_space(SPACE)
    values = _wide(scores).to_dict("index")
    rows = []
    for item in named:
        genotype = space.parse(item.architecture)
        rows.append(
            {
                "genotype": item.name,
                "kind": item.kind,
                "params_m": space.sizes(genotype, EVALUATION).parameters / _MILLION,
                "skip_connections": item.architecture.count("skip_connect"),
                "published_error_pct": item.error,
                "published_error_std_pct": item.error_std,
                "architecture": str(genotype),
                **{str(proxy): score for proxy, score in values[space.key(genotype)].items()},
            }
        )
    return pd.DataFrame(rows)


def percentiles(named: Sequence[NamedGenotype], scores: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Percentile of each score: the share in per cent of the others that score less, ties counted by half.

    Args:
        named: the genotypes, one for each row.
        scores: scores of these genotypes.
        others: scores of the genotypes to compare with; only proxies with scores here become columns.
    """
    import pandas as pd

    space = open_space(SPACE)
    ours, theirs = _wide(scores), _wide(others)
    shared = [name for name in ours.columns if name in theirs.columns and theirs[name].notna().any()]
    values = ours.to_dict("index")
    rows = {}
    for item in named:
        own = values[space.key(space.parse(item.architecture))]
        rows[item.name] = {name: _percentile(own[name], theirs[name].dropna().to_numpy()) for name in shared}
    return pd.DataFrame.from_dict(rows, orient="index", columns=shared)


def _others(options: StudyOptions, proxies: Sequence[str], setting: Setting) -> pd.DataFrame:
    """Read the scores of other genotypes (`architecture`, `proxy`, `score`), and print their origin and setting.

    Raises:
        ScoresError: malformed scores, no scores by the proxies, or scores of another space or setting.
    """
    from harness.evaluation.matching import matched_scores

    path = Path(options.scores or "")
    given, origin = read_given(path, SPACE, proxies)
    frame = matched_scores(given.frame, open_space(SPACE)).scores
    frame = frame[frame["score"].notna()]
    if frame.empty:
        raise ScoresError(
            f"--scores {path} must hold scores of {SPACE} by some of {', '.join(proxies)}: all are missing"
        )
    difference = setting_difference(
        path, given.setting, setting,
        "and a percentile among scores of another setting says nothing. `nasinit score --space darts --sample 200` "
        "makes some in the study's setting",
    )  # fmt: skip
    options.say(f"scores of other genotypes: {origin}{difference}")
    return frame


def _failures(failed: Mapping[Run, Failure]) -> str:
    """Lines below the table on searches without a genotype."""
    return "".join(f"\nNo genotype of {run.title}: {failure.brief}.\n" for run, failure in failed.items())


def _fitting(method: str, changes: Mapping[str, int]) -> dict[str, int]:
    """The changes that the method's setting allows: partial channels must divide the width."""
    from harness.search import find_method

    preset = find_method(method).setting(SPACE, "laptop")
    return {name: value for name, value in changes.items() if name != "width" or len(preset.partial) == 1}


def _draw(options: StudyOptions, log: pd.DataFrame, places: pd.DataFrame, among: str) -> None:
    from harness.evaluation.matrix import Matrix
    from harness.report.figures.heat_map import heat_map
    from harness.report.figures.search_curves import search_curves
    from harness.report.files import save_pictures
    from harness.studies.searches.files import curves_of

    if places.notna().any(axis=None):
        matrix = Matrix(places, f"Percentile among {among}", low=0, high=100)
        save_pictures(heat_map(matrix), options.out / "percentiles")
    save_pictures(search_curves(curves_of(log)), options.out / "curves")


def _wide(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores with a row for each genotype's key and a column for each proxy; NaN where there is none."""
    space = open_space(SPACE)
    keys = {text: space.key(space.parse(text)) for text in scores["architecture"].unique()}
    frame = scores.assign(key=scores["architecture"].map(keys)).drop_duplicates(["key", "proxy"])
    wide: pd.DataFrame = frame.pivot(index="key", columns="proxy", values="score")
    return wide[[name for name in dict.fromkeys(scores["proxy"]) if name in wide.columns]]


def _percentile(value: float, others: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    import numpy as np

    if np.isnan(value):
        return float("nan")
    return 100 * float(np.mean(others < value) + np.mean(others == value) / 2)


STUDY = SingleStudy(
    "published DARTS genotypes and those found here, by every proxy", SEARCHED | {"store"}, run_darts_genotypes
)
