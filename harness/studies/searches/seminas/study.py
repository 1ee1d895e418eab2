"""Study: SemiNAS by the number of labels, beside NAO, a forest, evolution and random search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from harness.evaluation import Table
    from harness.studies.searches.seminas.curves import Curve
    from harness.studies.searches.seminas.labels import Sizes

RUNS, DRAWS, KEY_FILE = "runs", "curve_draws", "parts.json"
P = TypeVar("P", bound=tuple[Any, ...])


def run_seminas(options: StudyOptions) -> None:
    """Search with budgets of labels, fit predictors, and write tables and figures into `out`; a stopped study goes on.

    Raises:
        SettingError: a folder that cannot be written in, or that holds runs of another table, seed or size.
        SearchError: a table of another space, or without the accuracies of all cells.
        TableError: a table without the columns.
    """
    from harness.evaluation.predictors import summary_of_draws
    from harness.report.files import write_csv, write_text
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.kept import check_key
    from harness.studies.searches.opened import opened_table
    from harness.studies.searches.seminas.claims import study_claims
    from harness.studies.searches.seminas.curves import CURVE, curves_of, is_here, proxies_alone
    from harness.studies.searches.seminas.labels import FULL, QUICK, USUAL, data_sets, summary_frame
    from harness.writing import make_folder

    table = opened_table(options.table)
    names = data_sets(table)
    make_folder(options.out, "--out")
    sizes = FULL if options.full else QUICK if options.quick else USUAL
    if options.runs:
        sizes = sizes._replace(runs=options.runs, draws=options.runs)
    key = {"seed": options.seed, "sizes": sizes._asdict(), "table": table.facts.sha256}
    check_key(options.out / KEY_FILE, (f"{RUNS}.csv", f"{DRAWS}.csv"), key)
    curves = [curve for curve in curves_of(sizes, names, quick=options.quick) if is_here(curve, options.say)]
    runs = _runs(table, names, sizes, options)
    draws = _draws(table, curves, sizes, options)
    summary = summary_frame(runs)
    means = [
        summary_of_draws(part).assign(curve=curve, column=part["column"].iloc[0])
        for curve, part in draws.groupby("curve", sort=False)
    ]
    frames = {"searches": summary, "curves": _behind(means, CURVE)}
    if not options.quick:
        frames["proxies_alone"] = proxies_alone(table)
    frames["claims"] = claims_frame(study_claims(runs, summary, draws))
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    _show(options, frames, curves)
    facts: dict[str, Any] = {"seed": options.seed, "quick": options.quick, "full": options.full}
    write_text(record({}, table, **facts, sizes=sizes._asdict()), options.out / "study.json")


def _runs(table: Table, names: Sequence[str], sizes: Sizes, options: StudyOptions) -> pd.DataFrame:
    """The runs of all searches: those in the folder, and those that are still to be made."""
    from harness.evaluation.columns import PRINTED
    from harness.studies.searches.seminas.labels import ACCURACY, PART, Part, parts_of, run_part

    def made(part: Part) -> pd.DataFrame:
        found = run_part(table, part, sizes, options.seed)
        mean = found[ACCURACY].mean()
        options.say(f"{PRINTED[part.data_set]}, {part.search}, {part.labels:,} labels: {mean:.2f}")
        return found

    return _kept(options.out / f"{RUNS}.csv", PART, parts_of(sizes, names), made)


def _draws(table: Table, curves: Sequence[Curve], sizes: Sizes, options: StudyOptions) -> pd.DataFrame:
    """The draws of all learning curves: those in the folder, and those that are still to be made."""
    from harness.studies.searches.seminas.curves import CURVE, draws_of

    wanted = {(curve.curve, curve.column): curve for curve in curves}

    def made(key: tuple[str, str]) -> pd.DataFrame:
        options.say(f"predictors on {key[0]}, {key[1]}")
        found = draws_of(wanted[key], table, sizes, options.seed, progress=options.progress)
        return _behind([found.draws.assign(curve=key[0], column=key[1])], CURVE)

    return _kept(options.out / f"{DRAWS}.csv", CURVE, list(wanted), made)


def _behind(frames: Sequence[pd.DataFrame], first: Sequence[str]) -> pd.DataFrame:
    """The frames one behind the other, with these columns first."""
    import pandas as pd

    found = pd.concat(frames, ignore_index=True)
    return found[[*first, *(name for name in found.columns if name not in first)]]


def _kept(path: Path, columns: Sequence[str], parts: Sequence[P], made: Callable[[P], pd.DataFrame]) -> pd.DataFrame:
    """The rows of all parts; each part that the file lacks is made and written behind the others."""
    import pandas as pd

    from harness.report.files import write_csv

    found = pd.read_csv(path, float_precision="round_trip") if path.is_file() else None
    there = set() if found is None else set(found[list(columns)].itertuples(index=False, name=None))
    for part in parts:
        if tuple(part) not in there:
            rows = made(part)
            found = rows if found is None else pd.concat([found, rows], ignore_index=True)
            write_csv(found, path)
    assert found is not None
    return pd.read_csv(path, float_precision="round_trip")


def _show(options: StudyOptions, frames: dict[str, pd.DataFrame], curves: Sequence[Curve]) -> None:
    from harness.report.figures.seminas import seminas_figure
    from harness.report.files import save_pictures, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.seminas import alone_sheet, curves_sheet, labels_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text

    searches, means = frames["searches"], frames["curves"]
    sheets = [
        *(labels_sheet(searches, name) for name in searches["data_set"].unique()),
        *(curves_sheet(means, curve.curve, curve.column) for curve in curves),
        *(alone_sheet(frame) for name, frame in frames.items() if name == "proxies_alone"),
    ]
    save_pictures(seminas_figure(searches, means), options.out / "seminas")
    texts = [claims_sheet(frames["claims"]), *sheets]
    write_text("\n\n".join(map(sheet_markdown, texts)) + "\n", options.out / "tables.md")
    options.say("\n" + "\n\n".join([claims_text(frames["claims"]), *map(sheet_text, sheets)]))
    files = ", ".join(f"{name}.csv" for name in (RUNS, DRAWS, *frames))
    options.say(f"\nIn {options.out}: tables.md, {files}, seminas.png, seminas.svg, study.json")


STUDY = SingleStudy(
    "SemiNAS by the number of labels, beside NAO, a forest on GRAF's features, evolution and random search",
    frozenset({"quick", "full", "runs", "seed", "table"}),
    run_seminas,
)
