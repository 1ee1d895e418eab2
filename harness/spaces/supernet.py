"""Supernets: networks in which every edge mixes its operations with given weights (Liu, Simonyan and Yang 2019, eq 2).

The operation weights are an argument of each pass, not parameters, so that one supernet can be used by every search:
with softmax or Gumbel-softmax weights, Dirichlet samples, one-hot choices.

Legend: N samples, K classes, C channels, H and W sides, E edges and O operations of a group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.spaces.group import (
    EdgeWeights,
    Group,
    MaskRows,
    Masks,
    OperationWeights,
    check_names,
    check_shape,
    kept_rows,
    mask_rows,
)
from harness.spaces.initialisation import drawn

__all__ = ["EdgeWeights", "Group", "Masks", "Mixture", "OperationWeights", "Supernet"]


@dataclass(frozen=True)
class Mixture:
    """The weights of one group for one pass.

    Attributes:
        coefficients: operation weight times edge weight, [E, O].
        computed: the operations that this pass computes; all others count as zero.
        bypass: weights of the channels that no operation reads, [E]; None for ones.
    """

    coefficients: Tensor
    computed: MaskRows
    bypass: Tensor | None

    def live(self, edges: Sequence[int], operation: int) -> list[int]:
        """The edges among `edges` on which the operation (given by its column) is computed."""
        return [edge for edge in edges if self.computed[edge][operation]]

    def passing(self, edge: int) -> Tensor | None:
        """Weight of an edge's bypassed channels; None for 1."""
        return None if self.bypass is None else self.bypass[edge]


class MixedLayers(nn.ModuleList):
    """The layers of one cell: for each edge, a dictionary of the operations that have parameters.

    Attributes:
        group: name of the group that the edges belong to.
    """

    def __init__(self, group: str, layers: Sequence[nn.ModuleDict]) -> None:
        super().__init__(layers)
        self.group = group

    def prune(self, operations: Sequence[str], kept: MaskRows) -> None:
        """Remove the layers of the operations that are not kept."""
        for layers, row in zip(self, kept, strict=True):
            assert isinstance(layers, nn.ModuleDict)
            for name in [name for name in layers if not row[operations.index(name)]]:
                del layers[name]


class NodeSums(nn.Module):
    """A cell whose nodes add up their mixed edges.

    Attributes:
        node_norm: whether each node normalises its sum by the batch, without scale and shift.
    """

    node_norm: bool = False

    def normed(self, mixed: Tensor) -> Tensor:
        """A node's sum [N, C, H, W], normalised if the nodes do so."""
        return functional.batch_norm(mixed, None, None, training=True) if self.node_norm else mixed


class Supernet(nn.Module):
    """The common part of all supernets: it checks weights and masks. A space's own class adds layers and `logits`.

    Batch norm always normalises by the batch, in eval mode too, and keeps no running statistics.

    Args:
        groups: groups of edges by name.
        operations: Boolean masks of the operations that exist, by group [E, O]; None for all.

    Attributes:
        groups: the edges and operations of each table of weights, by name.
        kept: the operations that exist, by group, as plain values.
        fast_layout: memory format of the weights with which a pass in float32 on a CPU is fastest.
    """

    fast_layout: torch.memory_format = torch.contiguous_format

    def __init__(self, groups: Mapping[str, Group], operations: Masks | None = None) -> None:
        super().__init__()
        self.groups = dict(groups)
        self.kept = kept_rows(operations, groups)

    def forward(
        self,
        inputs: Any,
        weights: OperationWeights,
        edges: EdgeWeights | None = None,
        active: Masks | None = None,
    ) -> Tensor:
        """Logits of a batch for these operation weights.

        Args:
            inputs: images [N, channels, H, W]; where a network takes several arguments, such as a graph, all of them.
            weights: operation weights by group, [E, O]; the weight of an operation that is not kept is ignored.
            edges: factors of the edges' outputs by group, [E] (PC-DARTS's edge normalisation); None for ones.
            active: Boolean masks by group, [E, O]; operations outside of them have the constant weight 0 and are not
                computed, so that a step of GDAS or RSPS costs one path.

        Returns:
            Logits [N, K]. An operation with weight 0 is not computed either, unless the weights require gradients:
            ∂L/∂w = ⟨∂L/∂(w·o(x)), o(x)⟩ needs the operation's output even at w = 0.

        Raises:
            SpaceError: for wrong groups or shapes.
        """
        return self.logits(inputs, self.mixtures(weights, edges, active))

    def normalise_nodes(self) -> None:
        """Let each node normalise its sum by the batch, for weights of an edge that do not sum to one."""
        for module in self.modules():
            if isinstance(module, NodeSums):
                module.node_norm = True

    def logits(self, inputs: Any, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Logits [N, K] of images [N, channels, H, W], or of a tuple of tensors in their place."""
        raise NotImplementedError

    def mixtures(
        self, weights: OperationWeights, edges: EdgeWeights | None = None, active: Masks | None = None
    ) -> dict[str, Mixture]:
        """The weights of each group for one pass; arguments and errors are those of `forward`."""
        check_names("operation weights", weights, self.groups)
        if edges is not None:
            check_names("edge weights", edges, self.groups)
        masks = mask_rows("active operations", active, self.groups)
        like = next(self.parameters())
        mixtures = {}
        for name, group in self.groups.items():
            check_shape("operation weights", name, weights[name], group.shape)
            coefficients, bypass = weights[name].to(like), None
            computed = _both(_both(self.kept[name], masks[name]), _counting(weights[name]))
            if edges is not None:
                check_shape("edge weights", name, edges[name], group.shape[:1])
                bypass = edges[name].to(like)
                coefficients = coefficients * bypass[:, None]
            mixtures[name] = Mixture(coefficients, computed, bypass)
        return mixtures


def _counting(weights: Tensor) -> MaskRows:
    """The operations whose weight can change a value or receives a gradient."""
    if weights.requires_grad and torch.is_grad_enabled():
        return ((True,) * weights.shape[1],) * weights.shape[0]
    return tuple(tuple(value != 0 for value in row) for row in weights.tolist())


def _both(one: MaskRows, other: MaskRows) -> MaskRows:
    return tuple(tuple(a and b for a, b in zip(*rows, strict=True)) for rows in zip(one, other, strict=True))


def drawn_supernet(make: Callable[[], Supernet], init: str, seed: int) -> Supernet:
    """The supernet with weights drawn from a seed; operations that are not kept are removed after the draw."""
    supernet = drawn(make, init, seed)
    for module in supernet.modules():
        if isinstance(module, MixedLayers):
            module.prune(supernet.groups[module.group].operations, supernet.kept[module.group])
    return supernet
