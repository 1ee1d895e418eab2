"""Study: SANE's searches beside human designs and random architectures, on its split of Cora and CiteSeer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import SettingError
from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from harness.studies.searches.sane.designs import Sizes
    from harness.studies.searches.sane.searched import Searched
    from harness.studies.searches.sane.summary import Group


def run_sane_table(options: StudyOptions) -> None:
    """Train, search and tune, and write tables and a figure into `out`; a study that is there goes on.

    With `finished`, what is over is taken and nothing is run.

    Raises:
        SettingError: a folder that cannot be written in, a graph that is not here, or nothing that is over.
        InstallationError: without the extra graphs.
    """
    from harness.spaces import open_space
    from harness.spaces.nasbench_graph.network import check_torch_geometric
    from harness.spaces.sane import Sane
    from harness.studies.searches.sane.designs import FULL, QUICK, USUAL
    from harness.studies.searches.sane.graphs import builder, graph_of
    from harness.studies.searches.sane.kept import FILE, Trainings
    from harness.studies.searches.sane.rows import OfGraph
    from harness.studies.searches.sane.searched import supernet_frame
    from harness.writing import make_folder

    check_torch_geometric()
    if options.full and options.quick:
        raise SettingError("--full and --quick: give one of them, not both")
    sizes = FULL if options.full else QUICK if options.quick else USUAL
    if options.runs is not None:
        sizes = sizes._replace(searches=options.runs)
    space = open_space("sane")
    assert isinstance(space, Sane)
    graphs = [
        graph_of(name, options.data, options.seed) for name in sizes.graphs
    ]  # what is missing is said before anything runs
    make_folder(options.out, "--out")
    groups: list[Group] = []
    genotypes: list[dict[str, Any]] = []
    searches: list[Searched] = []
    unfinished = []
    for graph in graphs:
        trainings = Trainings(options.out / FILE, graph, builder(space, graph), options.say, options.finished)
        of_graph = OfGraph(space, trainings, sizes, options)
        groups += of_graph.human()
        of_graph.search()
        groups += of_graph.searched()
        genotypes += of_graph.genotypes
        searches += of_graph.searches
        unfinished += [] if of_graph.over else [graph.name]
    if not groups:
        raise SettingError(f"--finished: no training is over in {options.out}")
    majority = {graph.name: 100 * graph.majority("validation") for graph in graphs}
    _write(options, sizes, groups, genotypes, supernet_frame(searches, majority), unfinished)


def _write(
    options: StudyOptions,
    sizes: Sizes,
    groups: Sequence[Group],
    genotypes: Sequence[Mapping[str, Any]],
    supernets: pd.DataFrame,
    unfinished: Sequence[str],
) -> None:
    from dataclasses import asdict

    import pandas as pd

    from harness.report.figures.sane import sane_figure
    from harness.report.files import save_pictures, write_csv, write_text
    from harness.report.tables.claims import claims_sheet, claims_text
    from harness.report.tables.sane import sane_sheet
    from harness.report.tables.sheet import sheet_markdown
    from harness.report.tables.text import sheet_text
    from harness.studies.record import record
    from harness.studies.searches.claims import claims_frame
    from harness.studies.searches.sane.rows import MEANS
    from harness.studies.searches.sane.searched import settings
    from harness.studies.searches.sane.summary import study_claims, table_frame

    table, means = table_frame(groups), pd.DataFrame(genotypes, columns=list(MEANS))
    frames = {
        "table": table, "genotypes": means, "supernets": supernets,
        "claims": claims_frame(study_claims(table, means, supernets, unfinished)),
    }  # fmt: skip
    for name, frame in frames.items():
        write_csv(frame, options.out / f"{name}.csv")
    sheet = sane_sheet(table)
    write_text(
        "\n\n".join(map(sheet_markdown, (sheet, claims_sheet(frames["claims"])))) + "\n", options.out / "tables.md"
    )
    save_pictures(sane_figure(table, supernets), options.out / "sane")
    facts: dict[str, Any] = {
        "seed": options.seed, "quick": options.quick, "full": options.full, "unfinished": list(unfinished),
    }  # fmt: skip
    told = {**sizes._asdict(), "training": asdict(sizes.training)}
    searches = {name: asdict(setting) for name, setting in settings(sizes).items()}
    write_text(record({}, None, **facts, sizes=told, searches=searches), options.out / "study.json")
    options.say(f"\n{sheet_text(sheet)}\n\n{claims_text(frames['claims'])}")
    files = ", ".join(f"{name}.csv" for name in ("trainings", *frames))
    options.say(f"\nIn {options.out}: tables.md, {files}, sane.png, sane.svg, study.json, and searches/")


STUDY = SingleStudy(
    "SANE's searches beside human designs and random architectures, trained and tuned, on Cora and CiteSeer",
    frozenset({"quick", "full", "runs", "seed", "data", "finished"}),
    run_sane_table,
    source="graphs",
)
