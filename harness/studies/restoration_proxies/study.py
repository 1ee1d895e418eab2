"""Study: two small benchmarks of restoring networks, made here, and how training-free proxies rank them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from harness.evaluation import Table
    from harness.evaluation.comparison import Comparison

_RESAMPLES, _QUICK_RESAMPLES = 1000, 100
_SAME = "Validation PSNR is of the same trainings. Another training ranks only the networks that were trained twice."


def run_restoration_proxies(options: StudyOptions) -> None:
    """Train random architectures of both spaces, score them, and write tables, frames and a figure into `out`.

    Trainings go on from their folders in `out/TABLE/trainings`; with `finished`, what is over is taken and nothing is
    trained. Scores in the store are not computed again.

    Raises:
        SettingError: too few architectures, missing images or packages, or a folder that cannot be written in.
        CheckpointError: a folder that holds another training.
    """
    import pandas as pd

    from harness.evaluation import open_table
    from harness.report.files import write_csv, write_text
    from harness.scoring.files import COLUMNS
    from harness.studies.record import record
    from harness.studies.restoration_proxies.protocols import PROTOCOLS
    from harness.studies.restoration_proxies.scored import refused, scored, scoring_setting
    from harness.studies.restoration_proxies.tables import write_table
    from harness.studies.restoration_proxies.trained import trained_frame
    from harness.writing import make_folder

    count = _count(options)
    make_folder(options.out, "--out")
    trainings = trained_frame(count, options)
    write_csv(trainings, options.out / "trainings.csv")
    paths = {each.table: write_table(each, _own(trainings, each.table), options) for each in PROTOCOLS}
    tables = {name: open_table(path) for name, path in paths.items()}
    scores = {each.table: scored(each, tables[each.table].keys, options) for each in PROTOCOLS}
    for name, frame in scores.items():
        write_csv(frame.reindex(columns=list(COLUMNS)), options.out / f"scores_{name}.csv.gz")
    reasons = pd.concat([refused(frame, name) for name, frame in scores.items()], ignore_index=True)
    _write(options, *_found(options, tables, scores), reasons)
    first = trainings.drop_duplicates(["table", "architecture", "seed"])
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick,
        "networks": {name: len(table) for name, table in tables.items()},
        "trainings": {str(name): len(part) for name, part in first.groupby("table", sort=False)},
        "tables": {name: {"file": paths[name].name, "sha256": table.facts.sha256} for name, table in tables.items()},
        "cpu_minutes": round(float(first["cpu_seconds"].sum()) / 60, 1),
    }  # fmt: skip
    settings = {each.table: scoring_setting(each, options) for each in PROTOCOLS}
    write_text(record(settings, None, **facts), options.out / "study.json")
    files = ", ".join(path.name for path in paths.values())
    options.say(f"\nIn {options.out}: {files}, tables.md, trainings.csv and other frames, restoration_proxies.png")


def _count(options: StudyOptions) -> int:
    """Number of architectures of each benchmark."""
    from harness.studies.restoration_proxies.protocols import QUICK, USUAL
    from harness.studies.samples import LEAST

    count = QUICK if options.quick else USUAL if options.sample is None else options.sample
    if count < LEAST:
        raise SettingError(f"--sample must be at least {LEAST}, got {count}: fewer networks have no rank correlation")
    return count


def _own(trainings: pd.DataFrame, name: str) -> pd.DataFrame:
    """The trainings of one table, if they suffice."""
    from harness.studies.samples import LEAST

    own = trainings[trainings["table"] == name]
    if own["architecture"].nunique() < LEAST:
        raise SettingError(f"fewer than {LEAST} networks of {name} are trained: give no --finished, and they are")
    return own


def _found(
    options: StudyOptions, tables: Mapping[str, Table], scores: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], dict[str, Comparison], dict[str, str]]:
    """The frames of the study, the comparisons with the number of parameters, and what each table is ranked by."""
    import pandas as pd

    from harness.studies.restoration_proxies import results
    from harness.studies.restoration_proxies.resampled import above_every_proxy, between_spaces
    from harness.studies.searches.claims import claims_frame

    resamples = _QUICK_RESAMPLES if options.quick else _RESAMPLES
    columns = {name: results.main_column(table) for name, table in tables.items()}
    rankings = {name: results.rankings_of(scores[name], table, resamples=resamples) for name, table in tables.items()}
    comparisons = {
        name: results.against_params(each[columns[name]], resamples=resamples) for name, each in rankings.items()
    }
    known = pd.concat([results.known_values(table, resamples=resamples) for table in tables.values()])
    own = pd.concat([results.coefficients(each, name) for name, each in rankings.items()])
    both = results.agreement(own, columns)
    again = {
        name: above_every_proxy(scores[name], table, columns[name], results.BASELINES, resamples=resamples)
        for name, table in tables.items()
    }
    between = between_spaces(scores, tables, columns, results.BASELINES, resamples=resamples)
    claims = results.study_claims(comparisons, again, between)
    frames = {
        "coefficients": pd.concat([own, known], ignore_index=True), "agreement": both, "claims": claims_frame(claims),
        **{f"against_params_{name}": one.frame for name, one in comparisons.items()},
    }  # fmt: skip
    return frames, comparisons, columns


def _write(
    options: StudyOptions,
    frames: Mapping[str, pd.DataFrame],
    comparisons: Mapping[str, Comparison],
    columns: Mapping[str, str],
    reasons: pd.DataFrame,
) -> None:
    from harness.report.figures.heat_map import heat_map
    from harness.report.files import save_pictures, write_csv, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.matrix import numbers_sheet
    from harness.report.tables.restoration_proxies import proxies_sheet, psnr_matrix, refused_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.restoration_proxies.results import AGAIN, BASELINES, VALIDATION

    for name, frame in {**frames, "refused": reasons}.items():
        write_csv(frame, options.out / f"{name}.csv")
    every = frames["coefficients"]
    matrix = psnr_matrix(every, [*BASELINES, VALIDATION, AGAIN])
    save_pictures(heat_map(matrix), options.out / "restoration_proxies")
    sheets = []
    for name, column in columns.items():
        own = every[(every["table"] == name) & (every["column"] == column)]
        verdicts = comparisons[name].frame.set_index("proxy")["verdict"]
        shown = own.assign(against_params=own["proxy"].map(verdicts).fillna(""))
        shown = shown.sort_values("spearman", ascending=False, kind="stable")
        sheets.append(proxies_sheet(shown, f"{column.removesuffix('_db')}, {name}", [_SAME]))
    sheets += [numbers_sheet(matrix), refused_sheet(reasons)]
    claimed = frames["claims"]
    write_text("\n\n".join(map(sheet_markdown, [claims_sheet(claimed), *sheets])) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(claimed), *map(sheet_text, sheets[: len(columns)])]))


STUDY = SingleStudy(
    "two small benchmarks of restoring networks, made here, and how training-free proxies rank them",
    frozenset({"sample", "quick", "seed", "workers", "store", "data", "finished"}),
    run_restoration_proxies,
    source="restoration",
)
