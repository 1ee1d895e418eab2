"""The networks of one search of AGNN's space, trained on a graph in turn, and kept so that a killed search goes on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from harness.errors import DivergedError, SearchError, SettingError, check_whole
from harness.setting import derived_seed
from harness.spaces.agnn.encoding import AgnnArchitecture, parse, representative
from harness.spaces.initialisation import drawn
from harness.training.inherited import Ancestor, inherit
from harness.training.kept import keep, read_kept
from harness.training.nodes import NodeSteps, validate_nodes
from harness.writing import replacing

if TYPE_CHECKING:
    from harness.spaces.agnn.network import AgnnNetwork
    from harness.spaces.node_split import NodeSplit

FILE = "queries.csv"
KEY = ("graph", "data", "search", "setting", "seed")
EVERY = 5
"""Epochs from one validation to the next."""


@dataclass(frozen=True)
class NodeSearchSetting(NodeSteps):
    """Everything that a search depends on in addition to the graph and the seed.

    Args:
        epochs: steps of each network that inherits nothing.
        learning_rate: learning rate of the trainings.
        queries: networks that are trained.
        share: whether networks inherit weights from their ancestor (`harness.training.inherited`).
        warm_up: steps of a network of which at least a layer inherits its weights.

    Raises:
        SettingError: naming the field, the given value and the allowed values.
    """

    epochs: int = 60
    learning_rate: float = 0.01
    queries: int = 50
    share: bool = False
    warm_up: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("queries", "warm_up"):
            check_whole(name, getattr(self, name), 1, SettingError)

    def kept_as(self) -> str:
        """The setting as a line of JSON without the number of queries, so that a search goes on to more of them."""
        fields = asdict(self)
        del fields["queries"]
        return json.dumps(fields, sort_keys=True)


class Trained(NamedTuple):
    """A query and its answer.

    Attributes:
        query: number of the query, from 0.
        architecture: text of the architecture that was asked for.
        validation_pct: the answer, 0 for a training whose loss diverged.
        epochs: steps of its training; 0 where the same network was trained before, and the answer is that one.
        inherited: number of layers that inherited their weights.
        seconds: seconds of the processor.
    """

    query: int
    architecture: str
    validation_pct: float
    epochs: int
    inherited: int
    seconds: float


COLUMNS = (*KEY, *Trained._fields)
_TEXTS = ("graph", "data", "search", "setting", "architecture")


class NodeTrainer:
    """Trains the networks of one run in turn, or reads what is kept of them.

    Args:
        name: name of the search.
        graph: the graph and its parts, of which the test part is not looked at.
        setting: setting of the search.
        seed: seed of the search.
        folder: folder of the trainings; None to keep nothing.

    Raises:
        SettingError: a folder that cannot be read, or holds something else.
    """

    def __init__(self, name: str, graph: NodeSplit, setting: NodeSearchSetting, seed: int, folder: Path | None) -> None:
        self._graph, self._setting, self._seed, self._folder = graph, setting, seed, folder
        self._key = (graph.name, graph.digest(), name, setting.kept_as(), seed)
        self._stem = hashlib.sha256(repr(self._key).encode()).hexdigest()[:16]
        self._kept = _kept(folder, self._key)
        self._by_network: dict[AgnnArchitecture, Trained] = {}
        self._best: Trained | None = None
        self._ancestor: Ancestor | None = None
        self._count = 0

    def answer(self, architecture: AgnnArchitecture) -> Trained:
        """The next query and its answer.

        Raises:
            SearchError: a folder that holds other queries of this search, or lacks the weights of its best network.
        """
        query, self._count = self._count, self._count + 1
        text, chosen = str(architecture), representative(architecture)
        kept = next(self._kept, None)
        known = None if self._setting.share else self._by_network.get(chosen)
        if kept is not None:
            if (kept.query, kept.architecture) != (query, text):
                raise SearchError(
                    f"{self._folder} holds another search of this name: its query {kept.query} is "
                    f"{kept.architecture}, and not {text}; give another folder"
                )
            found, network = kept, None
        elif known is not None:
            found, network = known._replace(query=query, architecture=text, epochs=0, seconds=0.0), None
        else:
            found, network = self._trained(query, text, chosen)
        self._by_network.setdefault(chosen, found)
        outlived = self._remember(found, chosen, network)
        if kept is None and self._folder is not None:
            keep(self._folder / FILE, (*self._key, *found), COLUMNS)
        if outlived is not None:  # only now, since a killed search needs the weights that its file tells of
            outlived.unlink(missing_ok=True)
        return found

    def _trained(self, query: int, text: str, chosen: AgnnArchitecture) -> tuple[Trained, AgnnNetwork]:
        started, setting = time.process_time(), self._setting
        network = self._network(chosen)
        ancestor = self._read_ancestor() if setting.share else None
        inherited = 0 if ancestor is None else inherit(network, chosen, ancestor)
        epochs = setting.warm_up if inherited else setting.epochs
        # a network that goes on from its own weights sees other entries dropped than those that made them
        seed = derived_seed(self._seed, "query", str(query) if setting.share else str(chosen))
        try:
            accuracy = validate_nodes(network, self._graph, replace(setting, epochs=epochs), seed=seed, every=EVERY)
        except DivergedError:
            accuracy = 0.0
        seconds = round(time.process_time() - started, 3)
        return Trained(query, text, accuracy, epochs, inherited, seconds), network

    def _network(self, chosen: AgnnArchitecture) -> AgnnNetwork:
        from harness.spaces.agnn.network import AgnnNetwork

        def make() -> AgnnNetwork:
            return AgnnNetwork(
                chosen, features=self._graph.features.shape[1], classes=self._graph.count,
                dropped=self._setting.input_dropout, dropped_last=self._setting.output_dropout,
            )  # fmt: skip

        return drawn(make, "pytorch", derived_seed(self._seed, "weights", str(chosen)))

    def _remember(self, found: Trained, chosen: AgnnArchitecture, network: AgnnNetwork | None) -> Path | None:
        """Remember the best network, and give the file of weights that is not needed any more.

        Args:
            found: the query and its answer.
            chosen: the network's architecture.
            network: the network; None where it was not trained now.
        """
        before = self._best
        # a network of which nothing was right, since it diverged, is nobody's ancestor
        if found.validation_pct <= (0.0 if before is None else before.validation_pct):
            return None
        self._best, self._ancestor = found, None
        if not self._setting.share or network is None:
            return None
        self._ancestor = Ancestor(chosen, network.state_dict())
        if self._folder is None:
            return None
        with replacing(self._weights(found.query)) as partial:
            torch.save(self._ancestor.state, partial)
        return None if before is None else self._weights(before.query)

    def _read_ancestor(self) -> Ancestor | None:
        """The best network so far, from its file where it was trained before the search was killed."""
        if self._best is None or self._ancestor is not None:
            return self._ancestor
        path = self._weights(self._best.query)
        if not path.is_file():
            raise SearchError(f"{path} is missing, the weights that the next network inherits: give another folder")
        state = torch.load(path, weights_only=True)
        self._ancestor = Ancestor(representative(parse(self._best.architecture)), state)
        return self._ancestor

    def _weights(self, query: int) -> Path:
        assert self._folder is not None
        return self._folder / f"weights-{self._stem}-{query}.pt"


def _kept(folder: Path | None, key: tuple[object, ...]) -> Iterator[Trained]:
    """The queries of a search that are kept in a folder."""
    if folder is None:
        return iter(())
    known = read_kept(folder / FILE, COLUMNS, _TEXTS, "holds no queries of searches that train: give another folder")
    rows = known[(known[list(KEY)] == list(key)).all(axis=1)][list(Trained._fields)].to_dict("records")
    return iter([Trained(**{str(name): value for name, value in row.items()}) for row in rows])
