"""The common part of spaces whose networks classify the nodes of one graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from harness.problem import NODE_CLASSIFICATION
from harness.setting import NOISE, Setting
from harness.spaces.shape import Dimensions

if TYPE_CHECKING:
    from harness.batches import Batch


class NodeClassification:
    """The common part of spaces of node classifiers: problem, sources of batches, and the graphs' sizes."""

    problem = NODE_CLASSIFICATION
    inputs: ClassVar[tuple[str, ...]] = (*NOISE, "cora", "citeseer", "cs", "physics", "photo", "computers")
    shape: ClassVar[Dimensions]

    def batch(self, setting: Setting, data: Path | None = None) -> Batch:
        """A graph and some of its nodes, of a data set those that train (`nasbench_graph.graphs.draw_graph`)."""
        from harness.spaces.nasbench_graph.graphs import draw_graph

        return draw_graph(setting, self.shape, data)

    def shape_of(self, batch: Batch) -> dict[str, int]:
        """The nodes and features of a batch of features [n, f], edges [2, E] and nodes with targets [N]."""
        from harness.spaces.nasbench_graph.graphs import sizes_of

        return sizes_of(batch)
