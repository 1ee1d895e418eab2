"""Study: AGNN on NAS-Bench-Graph, and what guidance and conservative exploration add to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.studies.kinds import SingleStudy
from harness.studies.options import StudyOptions

if TYPE_CHECKING:
    import pandas as pd

    from harness.studies.searches.claims import Claimed

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
    """Run AGNN, its ablations and what it is held against, and write the results into `out`.

    Raises:
        SettingError: a folder that cannot be made or written in.
        TableError: the package of the tables is not installed.
    """
    from harness.studies.searches.graph_queries.runs import VALID, Sizes
    from harness.studies.searches.graph_queries.study import made

    sizes = Sizes((10, 20), 3, ("cora", "arxiv")) if options.quick else Sizes((100, 500), 20)
    made(options, (AGNN, *OTHERS), (VALID,), sizes, agnn_claims, "agnn")


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
    "AGNN on NAS-Bench-Graph beside random search, evolution and a recurrent controller, and its ablations",
    frozenset({"quick", "runs", "seed"}),
    run_agnn,
)
