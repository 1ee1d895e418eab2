"""The graph of a search whose samples are its nodes: a step is on the whole graph, with the loss on some nodes.

Legend: n nodes of the graph, f features, N nodes of a part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch
from torch import Tensor

from harness.batches import Batch
from harness.errors import NotLearntError, SearchError, SettingError
from harness.problem import NODE_CLASSIFICATION
from harness.search.gradient.checkpoint import ACCURACY, Row
from harness.search.gradient.setting import SearchSetting
from harness.spaces.node_split import NodeSplit

if TYPE_CHECKING:
    from harness.spaces.space import Space


@runtime_checkable
class GraphSpace(Protocol):
    """A space of graph networks that says what graphs its searches take."""

    def split(self, source: str | Path, seed: int = 0) -> NodeSplit:
        """The graph of that name or file, with its parts."""
        ...


@dataclass(frozen=True)
class GraphParts:
    """The graph of a search, in the place of `harness.search.gradient.data.Split`.

    Attributes:
        graph: the graph, whose training nodes train the weights and whose validation nodes the architecture parameters.
    """

    graph: NodeSplit

    @property
    def validation(self) -> Tensor:
        """Numbers of the nodes that train the architecture parameters."""
        return self.graph.validation

    @property
    def normalisation(self) -> None:
        """Features are used as they are."""
        return None

    @property
    def identity(self) -> str:
        """Name and content as text."""
        return f"{self.graph.name} {self.graph.digest()}"

    def steps(self, setting: SearchSetting) -> int:
        """Steps per epoch: the setting's, or one."""
        return setting.steps_per_epoch or 1

    def evaluation_batches(self, setting: SearchSetting) -> int:
        """Batches over which the logged loss is averaged: the whole part is one."""
        return 1

    def batches(self, part: str, setting: SearchSetting, seed: int, epoch: int, count: int) -> Iterator[Batch]:
        """The whole graph with the nodes of a part, `count` times."""
        batch = self.graph.batch(part)
        for _ in range(count):
            yield batch

    def batch(self, places: Tensor) -> Batch:
        """The whole graph with the nodes of these numbers."""
        graph = self.graph
        return Batch(
            [graph.features, graph.edges, places], graph.classes[places], independent=False, problem=NODE_CLASSIFICATION
        )

    def sizes(self, setting: SearchSetting, space: Space) -> dict[str, int]:
        """The sizes of the supernet, whose width is the setting's."""
        return {"features": self.graph.features.shape[1], "classes": self.graph.count, "hidden": setting.width}

    def shape(self, setting: SearchSetting) -> tuple[int, ...]:
        """Shape of the features, [n, f]."""
        return tuple(self.graph.features.shape)


def read_split(space: Space, data: object, seed: int) -> NodeSplit:
    """The graph of a search.

    Args:
        space: a space of graph networks.
        data: a `NodeSplit`, or the name or file of a graph that the space knows.
        seed: seed of a random graph.

    Raises:
        SearchError: no data, images or a table; a space that says of no graphs; what is wrong with the data.
    """
    if isinstance(data, NodeSplit):
        return data
    if not isinstance(space, GraphSpace):
        raise SearchError(f"the space {space.name} does not say what graphs its searches take")
    if not isinstance(data, (str, Path)):
        raise SearchError(f"a search in {space.name} is on a graph: give data, such as FOLDER/cora.npz, or noise")
    try:
        return space.split(data, seed)
    except SettingError as error:
        raise SearchError(f"--data: {error}") from error


def check_learnt(graph: NodeSplit, row: Row) -> None:
    """Refuse an architecture from a supernet that is no better than naming one class for all nodes.

    Args:
        graph: the graph of the search.
        row: last row of the search's log.

    Raises:
        NotLearntError: with both accuracies.
    """
    found, majority = float(row[ACCURACY]), 100 * graph.majority("validation")
    if found <= majority:
        raise NotLearntError(
            f"no architecture is derived: after epoch {row['epoch']} the supernet classifies {found:.2f} % of the "
            f"validation nodes of {graph.name} right, and naming the most frequent class {majority:.2f} %. "
            "More epochs or a larger weight_lr may help"
        )


@contextmanager
def drawing(seed: int, device: torch.device) -> Iterator[None]:
    """Inside, dropout draws from a seed on a device; the global random states outside stay."""
    places = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=places):
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def accuracy_pct(logits: Tensor, labels: Tensor) -> float:
    """Accuracy of logits [N, K] in per cent."""
    return 100 * int((logits.argmax(dim=1) == labels).sum()) / len(labels)


OF_IMAGES: Mapping[str, str] = {
    "batch_size": "a step is on the whole graph",
    "image_size": "a graph has no images",
    "images": "a graph has no images",
    "validation_share": "the graph brings its parts",
    "depth": "it has three layers",
    "memory_mb": "what a pass on a graph keeps is not counted",
    "simplify": "its paths share no batch norm",
    "adversarial": "attacks are on pixels",
    "mgda": "attacks are on pixels",
    "activation": "no node of it is normalised",
}
"""Fields of a setting that a search on a graph does not read, with the reason."""
