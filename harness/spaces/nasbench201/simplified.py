"""The supernet of NAS-Bench-201 with shared modules: TopoNAS in our reading (`harness.spaces.merging`).

The two convolutions of an edge read the same ReLU, so their sum is one 3×3 convolution with one batch norm. Skips and
pools act on the node and not on its ReLU, so they stay as they are; each is computed once a node already. No module is
moved: pooling and a 1×1 convolution would commute, but here no path holds both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor

from harness.spaces.merging import merged_columns, summed_kernels, unit_kernels
from harness.spaces.nasbench201.supernet import MixedCell, NasBench201Supernet, Together
from harness.spaces.supernet import Mixture


class SimplifiedCell(MixedCell):
    """A mixed cell in which the convolutions of an edge share a batch norm; its weights are those of `MixedCell`.

    Attributes:
        kernel_normalisation: whether kernels have norm 1 for each output channel.
    """

    kernel_normalisation: ClassVar[bool] = True

    def together(self, leaving: list[int], mixture: Mixture) -> Iterator[Together]:
        """The convolutions of one node that run as one: first paths by themselves, then those that are merged."""
        columns = [self.column(name) for name in self.kernels]
        merged = [edge for edge in leaving if merged_columns(mixture, edge, columns)]
        yield from super().together([edge for edge in leaving if edge not in merged], mixture)
        if merged:
            weights = mixture.coefficients[merged][:, columns]
            sums = weights.sum(dim=1)
            kernels = [self.stacked(merged, name) for name in self.kernels]
            yield merged, summed_kernels(weights / sums[:, None], kernels), sums

    def stacked(self, edges: list[int], name: str) -> Tensor:
        """The kernels of an operation, with norm 1 if they are normalised."""
        kernels = super().stacked(edges, name)
        return unit_kernels(kernels) if self.kernel_normalisation else kernels


class OwnKernelCell(SimplifiedCell):
    """A simplified cell whose kernels are mixed as they are."""

    kernel_normalisation = False


class SimplifiedSupernet(NasBench201Supernet):
    """The supernet of simplified cells."""

    cell = SimplifiedCell


class OwnKernelSupernet(NasBench201Supernet):
    """The supernet of simplified cells whose kernels are mixed as they are."""

    cell = OwnKernelCell
