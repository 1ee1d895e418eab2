"""Speed of the supernets: seconds of processor time a step, and what each way of computing them gains.

Run by hand, not by continuous integration. A step is one forward pass and the gradients by operation weights
and by network weights, on one thread; each figure is the least of a few rounds, and the rows of a table take turns in
each round. Only ratios within a run mean something on another machine.

The plain supernet is a loop over edges and operations in which every operation has its own ReLU, pool and batch norm
and its output is multiplied by its weight. The shipped one also adds products to sums in one sweep.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from harness.spaces import open_space
from harness.spaces.darts import supernet as darts
from harness.spaces.darts.depthwise import depthwise
from harness.spaces.mixing import average_pool, max_pool, weighted_norm
from harness.spaces.nasbench201 import Cell
from harness.spaces.nasbench201 import supernet as nasbench201
from harness.spaces.nasbench201.cell import OPERATIONS
from harness.spaces.supernet import Mixture


@dataclass(frozen=True)
class Plain:
    """A plain supernet with some of the shipped one's ways.

    Attributes:
        relu_once: ReLUs of a node are computed once.
        pools_once: pools of a node are computed once.
        grouped: the convolutions of one kind that leave a node run as one (NAS-Bench-201).
        scaled: weights enter as batch norm's scale.
        pools: average pools as matrix products, maximum pools with the channels last.
        depthwise: gradients of depthwise convolutions (DARTS).
    """

    relu_once: bool = False
    pools_once: bool = False
    grouped: bool = False
    scaled: bool = False
    pools: bool = False
    depthwise: bool = False

    def average(self, inputs: Tensor, stride: int = 1) -> Tensor:
        """The average pool."""
        if self.pools:
            return average_pool(inputs, stride)
        return functional.avg_pool2d(inputs, 3, stride, 1, count_include_pad=False)

    def maximum(self, inputs: Tensor, stride: int) -> Tensor:
        """The maximum pool."""
        return max_pool(inputs, stride) if self.pools else functional.max_pool2d(inputs, 3, stride, 1)

    def normed(self, outputs: Tensor, weights: Tensor) -> Tensor:
        """Batch norm of blocks of channels, times their weights."""
        if self.scaled:
            return weighted_norm(outputs, weights)
        normed = functional.batch_norm(outputs, None, None, training=True)
        return normed * weights.repeat_interleave(outputs.shape[1] // len(weights))[:, None, None]

    def relu(self, kept: dict[str, Tensor], inputs: Tensor) -> Tensor:
        """The ReLU of a node, computed once where it is shared."""
        return _once(self.relu_once, kept, "relu", lambda: functional.relu(inputs))

    def nasbench201_cell(self, cell: Any, inputs: Tensor, mixture: Mixture) -> Tensor:
        """One cell; replaces `nasbench201.MixedCell.forward`."""
        values = {0: inputs}
        sums: dict[int, Any] = dict.fromkeys((1, 2, 3), 0)
        edges = list(nasbench201.EDGES)
        for source in range(3):
            kept: dict[str, Tensor] = {}
            leaving = [edge for edge, (_, start) in enumerate(edges) if start == source]
            blocks = [leaving] if self.grouped else [[edge] for edge in leaving]
            for name, kernel in (("nor_conv_1x1", 1), ("nor_conv_3x3", 3)):
                column = OPERATIONS.index(name)
                for block in blocks:
                    weight = torch.cat([cell.layers[edge][name].weight for edge in block])
                    outputs = functional.conv2d(self.relu(kept, values[source]), weight, padding=kernel // 2)
                    normed = self.normed(outputs, mixture.coefficients[block, column]).chunk(len(block), dim=1)
                    for edge, term in zip(block, normed, strict=True):
                        sums[edges[edge][0]] = sums[edges[edge][0]] + term
            for edge in leaving:
                target, weights = edges[edge][0], mixture.coefficients[edge]
                pool = _once(self.pools_once, kept, "pool", partial(self.average, values[source]))
                sums[target] = sums[target] + weights[1] * values[source] + weights[4] * pool
            values[source + 1] = sums[source + 1]
        return values[3]

    def darts_cell(self, cell: Any, before: Tensor, last: Tensor, mixture: Mixture) -> Tensor:
        """One cell; replaces `darts.MixedCell.forward`."""
        values = [cell.preprocess0(before), cell.preprocess1(last)]
        kept: list[dict[str, Tensor]] = [{} for _ in range(5)]
        totals: list[Tensor] = []
        for edge, (target, source) in enumerate(cell.edges):
            weights, stride = mixture.coefficients[edge], cell._stride(source)
            inputs, shared = values[source], kept[source]
            terms = [
                _once(self.pools_once, shared, "max", partial(self._normed_pool, self.maximum, inputs, stride))
                * weights[1],
                _once(self.pools_once, shared, "avg", partial(self._normed_pool, self.average, inputs, stride))
                * weights[2],
                weights[3] * (inputs if stride == 1 else cell.layers[edge]["skip_connect"](inputs)),
            ]
            for column, (name, (dilation, places)) in enumerate(darts.CONVOLUTIONS.items(), start=4):
                operation, features = cell.layers[edge][name].op, self.relu(shared, inputs)
                for place in places:
                    if place > 1:
                        features, stride = functional.relu(operation[place - 2](features)), 1
                    weight = operation[place].weight
                    features = operation[place + 1](
                        depthwise(features, weight, stride=stride, dilation=dilation)
                        if self.depthwise
                        else operation[place](features)
                    )
                stride = cell._stride(source)
                terms.append(self.normed(features, weights[column][None]))
            totals.append(sum(terms[1:], terms[0]))
            if source == target - 1:
                values.append(sum(totals[1:], totals[0]))
                totals = []
        return torch.cat(values[2:], dim=1)

    @staticmethod
    def _normed_pool(pool: Callable[[Tensor, int], Tensor], inputs: Tensor, stride: int) -> Tensor:
        return functional.batch_norm(pool(inputs, stride), None, None, training=True)


def _once(shared: bool, kept: dict[str, Tensor], name: str, action: Callable[[], Tensor]) -> Tensor:
    """The result of `action`, kept under a name where it is shared."""
    if not shared:
        return action()
    if name not in kept:
        kept[name] = action()
    return kept[name]


VARIANTS = {
    "nasbench201": {
        "plain": Plain(),
        "plain, one ReLU a node": Plain(relu_once=True),
        "plain, one pool a node": Plain(pools_once=True),
        "plain, convolutions of a node as one": Plain(relu_once=True, grouped=True),
        "plain, weights as scales": Plain(scaled=True),
        "plain, pools as products": Plain(pools=True),
        "all but the convolutions as one": Plain(relu_once=True, pools_once=True, scaled=True, pools=True),
    },
    "darts": {
        "plain": Plain(),
        "plain, one ReLU a node": Plain(relu_once=True),
        "plain, pools of a node once": Plain(pools_once=True),
        "plain, weights as scales": Plain(scaled=True),
        "plain, fast pools": Plain(pools=True),
        "plain, fast depthwise gradients": Plain(depthwise=True),
    },
}


def variant(name: str, plain: Plain, sizes: Mapping[str, int]) -> torch.nn.Module:
    """The supernet with its cells computed by `plain`."""
    network = open_space(name).supernet(**sizes)
    for cell in network.modules():
        if isinstance(cell, (nasbench201.MixedCell, darts.MixedCell)):
            cell.forward = partial(getattr(plain, f"{name}_cell"), cell)  # type: ignore[method-assign]
    return network


def step(
    network: torch.nn.Module, batch: tuple[Tensor, Tensor], alphas: Mapping[str, Tensor], *, bfloat16: bool = False
) -> float:
    """One forward pass and one backward pass; its seconds of processor time."""
    start = time.process_time()
    weights = {group: table.softmax(dim=1) for group, table in alphas.items()}
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        loss = functional.cross_entropy(network(batch[0], weights) if alphas else network(batch[0]), batch[1])
    torch.autograd.grad(loss, [*alphas.values(), *network.parameters()], materialize_grads=True)
    return time.process_time() - start


def least(actions: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Least seconds of each action; one round is warm-up, and actions take turns."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds + 1):
        for name, action in actions.items():
            times[name].append(action())
    return {name: min(found[1:]) for name, found in times.items()}


def drawn(name: str) -> tuple[tuple[Tensor, Tensor], dict[str, Tensor]]:
    """A batch of 64 Gaussian images with random labels, and architecture parameters."""
    generator = torch.Generator().manual_seed(0)
    batch = torch.randn(64, 3, 32, 32, generator=generator), torch.randint(0, 10, (64,), generator=generator)
    groups = open_space(name).supernet(width=2, depth=1).groups
    alphas = {key: 1e-3 * torch.randn(group.shape, generator=generator) for key, group in groups.items()}
    return batch, {key: table.requires_grad_() for key, table in alphas.items()}


def bench(name: str, rounds: int, changes: Mapping[str, int]) -> None:
    """Print the table of one space; `changes` are sizes other than its own."""
    space = open_space(name)
    sizes = {size: space.shape[size].default for size in ("width", "depth")} | changes
    batch, alphas = drawn(name)
    actions = {"shipped": partial(step, space.supernet(**sizes), batch, alphas)}
    actions["shipped, bfloat16"] = partial(step, space.supernet(**sizes), batch, alphas, bfloat16=True)
    if name == "nasbench201":
        last = space.supernet(**sizes).to(memory_format=torch.channels_last)
        actions["shipped, channels last"] = partial(step, last, batch, alphas)
    actions |= {key: partial(step, variant(name, plain, sizes), batch, alphas) for key, plain in VARIANTS[name].items()}
    alone = []
    if name == "nasbench201":
        alone = [f"{operation} on all edges" for operation in OPERATIONS]
        networks = [space.build(Cell((operation,) * 6), sizes) for operation in OPERATIONS]
        actions |= {key: partial(step, network, batch, {}) for key, network in zip(alone, networks, strict=True)}
    found = least(actions, rounds)
    unit = found["shipped"]
    print(
        f"\n{name}, C = {sizes['width']}, depth {sizes['depth']}, batch 64; a step is one forward and one backward pass"
    )
    print(f"{'':<34} {'seconds':>8} {'/ shipped':>10}")
    for key, seconds in found.items():
        print(f"{key:<34} {seconds:>8.3f} {seconds / unit:>10.2f}")
    if alone:
        together = sum(found[key] for key in alone)
        print(f"{'the five one after the other':<34} {together:>8.3f} {together / unit:>10.2f}")


def main() -> None:
    """Read the options and print one table a space."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spaces", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--width", type=int, help="channels of the first stage, instead of the space's own")
    parser.add_argument("--depth", type=int, help="cells a stage, or cells, instead of the space's own")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, one thread")
    for name in arguments.spaces:
        given = {"width": arguments.width, "depth": arguments.depth}
        bench(name, arguments.rounds, {size: value for size, value in given.items() if value is not None})


if __name__ == "__main__":
    main()
