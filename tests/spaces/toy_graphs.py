"""A toy space for tests: graph networks that predict a number for each node of one graph.

It is all that an image classifier is not: two arguments, one of whole numbers; samples that see each other; targets
that are values; sizes of its own.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.errors import SettingError, SpaceError, unknown
from harness.problem import REGRESSION
from harness.setting import Setting, derived_seed
from harness.spaces.graph import Graph, Wiring
from harness.spaces.initialisation import initialise, seeded
from harness.spaces.listed import listed_in_order
from harness.spaces.searches import IndexedSpace
from harness.spaces.shape import Dimension, sizes_within
from harness.spaces.space import Architecture, Sizes

AGGREGATORS = ("mean", "sum", "none")
LAYERS = 3


@dataclass(frozen=True)
class Stack:
    """The aggregator of each layer."""

    aggregators: tuple[str, ...]

    def __str__(self) -> str:
        return ">".join(self.aggregators)


class ToyGraphs:
    """Stacks of three graph convolutions."""

    name = "toy-graphs"
    problem = REGRESSION
    inputs = ("gaussian",)
    shape: ClassVar = {
        "nodes": Dimension(12, 2, "nodes of the graph"),
        "features": Dimension(5, 1, "features of a node"),
        "hidden": Dimension(6, 1, "width of the layers"),
    }

    choices = IndexedSpace(len(AGGREGATORS), (1,) * LAYERS)

    def __len__(self) -> int:
        return len(AGGREGATORS) ** LAYERS

    def __iter__(self) -> Iterator[Stack]:
        return map(Stack, itertools.product(AGGREGATORS, repeat=LAYERS))

    def in_order(self, keys: Sequence[str]) -> list[Stack]:
        return listed_in_order(self, self.parse, keys)

    def parse(self, text: str) -> Stack:
        names = tuple(text.strip().split(">"))
        if len(names) != LAYERS:
            raise SpaceError(f"a stack has {LAYERS} aggregators with > between them, got {text!r:.80}")
        for name in names:
            if name not in AGGREGATORS:
                raise SpaceError(unknown("aggregator", name, AGGREGATORS))
        return Stack(names)

    def key(self, architecture: Architecture) -> str:
        return str(_as_stack(architecture))

    def canonical(self, architecture: Architecture) -> Stack:
        return _as_stack(architecture)

    minimal = canonical

    def sample(self, count: int, seed: int = 0) -> list[Stack]:
        if not 1 <= count <= len(self):
            raise SpaceError(f"cannot sample {count} stacks: the space has {len(self)}")
        stacks = list(self)
        random.Random(derived_seed(seed, "sample", self.name)).shuffle(stacks)
        return stacks[:count]

    def neighbours(self, architecture: Architecture) -> list[Stack]:
        own = _as_stack(architecture).aggregators
        return [
            Stack((*own[:layer], other, *own[layer + 1 :]))
            for layer in range(LAYERS)
            for other in AGGREGATORS
            if other != own[layer]
        ]

    def batch(self, setting: Setting, data: Path | None = None) -> Batch:
        sizes = sizes_within(self.shape, setting.shape)
        generator = torch.Generator().manual_seed(derived_seed(setting.seed, "batch"))
        nodes = sizes["nodes"]
        ring = torch.arange(nodes)
        ends = torch.stack(
            [torch.cat([ring, ring]), torch.cat([(ring + 1) % nodes, ring[torch.randperm(nodes, generator=generator)]])]
        )
        features = torch.randn(nodes, sizes["features"], generator=generator)
        return Batch([features, ends], torch.randn(nodes, 1, generator=generator), independent=False)

    def shape_of(self, batch: Batch) -> dict[str, int]:
        if len(batch.arguments) != 2 or batch.arguments[1].is_floating_point() or batch.independent:
            raise SettingError("a graph is features [n, f] and ends of edges [2, e], whole numbers, not independent")
        return {"nodes": len(batch), "features": batch.inputs.shape[1]}

    def build(
        self,
        architecture: Architecture,
        shape: Mapping[str, int] | None = None,
        *,
        init: str = "pytorch",
        seed: int = 0,
        **sizes: int,
    ) -> nn.Module:
        stack, full = _as_stack(architecture), sizes_within(self.shape, shape, sizes)
        with seeded(derived_seed(seed, "weights", str(stack))):
            network = StackNetwork(stack, full["features"], full["hidden"])
            initialise(network, init)
        return network

    def sizes(self, architecture: Architecture, shape: Mapping[str, int] | None = None, **sizes: int) -> Sizes:
        _as_stack(architecture)
        full = sizes_within(self.shape, shape, sizes)
        widths = [full["features"], *[full["hidden"]] * LAYERS, 1]
        weights = sum((wide + 1) * after for wide, after in itertools.pairwise(widths))
        return Sizes(weights, weights * full["nodes"])

    def graphs(self, architecture: Architecture) -> tuple[Graph, ...]:
        labels = ("in", *map(str, range(1, LAYERS)), "out")
        wiring = Wiring(labels, tuple((layer, layer + 1) for layer in range(LAYERS)))
        return (Graph("", wiring, _as_stack(architecture).aggregators),)


class StackNetwork(nn.Module):
    """Features [n, f] and edges [2, e] to a number for each node, [n, 1]."""

    def __init__(self, stack: Stack, features: int, hidden: int) -> None:
        super().__init__()
        self.aggregators = stack.aggregators
        widths = [features, *[hidden] * LAYERS]
        self.layers = nn.ModuleList(nn.Linear(wide, after) for wide, after in itertools.pairwise(widths))
        self.activations = nn.ModuleList(nn.ReLU() for _ in range(LAYERS))
        self.head = nn.Linear(hidden, 1)

    def forward(self, features: Tensor, ends: Tensor) -> Tensor:
        state = features
        for aggregator, layer, activation in zip(self.aggregators, self.layers, self.activations, strict=True):
            state = activation(gathered(layer(state), ends, aggregator))
        outputs: Tensor = self.head(state)
        return outputs


def gathered(state: Tensor, ends: Tensor, aggregator: str) -> Tensor:
    """Each node's own state and those of the nodes whose edges end in it."""
    if aggregator == "none":
        return state
    total = state.index_add(0, ends[1], state[ends[0]])
    if aggregator == "sum":
        return total
    return total / (1 + torch.bincount(ends[1], minlength=len(state)))[:, None]


def _as_stack(architecture: object) -> Stack:
    if not isinstance(architecture, Stack):
        raise SpaceError(f"{architecture!r} is no stack of graph convolutions")
    return architecture
