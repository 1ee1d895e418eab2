"""The supernet of the MoD-NAS space: an unrolled denoiser whose block mixes operations, widths and exits.

Every node reads every node before it. The group `operations` mixes the operations of an edge, `none` among them; the
group `widths` has a row for each node, and `exits` one row, the shares of the nodes in the block's output. Widths are
reused: an operation is one convolution at the largest width, whose first channels are those of every narrower one, so
that a node of w_1 ... w_4 quarters multiplies its channels by Σ_k w_k m_k, m_k the 0/1 mask of the first k quarters. A
pass costs one convolution for each, however many widths there are.

With weights that choose one of each, it is the derived network with the weights of `inherited`: the inner channels of a
residual pair have its node's mask, too. How the paper mixes edges and exits was not seen: this is our reading.

Legend: C width, N samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from harness.spaces.group import Group, Masks, OperationWeights, strengths
from harness.spaces.mixing import summed
from harness.spaces.mod_nas.network import ResidualPair, Unrolled, denoiser, operation_module
from harness.spaces.mod_nas.notation import INPUTS, NODES, OPERATIONS, QUARTERS, ModNasArchitecture, Node, channels_of
from harness.spaces.supernet import MixedLayers, Mixture, Supernet

CHOICES, WIDTHS, EXITS = "operations", "widths", "exits"
"""Names of the groups."""
NONE, SKIP = "none", "skip_connect"
EDGES = tuple((target, source) for target in range(1, NODES + 1) for source in range(target))
"""(target, source) of each edge of the block."""
GROUPS: Mapping[str, Group] = {
    CHOICES: Group(EDGES, (NONE, *OPERATIONS), inputs=INPUTS),
    WIDTHS: Group(tuple((node, node) for node in range(1, NODES + 1)), tuple(f"{each}/4" for each in QUARTERS)),
    EXITS: Group(((NODES + 1, NODES),), tuple(map(str, range(1, NODES + 1)))),
}


class MixedBlock(nn.Module):
    """The block with all edges, operations, widths and exits."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.edges = MixedLayers(
            CHOICES,
            [
                nn.ModuleDict({each: operation_module(each, width, width) for each in OPERATIONS if each != SKIP})
                for _ in EDGES
            ],
        )
        masks = [[float(place < channels_of(width, each)) for place in range(width)] for each in QUARTERS]
        self.register_buffer("masks", torch.tensor(masks), persistent=False)

    def forward(self, inputs: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        features, terms = [inputs], []
        for target in range(1, NODES + 1):
            mask = (mixtures[WIDTHS].coefficients[target - 1] @ self.masks)[:, None, None]  # type: ignore[operator]
            own = [edge for edge, (node, _) in enumerate(EDGES) if node == target]
            parts = [part for edge in own for part in self._parts(edge, features, mask, mixtures[CHOICES])]
            features.append(summed(parts) * mask if parts else torch.zeros_like(inputs))
            if mixtures[EXITS].computed[0][target - 1]:
                terms.append((features[-1], mixtures[EXITS].coefficients[0, target - 1]))
        return summed(terms)

    def _parts(self, edge: int, features: list[Tensor], mask: Tensor, mixture: Mixture) -> list[tuple[Tensor, Tensor]]:
        """The operations that are computed on an edge, each with its weight."""
        source, layers = features[EDGES[edge][1]], self.edges[edge]
        assert isinstance(layers, nn.ModuleDict)
        found = []
        for column, operation in enumerate(GROUPS[CHOICES].operations):
            if operation != NONE and mixture.computed[edge][column]:
                output = source if operation == SKIP else _applied(layers[operation], source, mask)
                found.append((output, mixture.coefficients[edge, column]))
        return found


class ModNasSupernet(Supernet):
    """All networks of the space in one: noisy images [N, channels, H, W] to denoised ones.

    Args:
        channels: channels of the images.
        width: C.
        depth: T, number of stages.
        consistent: whether stages end with a step of data consistency.
        operations: Boolean masks of the operations that exist, by group; None for all.
    """

    def __init__(
        self, *, channels: int, width: int, depth: int, consistent: bool = True, operations: Masks | None = None
    ) -> None:
        super().__init__(GROUPS, operations)
        self.block = MixedBlock(width)
        whole = Unrolled(denoiser(nn.Identity(), channels, width, width), depth, consistent=consistent)
        self.denoiser = cast("nn.Sequential", whole.denoiser)
        self.steps = whole.steps

    def logits(self, inputs: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Denoised images of the shape of `inputs`."""
        stem, activation, _, tail = self.denoiser
        estimate = inputs
        for step in self.steps:
            added = tail(self.block(activation(stem(estimate)), mixtures))
            estimate = step(estimate + added, estimate, inputs)
        return estimate

    def inherited(self, architecture: ModNasArchitecture) -> dict[str, Tensor]:
        """The weights of an architecture's network by name: the first channels of this supernet's."""
        found = {f"denoiser.0.{name}": value for name, value in self.denoiser[0].state_dict().items()}
        width = len(found["denoiser.0.weight"])
        wide = (width, *(channels_of(width, node.quarters) for node in architecture.nodes))
        for number, node in enumerate(architecture.nodes, start=1):
            for place, (operation, source) in enumerate(node.terms):
                if operation != SKIP:
                    layers = self.edges_of(number, source)[operation].state_dict()
                    shapes = operation_module(operation, wide[source], wide[number]).state_dict()
                    for name, like in shapes.items():
                        found[f"denoiser.2.nodes.{number - 1}.{place}.{name}"] = _first(layers[name], like)
        tail = self.denoiser[3].state_dict()
        found |= {"denoiser.3.weight": tail["weight"][:, : wide[-1]], "denoiser.3.bias": tail["bias"]}
        return found | {f"steps.{name}": value for name, value in self.steps.state_dict().items()}

    def edges_of(self, target: int, source: int) -> nn.ModuleDict:
        """The operations with weights between two nodes."""
        layers = self.block.edges[EDGES.index((target, source))]
        assert isinstance(layers, nn.ModuleDict)
        return layers


def derived(weights: OperationWeights, operations: Masks | None = None) -> ModNasArchitecture:
    """The architecture of the largest weights; of equal weights the first is taken.

    The exit first; then for each node up to it the two edges whose largest weight of an operation other than `none` is
    largest, with those operations, and its width.

    Args:
        weights: operation weights by group.
        operations: Boolean masks of the operations to choose from; None for all.

    Raises:
        SpaceError: for wrong groups or shapes, or a weight that is not finite.
    """
    found = strengths(weights, None, operations, GROUPS)
    depth = 1 + found[EXITS][0].index(max(found[EXITS][0]))
    nodes = []
    for target in range(1, depth + 1):
        best = []
        for (node, source), (_, *row) in zip(EDGES, found[CHOICES], strict=True):
            if node == target:
                best.append((max(row), source, OPERATIONS[row.index(max(row))]))
        kept = sorted(sorted(best, key=lambda each: -each[0])[:INPUTS], key=lambda each: each[1])
        row = found[WIDTHS][target - 1]
        terms = tuple((operation, source) for _, source, operation in kept)
        nodes.append(Node(terms, QUARTERS[row.index(max(row))]))
    return ModNasArchitecture(tuple(nodes))


def _applied(module: nn.Module, inputs: Tensor, mask: Tensor) -> Tensor:
    """An operation, with its node's mask on the inner channels of a residual pair."""
    if not isinstance(module, ResidualPair):
        outputs: Tensor = module(inputs)
        return outputs
    first, inner, last = module.main
    outputs = module.activation(inputs + last(inner(first(inputs)) * mask))
    return outputs


def _first(full: Tensor, like: Tensor) -> Tensor:
    """The part of a tensor with the first entries along each side, of the shape of another."""
    return full[tuple(slice(length) for length in like.shape)]
