"""The trainings of the study of SANE in a file, each as soon as it is over, so that a killed study goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import pandas as pd

from harness.training.kept import keep, read_kept
from harness.training.nodes import NodeAccuracy, NodeSteps, train_nodes

if TYPE_CHECKING:
    from torch import nn

    from harness.spaces.node_split import NodeSplit

S = TypeVar("S", bound=NodeSteps)
KEY = ("graph", "architecture", "setting", "seed")
COLUMNS = (*KEY, *NodeAccuracy._fields)
FILE = "trainings.csv"


@dataclass
class Trainings(Generic[S]):
    """The trainings of one graph, those that are there read and the others made.

    Attributes:
        path: file of all trainings, of this graph and of others.
        graph: the graph.
        network: builds the network of an architecture's text and a setting.
        say: prints a line.
        finished: whether to take the trainings that are there, and to make no other.
    """

    path: Path
    graph: NodeSplit
    network: Callable[[str, S], nn.Module]
    say: Callable[[str], None]
    finished: bool = False

    def of(self, architecture: str, setting: S, seed: int) -> NodeAccuracy | None:
        """The accuracies of an architecture in a setting, under a seed; None for a training that is not to be made."""
        key = (self.graph.name, architecture, setting.json(), seed)
        known = read_trainings(self.path)
        same = known[(known[list(KEY)] == list(key)).all(axis=1)]
        if len(same):
            return NodeAccuracy(*same.iloc[0][list(NodeAccuracy._fields)])
        if self.finished:
            return None
        found = train_nodes(lambda wanted: self.network(architecture, wanted), self.graph, setting, seed=seed)
        keep(self.path, (*key, *found), COLUMNS)
        self.say(f"{self.graph.name}: {architecture}, seed {seed}: {found.test_pct:.2f} % ({found.seconds:.0f} s)")
        return found

    def seeds(self, architecture: str, setting: S, count: int, first: int = 0) -> list[NodeAccuracy]:
        """The accuracies under `count` seeds, without those of trainings that are not to be made."""
        found = (self.of(architecture, setting, first + seed) for seed in range(count))
        return [each for each in found if each is not None]


def read_trainings(path: Path) -> pd.DataFrame:
    """All trainings of a file, of which a last line that was cut by a kill is left out; none where it is not there.

    Raises:
        SettingError: for a file that holds no trainings.
    """
    return read_kept(path, COLUMNS, KEY[:3], "holds no trainings of this study: give another --out")
