"""On which side of zero the input of every ReLU lay in the authors' runs.

The networks of the six cells have 10 to 30 million such inputs. In float32 up to 54 of them lie so near zero that
rounding decides on their side, which is a matter of the processor's kernels, and one that changes sides moves a
gradient by 1e-4 to 1e-2 of its value. `relu_sides.csv` lists those that float64 and the authors' float32 leave on
different sides; `record_relu_sides.py` wrote it. With them a network gives the authors' scores on any processor: in
float64 to a few 1e-6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

RECORDED = Path(__file__).with_name("relu_sides.csv")
"""A row for a cell, a batch (`x` or `x2`) and a ReLU: the places in its flattened input, separated by spaces."""


def relus(network: nn.Module) -> dict[str, nn.Module]:
    return {name: module for name, module in network.named_modules() if isinstance(module, nn.ReLU)}


def relu_inputs(network: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """What each ReLU reads in a pass of `inputs`, by its name, in the network's precision."""
    found: dict[str, Tensor] = {}

    def keep(name: str, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        found[name] = arguments[0].detach()

    handles = [relu.register_forward_pre_hook(partial(keep, name)) for name, relu in relus(network).items()]
    with torch.no_grad():
        network(inputs.to(next(network.parameters())))
    for handle in handles:
        handle.remove()
    return found


def recorded(cell: int, batch: str) -> dict[str, Tensor]:
    """Places in the flattened input of each ReLU that are on another side in the authors' float32 than in float64."""
    rows = pd.read_csv(RECORDED)
    chosen = rows[(rows["cell"] == cell) & (rows["batch"] == batch)]
    return {
        relu: torch.tensor([int(place) for place in places.split()])
        for relu, places in zip(chosen["relu"], chosen["places"].astype(str), strict=True)
    }


def authors_sides(exact: nn.Module, inputs: Tensor, cell: int, batch: str) -> dict[str, Tensor]:
    """Whether each input of each ReLU was positive in the authors' run; `exact` is the cell's network in float64."""
    sides = {name: values > 0 for name, values in relu_inputs(exact, inputs).items()}
    for name, places in recorded(cell, batch).items():
        flat = sides[name].view(-1)
        flat[places] = ~flat[places]
    return sides


def keep_sides(network: nn.Module, known: Sequence[tuple[Tensor, Mapping[str, Tensor]]]) -> nn.Module:
    """Make every ReLU of the network take the known sides, in each later pass of a batch that is known.

    An input on the wrong side is mirrored at zero, by adding a constant: it is next to zero, so that no value moves,
    and the derivative is that of the right side. In a pass of any other batch nothing happens.
    """
    running: dict[str, Tensor] = {}

    def start(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        running.clear()
        for inputs, sides in known:
            if arguments[0].shape == inputs.shape and torch.equal(arguments[0], inputs.to(arguments[0])):
                running.update(sides)

    def mirror(name: str, module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Tensor] | None:
        values = arguments[0]
        if name not in running or not bool((wrong := (values.detach() > 0) != running[name]).any()):
            return None
        return (values - 2 * values.detach() * wrong,)

    network.register_forward_pre_hook(start)
    for name, relu in relus(network).items():
        relu.register_forward_pre_hook(partial(mirror, name))
    return network
