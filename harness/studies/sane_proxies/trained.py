"""The trainings of the genotypes, each kept as soon as it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import DivergedError
from harness.scoring.engine import threads_of_torch
from harness.studies.sane_proxies.protocol import Protocol, genotypes_of, opened, trainings_of
from harness.studies.searches.sane.graphs import builder
from harness.studies.searches.sane.kept import COLUMNS, FILE, Trainings

if TYPE_CHECKING:
    import pandas as pd

    from harness.spaces.node_split import NodeSplit
    from harness.studies.options import StudyOptions


def trained(graph: NodeSplit, protocol: Protocol, options: StudyOptions) -> pd.DataFrame:
    """The trainings of a graph that are over, in the order in which they are made; the others are made before.

    With `finished` none is made. A training whose loss is not finite is left out, and a line says so.

    Args:
        graph: the graph.
        protocol: the size of the study.
        options: options of the study.
    """
    import pandas as pd

    path = options.out / FILE
    trainings = Trainings(path, graph, builder(opened(), graph), options.say, options.finished)
    wanted = list(trainings_of(genotypes_of(protocol.genotypes, options.seed), protocol.share, options.seed))
    rows = []
    with threads_of_torch(1):
        for text, seed in wanted:
            try:
                found = trainings.of(text, protocol.training, seed)
            except DivergedError as error:
                options.say(f"{graph.name}: {text}, seed {seed} is left out: {error}")
                continue
            if found is not None:
                rows.append((graph.name, text, protocol.training.json(), seed, *found))
    return pd.DataFrame(rows, columns=list(COLUMNS))
