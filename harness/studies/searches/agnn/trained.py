"""The part of AGNN's study with networks that are trained: searches of its space, and what they found, trained anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from harness.evaluation import data_folder
from harness.progress import progress_bar
from harness.spaces.agnn.encoding import parse, representative
from harness.spaces.sane.splits import PUBLIC, random_split, read_split
from harness.studies.searches.sane.kept import Trainings
from harness.training.node_search import best_of, search_nodes
from harness.training.node_trainer import NodeSearchSetting, Trained
from harness.training.nodes import NodeSteps

if TYPE_CHECKING:
    from torch import nn

    from harness.spaces.node_split import NodeSplit

SHARED, RANDOM_CLASS, PLAIN = "agnn_shared", "agnn_random_class", "gcn"
ARMS = {
    "agnn": ("agnn", False),
    SHARED: ("agnn", True),
    RANDOM_CLASS: (RANDOM_CLASS, False),
    "random_search": ("random_search", False),
    "graphnas": ("graphnas", False),
}
"""Search of each arm, and whether its networks inherit weights."""
FOLDER = "trained"
NOISE = "noise"
_FIRST = 1000
"""First seed of the trainings of what was found, under which nothing was chosen."""


class TrainedSizes(NamedTuple):
    """Sizes of the part.

    Attributes:
        graphs: names of the graphs.
        runs: runs of each arm.
        finals: trainings of the best architecture of each run, and of the plain network.
        search: setting of the searches.
        final: setting of these trainings.
    """

    graphs: tuple[str, ...]
    runs: int
    finals: int
    search: NodeSearchSetting
    final: NodeSteps

    def told(self) -> dict[str, Any]:
        """The sizes for a record."""
        return {**self._asdict(), "search": asdict(self.search), "final": asdict(self.final)}


USUAL = TrainedSizes(("cora", "citeseer"), 3, 5, NodeSearchSetting(), NodeSteps(epochs=200, learning_rate=0.01))
"""About an hour of one core."""
QUICK = TrainedSizes(
    (NOISE,), 2, 2, NodeSearchSetting(epochs=3, queries=4, warm_up=2), NodeSteps(epochs=4, learning_rate=0.01)
)


class TrainedPart(NamedTuple):
    """What the searches asked, and what their best architectures are worth.

    Attributes:
        queries: a row for each query: `graph`, `arm`, `run`, and the fields of
            `harness.training.node_trainer.Trained`.
        finals: a row for each training of a best architecture, and of the plain network (arm `gcn`): `graph`, `arm`,
            `run`, `architecture`, `seed`, `validation_pct`, `test_pct`, `epoch`, `seconds`.
    """

    queries: pd.DataFrame
    finals: pd.DataFrame


def read_graphs(sizes: TrainedSizes, data: Path | None) -> list[NodeSplit]:
    """The graphs of the part; `noise` is a random one.

    Args:
        sizes: sizes of the part.
        data: folder of the data sets; None for the data folder.

    Raises:
        SettingError: a graph that is not here, or is damaged.
    """
    return [
        random_split(60, 8, 3, seed=0) if name == NOISE else read_split(name, data or data_folder(), PUBLIC)
        for name in sizes.graphs
    ]


def run_trained(
    graphs: list[NodeSplit], sizes: TrainedSizes, seed: int, out: Path, say: Callable[[str], None], *, progress: bool
) -> TrainedPart:
    """Run the searches and the trainings, which go on from the folder `trained` in `out`.

    Args:
        graphs: the graphs, from `read_graphs`.
        sizes: sizes of the part.
        seed: seed of the first run; the others count on.
        out: folder of the study.
        say: prints a line.
        progress: whether to draw a progress bar.
    """
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    queries: list[dict[str, Any]] = []
    finals: list[dict[str, Any]] = []
    for graph in graphs:
        trainings = Trainings(folder / f"finals-{graph.digest()}.csv", graph, _network(graph), say)
        for arm, run, answers in _searches(graph, sizes, seed, folder, say, progress=progress):
            named: dict[str, Any] = {"graph": graph.name, "arm": arm, "run": run}
            queries += [{**named, **answer._asdict()} for answer in answers]
            finals += _finals(named, str(representative(parse(best_of(answers).architecture))), trainings, sizes)
        finals += _finals({"graph": graph.name, "arm": PLAIN, "run": 0}, PLAIN, trainings, sizes)
    return TrainedPart(pd.DataFrame(queries), pd.DataFrame(finals))


def _searches(
    graph: NodeSplit, sizes: TrainedSizes, seed: int, folder: Path, say: Callable[[str], None], *, progress: bool
) -> Iterator[tuple[str, int, list[Trained]]]:
    """Each run of each arm on a graph, with its queries; the runs of all arms take turns."""
    for run in range(sizes.runs):
        for arm, (name, share) in ARMS.items():
            setting = replace(sizes.search, share=share)
            with _bar(setting.queries, shown=progress) as advance:
                answers = search_nodes(
                    name, graph, setting, seed=seed + run, folder=folder, advance=lambda answer: advance()
                )
            found = best_of(answers)
            say(
                f"{graph.name}: {arm}, run {run}: {found.validation_pct:.2f} % of the validation nodes by "
                f"{found.architecture} ({sum(answer.seconds for answer in answers):.0f} s)"
            )
            yield arm, run, answers


def _finals(
    named: dict[str, Any], architecture: str, trainings: Trainings[NodeSteps], sizes: TrainedSizes
) -> Iterator[dict[str, Any]]:
    """The trainings of an architecture under several seeds, as rows."""
    for seed in range(_FIRST, _FIRST + sizes.finals):
        found = trainings.of(architecture, sizes.final, seed)
        assert found is not None, "nothing is left out where trainings are made"
        fields = found._asdict()
        del fields["last_test_pct"]
        yield {**named, "architecture": architecture, "seed": seed, **fields}


def _network(graph: NodeSplit) -> Callable[[str, NodeSteps], nn.Module]:
    """Builds the network of a text, or the plain one, with the shares that a setting drops."""
    from harness.spaces.agnn.network import AgnnNetwork, PlainGcn

    sizes = {"features": graph.features.shape[1], "classes": graph.count}

    def network(text: str, setting: NodeSteps) -> nn.Module:
        if text == PLAIN:
            return PlainGcn(**sizes, dropped=setting.input_dropout)
        return AgnnNetwork(parse(text), **sizes, dropped=setting.input_dropout, dropped_last=setting.output_dropout)

    return network


def _bar(total: int, *, shown: bool) -> Any:
    from contextlib import nullcontext

    if not shown:
        return nullcontext(lambda: None)
    return progress_bar(total, "networks", ("training", "trained"))
