"""Study: the wiring evolution of Xie et al. (2021), and the costs that decide it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.evaluation.columns import SPACE, TESTS
from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.report.tables.sheet import Sheet
    from harness.studies.searches.runs import Run
    from harness.studies.searches.wiring.claims import Frames

COSTS_FILE, SEARCHES_FILE = "costs.csv.gz", "searches.csv.gz"
_COLUMN = TESTS["cifar10"]


def run_wiring_evolution(options: StudyOptions) -> None:
    """Search with recorded costs, and write statements, tables and figures into `out`; interrupted, it goes on.

    Raises:
        SettingError: a folder that cannot be written in.
        RunError: every search failed.
        TableError: a table that is not available.
        SearchError: a table of another space.
    """
    from harness.report.files import write_csv, write_text
    from harness.report.tables.claims import claims_text
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.record import record
    from harness.studies.searches.finished import searched
    from harness.studies.searches.opened import opened_table
    from harness.studies.searches.wiring.claims import study_claims
    from harness.studies.searches.wiring.runs import runs_of
    from harness.writing import make_folder

    table = opened_table(options.table)
    make_folder(options.out, "--out")
    runs = runs_of(options)
    outcomes = searched(list(runs), options)
    notes = [f"{run.title} failed: {failure.brief}" for run, failure in outcomes.failed.items()]
    if len(outcomes.ended) < len(runs):
        notes.append(
            f"{len(outcomes.ended)} of {len(runs)} searches are finished; the others are not in these numbers."
        )
    frames = _frames(outcomes.ended, runs, table)
    if outcomes.ended:
        write_csv(frames.searches, options.out / SEARCHES_FILE)
        write_csv(frames.costs, options.out / COSTS_FILE)
    claims = study_claims(frames)
    sheets = write_readings(frames, claims, options)
    texts = [sheet_markdown(sheet) for sheet in sheets]
    write_text("\n\n".join([*texts, *notes]) + "\n", options.out / "tables.md")
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "remarks": notes,
        "searches": {
            arm: {"method": run.method, "space": run.space, "record_costs": run.record_costs, **asdict(run.setting)}
            for run, arm in runs.items()
        },
        "seconds_of_processor": float(frames.searches["cpu_seconds"].sum()),
    }  # fmt: skip
    write_text(record({}, table, data=options.data, **facts), options.out / "study.json")
    options.say("\n\n".join(["", claims_text(claims), *(sheet_text(sheet) for sheet in sheets[1:]), *notes]))
    files = sorted(path.name for path in options.out.iterdir() if path.is_file())
    options.say(f"\nIn {options.out}: {', '.join(files)}")


def _frames(ended: Any, runs: dict[Run, str], table: Any) -> Frames:
    """Logs and costs of the searches; the tabulated accuracy joins those on NAS-Bench-201 afterwards."""
    import pandas as pd

    from harness.studies.searches.pool import with_record
    from harness.studies.searches.wiring.claims import Frames
    from harness.studies.searches.wiring.readings import costs_frame, searches_frame

    if not ended:
        return Frames(pd.DataFrame(columns=["arm", "seed", "cpu_seconds"]), pd.DataFrame(columns=["arm", "seed"]))
    searches = searches_frame(ended, runs)
    tabled = searches["space"] == SPACE
    if tabled.any() and _COLUMN in {column.name for column in table.columns}:
        searches = pd.concat([searches[~tabled], with_record(searches[tabled], table, [_COLUMN])], ignore_index=True)
    return Frames(searches, costs_frame(ended, runs))


def write_readings(frames: Frames, claims: pd.DataFrame, options: StudyOptions) -> list[Sheet]:
    """Write `claims.csv` and the figures of what the searches recorded; gives the tables."""
    from harness.report.files import save_pictures, write_csv
    from harness.report.tables.claims import claims_sheet
    from harness.report.tables.wiring import choices_sheet, collapse_sheet
    from harness.studies.searches.wiring.claims import collapse_table
    from harness.studies.searches.wiring.figures import study_figures
    from harness.studies.searches.wiring.runs import ARMS, BILEVEL, GROWTH, TABLED

    write_csv(claims, options.out / "claims.csv")
    sheets = [claims_sheet(claims)]
    if frames.searches["arm"].isin((GROWTH, BILEVEL)).any():
        sheets.append(choices_sheet(_choices(frames)))
    if frames.searches["arm"].isin(TABLED).any():
        sheets.append(collapse_sheet(collapse_table(frames), {name: arm.words for name, arm in ARMS.items()}))
    for name, figure in study_figures(frames):
        save_pictures(figure, options.out / name)
    return sheets


def _choices(frames: Frames) -> pd.DataFrame:
    """What the searches on minimal cells chose, without those whose α never moves."""
    from harness.studies.searches.wiring.runs import ARMS, BILEVEL, GROWTH

    own = frames.searches[frames.searches["arm"].isin((GROWTH, BILEVEL))]
    last = own.groupby(["arm", "seed"], sort=False).last().reset_index()
    found = last.assign(search=[ARMS[name].words for name in last["arm"]])
    edges = [sum(not term.startswith("none~") for term in _terms(text)) for text in last["architecture"]]
    return found.assign(edges=edges)[["search", "seed", "edges", "architecture"]]


def _terms(text: str) -> list[str]:
    return [term for term in text.split() if term != "|"]


STUDY = SingleStudy(
    "which edges a search grows, and the cost that decides it: DSNAS, DARTS and uniform Z on minimal cells (Xie et al. "
    "2021), and the skip connections of DARTS on NAS-Bench-201",
    frozenset({"quick", "runs", "seed", "workers", "scheduler", "data", "finished", "table"}),
    run_wiring_evolution,
)
