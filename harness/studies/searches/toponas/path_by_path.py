"""NAS-Bench-201's supernet with every path by itself: equation 2 of DARTS as it is usually written, nothing shared."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from harness.spaces.mixing import Term, average_pool
from harness.spaces.nasbench201.cell import EDGES, NODES, OPERATIONS
from harness.spaces.nasbench201.supernet import MixedCell, NasBench201Supernet
from harness.spaces.supernet import Mixture


class PathCell(MixedCell):
    """A mixed cell that sums weight · operation(node), operation by operation; its values are those of `MixedCell`."""

    def forward(self, inputs: Tensor, mixture: Mixture) -> Tensor:
        """Map [N, wide, H, W] to the same shape."""
        values = {0: inputs}
        for target in range(1, NODES):
            terms: list[Term] = []
            for edge, (node, source) in enumerate(EDGES):
                for column, name in enumerate(OPERATIONS):
                    if node == target and name != "none" and mixture.live([edge], column):
                        outputs = self._path(edge, name, values[source][:, : self.narrow])
                        terms.append((mixture.coefficients[edge, column] * outputs, None))
            values[target] = self._node(target, terms, values, mixture)
        return values[NODES - 1]

    def _path(self, edge: int, name: str, inputs: Tensor) -> Tensor:
        if name == "skip_connect":
            return inputs
        if name == "avg_pool_3x3":
            return average_pool(inputs)
        kernel = self.get_parameter(f"layers.{edge}.{name}.weight")
        outputs = functional.conv2d(torch.relu(inputs), kernel, padding=self.kernels[name] // 2)
        return functional.batch_norm(outputs, None, None, training=True)


class PathSupernet(NasBench201Supernet):
    """The supernet of these cells."""

    cell = PathCell
