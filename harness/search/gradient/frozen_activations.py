"""Frozen activations: a second pass on the linear pieces of the first, with the same active ReLUs and the same maxima.

The gradient of a network with ReLUs jumps where a unit turns on or off. In a difference of two gradients these jumps
are larger than the derivative between them, which is what automatic differentiation gives: 2 to 100 times larger on
small NAS-Bench-201 supernets with batch norm, for differences of 10⁻² down to 10⁻⁵ of the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_RELUS = (functional.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_)
_MAXIMA = (functional.max_pool2d, torch.max_pool2d)


class RecordedActivations(TorchFunctionMode):
    """Inside, outputs of ReLUs (0 where a unit is inactive) and the largest pixels of max pools are recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """The value of the function itself."""
        if func in _RELUS:
            values = func(*args, **(kwargs or {}))
            self.places.append(values.detach())
            return values
        if func in _MAXIMA:
            values, places = functional.max_pool2d_with_indices(*args, **_without_indices(kwargs))
            self.places.append(places)
            return values
        return func(*args, **(kwargs or {}))


class FrozenActivations(TorchFunctionMode):
    """Inside, ReLUs and max pools choose as in a recorded pass that called the same functions in the same order."""

    def __init__(self, recorded: RecordedActivations) -> None:
        super().__init__()
        self.places: Iterator[Tensor] = iter(recorded.places)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """The function's value with the recorded choice."""
        if func in _RELUS:
            return torch.ops.aten.threshold_backward(args[0], next(self.places), 0)  # the input where a unit is active
        if func in _MAXIMA:
            places = next(self.places)
            return args[0].flatten(2).gather(2, places.flatten(2)).view(places.shape)
        return func(*args, **(kwargs or {}))


def _without_indices(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (kwargs or {}).items() if name != "return_indices"}
