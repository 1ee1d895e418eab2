"""The supernet of nasbench201-large: NAS-Bench-201's with all 21 operations mixed on every edge.

Stem, reduction blocks, last batch norm and classifier, and the batch norms in the cells without scale and shift, are
those of NAS-Bench-201's supernet. The weights of a convolution are `cells.BLOCK.layers.EDGE.OPERATION.weight`, those of
an operation of one or two convolutions other than a plain one `cells.BLOCK.layers.EDGE.OPERATION.PLACE.weight`.

A node's ReLU and its pools are computed once, and the plain convolutions of one kernel that read it run as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from harness.spaces.darts.depthwise import depthwise
from harness.spaces.group import Group
from harness.spaces.mixing import average_pool, max_pool, weighted_norm
from harness.spaces.nasbench201.cell import EDGES
from harness.spaces.nasbench201.supernet import MixedCell, NasBench201Supernet, Terms
from harness.spaces.nasbench201_large.convolutions import FACTORISED, PLAIN
from harness.spaces.nasbench201_large.derivation import GROUPS
from harness.spaces.nasbench201_large.network import conv2d
from harness.spaces.supernet import Mixture


class LargeMixedCell(MixedCell):
    """One cell with every kept operation on every edge; the arguments are those of `MixedCell`."""

    groups: ClassVar[Mapping[str, Group]] = GROUPS
    kernels: ClassVar[Mapping[str, int]] = PLAIN
    weightless: ClassVar[Mapping[str, Callable[[Tensor], Tensor]]] = {
        "skip_connect": lambda inputs: inputs,
        "avg_pool_3x3": average_pool,
        "max_pool_3x3": max_pool,
    }

    def edge_layers(self, wide: int) -> nn.ModuleDict:
        """The operations of one edge that have parameters, by name."""
        layers = super().edge_layers(wide)
        layers.update({name: nn.Sequential(*map(conv2d, layer(wide))) for name, layer in FACTORISED.items()})
        return layers

    def convolved(self, leaving: list[int], rectified: Callable[[], Tensor], mixture: Mixture) -> Terms:
        """The weighted convolutions of one node, whose ReLU is `rectified`, on the edges that leave it."""
        yield from super().convolved(leaving, rectified, mixture)
        for name in FACTORISED:
            column = self.column(name)
            for edge in mixture.live(leaving, column):
                outputs = rectified()
                for place, convolution in enumerate(FACTORISED[name](self.narrow)):
                    weight = self.get_parameter(f"layers.{edge}.{name}.{place}.weight")
                    outputs = _convolution(outputs, weight, convolution.groups, convolution.dilation)
                yield EDGES[edge][0], (weighted_norm(outputs, mixture.coefficients[edge, column][None]), None)


def _convolution(inputs: Tensor, weight: Tensor, groups: int, dilation: int) -> Tensor:
    if groups == len(weight) == inputs.shape[1]:
        return depthwise(inputs, weight, dilation=dilation)
    return functional.conv2d(inputs, weight, padding=weight.shape[-1] // 2, groups=groups)


class LargeSupernet(NasBench201Supernet):
    """All cells of nasbench201-large in one network; the arguments are those of `SearchableSpace.supernet`."""

    cell = LargeMixedCell
