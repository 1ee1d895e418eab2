"""Study: searches that query NAS-Bench-Graph, by validation accuracy, and by test accuracy as public scripts do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.report.tables.sheet import Sheet
    from harness.studies.searches.claims import Claimed
    from harness.studies.searches.graph_queries.runs import Sizes


class Beside(NamedTuple):
    """What a study has beside its searches on tables.

    Attributes:
        claims: claims, which stand behind those of the searches.
        sheets: tables, which stand behind those of the searches.
        facts: further facts of the record.
    """

    claims: Sequence[Claimed] = ()
    sheets: Sequence[Sheet] = ()
    facts: Mapping[str, Any] = {}


def run_graph_queries(options: StudyOptions) -> None:
    """Run the searches, and write runs, means, claims, tables and a figure into `out`.

    Raises:
        SettingError: a folder that cannot be made or written in.
        TableError: the package of the tables is not installed.
    """
    from harness.studies.searches.graph_queries.claims import SEARCHES, query_claims
    from harness.studies.searches.graph_queries.runs import TEST, VALID, Sizes

    sizes = Sizes((10, 20, 40), 4, ("cora", "arxiv")) if options.quick else Sizes((100, 500, 1000), 20)
    made(options, SEARCHES, (VALID, TEST), sizes, query_claims, "graph_queries")


def made(
    options: StudyOptions,
    searches: Sequence[str],
    asked: Sequence[str],
    sizes: Sizes,
    claims: Callable[[pd.DataFrame], Iterable[Claimed]],
    stem: str,
    beside: Beside | None = None,
) -> None:
    """Run searches on the tables and write what they found.

    Args:
        options: options of the study.
        searches: names of the searches.
        asked: splits whose accuracy is queried.
        sizes: sizes of the study.
        claims: function that makes the claims of the runs.
        stem: name of the figure.
        beside: what the study has beside its searches on tables; None for nothing.
    """
    from harness.report.figures.graph_queries import queries_figure
    from harness.report.files import save_pictures, write_csv, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.graph_queries import queries_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.graph_queries.runs import QUANTITIES, VALID, runs_frame, summary_frame
    from harness.writing import make_folder

    beside = beside or Beside()
    make_folder(options.out, "--out")
    if options.runs:
        sizes = sizes._replace(runs=options.runs)
    runs = runs_frame(searches, asked, sizes, options.seed, options.say)
    summary, claimed = summary_frame(runs), claims_frame([*claims(runs), *beside.claims])
    for name, frame in {"runs": runs, "searches": summary, "claims": claimed}.items():
        write_csv(frame, options.out / (f"{name}.csv.gz" if name == "runs" else f"{name}.csv"))
    sheets = [queries_sheet(summary, quantity, split) for split in asked for quantity in QUANTITIES]
    text = "\n\n".join(map(sheet_markdown, [claims_sheet(claimed), *sheets, *beside.sheets]))
    write_text(f"{text}\n", options.out / "tables.md")
    save_pictures(queries_figure(summary), options.out / stem)
    facts: dict[str, Any] = {"seed": options.seed, "quick": options.quick, "sizes": sizes._asdict(), **beside.facts}
    write_text(record({}, None, searches=list(searches), asked=list(asked), **facts), options.out / "study.json")
    shown = [queries_sheet(summary, "test_regret", VALID), *beside.sheets]
    options.say("\n" + "\n\n".join([claims_text(claimed), *map(sheet_text, shown)]))
    options.say(f"\nIn {options.out}: runs.csv.gz, searches.csv, claims.csv, tables.md, a figure, study.json")


STUDY = SingleStudy(
    "searches that query NAS-Bench-Graph: regret by validation accuracy, and what choosing by test would claim",
    frozenset({"quick", "runs", "seed"}),
    run_graph_queries,
)
