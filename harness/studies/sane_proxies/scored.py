"""Scores of the genotypes by every proxy, closed forms beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.evaluation import data_folder
from harness.scoring.runner import run
from harness.scoring.scorer import OK
from harness.spaces.sane.encoding import SaneArchitecture
from harness.studies.samples import store_of
from harness.studies.sane_proxies.protocol import Protocol, opened, scoring_setting

if TYPE_CHECKING:
    import pandas as pd

    from harness.spaces.node_split import NodeSplit
    from harness.studies.options import StudyOptions

LAYERS_READ = "layers_read"
CLOSED_FORMS: Mapping[str, Callable[[SaneArchitecture], int]] = {
    "depth": lambda architecture: architecture.depth,
    LAYERS_READ: lambda architecture: sum(architecture.read),
}
"""Baselines that need no network: layers up to the last one that is read, and how many of them are read."""
BASELINES = (*CLOSED_FORMS, "params", "flops")
"""What is no proxy, in the order of the tables' last rows."""


def scored(graph: NodeSplit, genotypes: Sequence[str], protocol: Protocol, options: StudyOptions) -> pd.DataFrame:
    """Scores by every proxy, as `harness.run` returns them, and closed forms; what is in the store is not made again.

    Args:
        graph: the graph.
        genotypes: the genotypes.
        protocol: the size of the study.
        options: options of the study.
    """
    options.say(f"scoring {len(genotypes):,} networks on {graph.name} by every proxy")
    frame = run(
        opened(), genotypes, "all", setting=scoring_setting(graph, protocol, options.seed),
        data=options.data or data_folder(), store=store_of(options), workers=options.workers,
        progress=options.progress,
    )  # fmt: skip
    return with_rows(frame, closed_forms(genotypes))


def closed_forms(genotypes: Sequence[str]) -> pd.DataFrame:
    """Rows of `CLOSED_FORMS`, as those of proxies."""
    import pandas as pd

    rows = [
        (text, name, float(form(opened().parse(text))), OK) for name, form in CLOSED_FORMS.items() for text in genotypes
    ]
    return pd.DataFrame(rows, columns=["architecture", "proxy", "score", "status"])


def with_rows(frame: pd.DataFrame, *more: pd.DataFrame) -> pd.DataFrame:
    """Scores with further rows; what the first frame carries is kept."""
    import pandas as pd

    found = pd.concat([frame, *(each for each in more if len(each))], ignore_index=True)
    found.attrs = dict(frame.attrs)
    return found
