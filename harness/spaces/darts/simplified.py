"""The supernet of the DARTS space with shared modules: TopoNAS in our reading (`harness.spaces.merging`).

Separable and dilated convolutions end in a pointwise convolution and a batch norm. Those of an edge become one
pointwise convolution of all their channels next to each other, with one batch norm. Their depthwise parts, and the
first halves of the separable ones, which end in a ReLU, stay apart. So do pools and skips: their batch norms are shared
by the edges that leave a node already.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from harness.spaces.darts.supernet import CONVOLUTIONS, DartsSupernet, MixedCell, Terms
from harness.spaces.merging import merged_columns, unit_pointwise
from harness.spaces.mixing import weighted_norm
from harness.spaces.supernet import Mixture


class SimplifiedCell(MixedCell):
    """A mixed cell in which the convolutions of an edge share a batch norm; its weights are those of `MixedCell`.

    Attributes:
        kernel_normalisation: whether the composed kernels have norm 1 for each output channel.
    """

    kernel_normalisation: ClassVar[bool] = True

    def convolved(self, source: int, inputs: Tensor, mixture: Mixture) -> Terms:
        """The weighted convolutions of one node, with one last pointwise convolution an edge where they are merged."""
        relu = None
        columns = [self.operations.index(name) for name in CONVOLUTIONS]
        for edge in self.leaving[source]:
            live = [column for column in columns if mixture.computed[edge][column]]
            merged = merged_columns(mixture, edge, live)
            for together in [merged] if merged else [[column] for column in live]:
                relu = functional.relu(inputs) if relu is None else relu
                names, weights = [self.operations[column] for column in together], mixture.coefficients[edge, together]
                features = torch.cat([self.depthwise(edge, name, relu) for name in names], dim=1)
                kernels = [self.pointwise(edge, name) for name in names]
                if merged:
                    kernels = [share * kernel for share, kernel in zip(weights / weights.sum(), kernels, strict=True)]
                outputs = functional.conv2d(features, torch.cat(kernels, dim=1))
                yield self.edges[edge][0], (weighted_norm(outputs, weights.sum(dim=0, keepdim=True)), None)

    def pointwise(self, edge: int, name: str) -> Tensor:
        """The kernels of an operation's last pointwise convolution, after which the composed ones are normalised."""
        pointwise = super().pointwise(edge, name)
        if not self.kernel_normalisation:
            return pointwise
        return unit_pointwise(pointwise, self._weight(edge, f"{name}.op.{CONVOLUTIONS[name][1][-1]}"))


class OwnKernelCell(SimplifiedCell):
    """A simplified cell whose kernels are mixed as they are."""

    kernel_normalisation = False


class SimplifiedSupernet(DartsSupernet):
    """The supernet of simplified cells."""

    cell = SimplifiedCell


class OwnKernelSupernet(DartsSupernet):
    """The supernet of simplified cells whose kernels are mixed as they are."""

    cell = OwnKernelCell
