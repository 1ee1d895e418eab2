"""Study: AGNN on NAS-Bench-Graph, what its parts add to it, and AGNN on its own space, where networks are trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.studies.searches.claims import Claimed
    from harness.studies.searches.graph_queries.study import Beside

AGNN = "agnn"
OTHERS = {
    "random_search": "random search",
    "regularised_evolution": "evolution",
    "graphnas": "a recurrent controller that draws everything anew",
    "agnn_raw_entropy": "guidance by the raw entropy",
    "agnn_random_class": "a random class",
    "agnn_all_classes": "all classes at once, from the same controllers",
}
"""What AGNN is held against, and its ablations, in words."""


def run_agnn(options: StudyOptions) -> None:
    """Train networks of AGNN's space, run the searches on tables, and write the results into `out`.

    The trainings come first and go on from `out/trained`; the searches on tables take two minutes.

    Raises:
        SettingError: a graph that is not here, or a folder that cannot be made or written in.
        TableError: the package of the tables is not installed.
        InstallationError: without the extra graphs.
    """
    from harness.evaluation import open_table
    from harness.spaces.nasbench_graph.network import check_torch_geometric
    from harness.studies.searches.graph_queries.runs import SPACE, VALID, Sizes
    from harness.studies.searches.graph_queries.study import made
    from harness.writing import make_folder

    sizes = Sizes((10, 20), 3, ("cora", "arxiv")) if options.quick else Sizes((100, 500), 20)
    check_torch_geometric()
    open_table(f"{SPACE}-cora")  # what is missing is said before anything runs
    make_folder(options.out, "--out")
    made(options, (AGNN, *OTHERS), (VALID,), sizes, agnn_claims, "agnn", _trained(options))


def _trained(options: StudyOptions) -> Beside:
    """The part with networks that are trained, of which frames and a figure are written."""
    from harness.report.figures.agnn import trained_figure
    from harness.report.files import save_pictures, write_csv
    from harness.report.tables.agnn import trained_sheet
    from harness.scoring.engine import threads_of_torch
    from harness.studies.searches.agnn.trained import QUICK, USUAL, read_graphs, run_trained
    from harness.studies.searches.agnn.trained_claims import runs_frame, trained_claims, trained_frame
    from harness.studies.searches.graph_queries.study import Beside

    sizes = QUICK if options.quick else USUAL
    if options.runs is not None:
        sizes = sizes._replace(runs=options.runs)
    if options.sample is not None:
        sizes = sizes._replace(search=replace(sizes.search, queries=options.sample))
    graphs = read_graphs(sizes, options.data)
    with threads_of_torch(1):
        queries, finals = run_trained(graphs, sizes, options.seed, options.out, options.say, progress=options.progress)
    frame = trained_frame(queries, finals)
    write_csv(queries, options.out / "queries.csv.gz")
    write_csv(finals, options.out / "finals.csv")
    write_csv(frame, options.out / "trained.csv")
    save_pictures(trained_figure(queries, runs_frame(queries, finals)), options.out / "trained")
    options.say(f"In {options.out}: queries.csv.gz, finals.csv, trained.csv, a figure, and the folder trained")
    return Beside([*trained_claims(queries, finals)], [trained_sheet(frame)], {"trained": sizes.told()})


def agnn_claims(runs: pd.DataFrame) -> Iterator[Claimed]:
    """Whether AGNN's architectures are better than those of each other search, by validation and by test accuracy.

    Args:
        runs: from `harness.studies.searches.graph_queries.runs.runs_frame`.
    """
    from harness.studies.searches.claims import NOT_TESTABLE, Claimed
    from harness.studies.searches.graph_queries.claims import compared
    from harness.studies.searches.graph_queries.runs import Arm

    for budget in sorted(set(runs["queries"])):
        for name, words in OTHERS.items():
            for quantity, split in (("valid_regret", "validation"), ("test_regret", "test")):
                yield compared(
                    runs,
                    f"lower {split} regret than {words}: {budget:,} queries",
                    (Arm(AGNN, budget), Arm(name, budget)),
                    quantity,
                    higher=False,
                )
    yield Claimed(
        "micro-F1 on PPI with parameter sharing",
        "0.991 ± 0.001, LGCN 0.772 ± 0.002, GraphSAGE 0.612, as a public leaderboard quotes them",
        "the data set is not here, and the tables have no shared weights", NOT_TESTABLE,
    )  # fmt: skip


STUDY = SingleStudy(
    "AGNN on NAS-Bench-Graph and on its own space, trained, beside random search and a recurrent controller; ablations",
    frozenset({"quick", "runs", "sample", "seed", "data"}),
    run_agnn,
    source="graphs",
)
