"""A graph whose nodes are split into three parts: to train on, to choose by, and to test on.

Legend: n nodes of the graph, f features, E directed edges, N nodes of a part, K classes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from harness.batches import Batch
from harness.errors import SettingError
from harness.problem import NODE_CLASSIFICATION
from harness.text.shown import shown

PARTS = ("training", "validation", "test")


@dataclass(frozen=True, eq=False)
class NodeSplit:
    """A graph and its split; every pass is on the whole graph, and a part says at which nodes the loss looks.

    Args:
        name: name of the data set.
        features: features [n, f] of the nodes, floating point.
        edges: source and target [2, E] of the edges, whole numbers; nodes without edges are allowed.
        classes: class [n] of each node from 0; -1 for a node without one, which no part may have.
        training: numbers [N] of the nodes that train weights.
        validation: numbers of the nodes that choose.
        test: numbers of the nodes that nothing is chosen by.

    Raises:
        SettingError: shapes that do not fit, numbers that are not finite, an edge to a node that is not there, a part
            that is empty, names a node twice, that is not there or that has no class, or shares one with another part.
    """

    name: str
    features: Tensor
    edges: Tensor
    classes: Tensor
    training: Tensor
    validation: Tensor
    test: Tensor

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or not self.features.is_floating_point():
            raise SettingError(f"features of {self.name} are floating point [n, f], got {shown(self.features.shape)}")
        count = len(self.features)
        if not bool(torch.isfinite(self.features).all()):
            raise SettingError(f"the features of {self.name} have values that are not finite")
        if len(self.classes) != count:
            raise SettingError(f"{self.name} has features of {count:,} nodes and classes of {len(self.classes):,}")
        if self.edges.ndim != 2 or len(self.edges) != 2:
            raise SettingError(f"edges of {self.name} are source and target [2, E], got {list(self.edges.shape)}")
        _check_named(f"the edges of {self.name}", self.edges, count)
        for part in PARTS:
            self._check_part(part, count)
        for one, other in combinations(PARTS, 2):
            both = torch.isin(getattr(self, one), getattr(self, other))
            if bool(both.any()):
                node = int(getattr(self, one)[both][0])
                raise SettingError(f"node {node} of {self.name} is in the {one} part and in the {other} part")

    def _check_part(self, part: str, count: int) -> None:
        nodes = getattr(self, part)
        if not len(nodes):
            raise SettingError(f"the {part} part of {self.name} is empty: no node is in it")
        _check_named(f"the {part} part of {self.name}", nodes, count)
        if len(nodes.unique()) < len(nodes):
            raise SettingError(f"the {part} part of {self.name} names a node twice")
        missing = nodes[self.classes[nodes] < 0]
        if len(missing):
            raise SettingError(
                f"{len(missing)} nodes of the {part} part of {self.name} have no class, such as node {int(missing[0])}"
            )

    @property
    def count(self) -> int:
        """Number of classes, K."""
        return int(self.classes.max()) + 1

    def batch(self, part: str) -> Batch:
        """The whole graph with the nodes of a part, `training`, `validation` or `test`."""
        nodes = getattr(self, part)
        return Batch(
            [self.features, self.edges, nodes], self.classes[nodes], independent=False, problem=NODE_CLASSIFICATION
        )

    def majority(self, part: str) -> float:
        """Share of a part's most frequent class: the accuracy of naming one class for all nodes."""
        counts = torch.bincount(self.classes[getattr(self, part)])
        return int(counts.max()) / int(counts.sum())

    def digest(self) -> str:
        """16 hexadecimal digits of the content."""
        tensors = (self.features, self.edges, self.classes, self.training, self.validation, self.test)
        sha = hashlib.sha256(f"{self.name} {[tuple(each.shape) for each in tensors]}".encode())
        for tensor in tensors:
            sha.update(tensor.contiguous().numpy().tobytes())
        return sha.hexdigest()[:16]


def _check_named(what: str, nodes: Tensor, count: int) -> None:
    if nodes.is_floating_point():
        raise SettingError(f"{what} are whole numbers, got {nodes.dtype}")
    if nodes.numel() and not 0 <= int(nodes.min()) <= int(nodes.max()) < count:
        raise SettingError(f"{what} name nodes that are not there: {count:,} nodes are from 0 to {count - 1:,}")
