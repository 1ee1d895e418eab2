"""A second pass on the linear pieces of the first: the same ReLUs open, the same maxima chosen.

The gradient of a network with ReLUs jumps where a unit opens or closes. A difference of two gradients is made of such
jumps far more than of the derivative in between, which is all that automatic differentiation sees: on small
NAS-Bench-201 supernets with batch norm, 2 to 100 times more for differences of 10⁻² down to 10⁻⁵ of the weights.
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


class RecordedKinks(TorchFunctionMode):
    """Within it, ReLUs and max pools keep which units are closed and which pixels are the largest."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """The function's own value."""
        if func in _RELUS:
            values = func(*args, **(kwargs or {}))
            self.places.append(values.detach() == 0)
            return values
        if func in _MAXIMA:
            values, places = functional.max_pool2d_with_indices(*args, **_without_indices(kwargs))
            self.places.append(places)
            return values
        return func(*args, **(kwargs or {}))


class FrozenKinks(TorchFunctionMode):
    """Within it, ReLUs and max pools choose as they did in a recorded pass of the same functions in the same order."""

    def __init__(self, recorded: RecordedKinks) -> None:
        super().__init__()
        self.places: Iterator[Tensor] = iter(recorded.places)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """The function's value with the recorded choice."""
        if func in _RELUS:
            return args[0].masked_fill(next(self.places), 0.0)
        if func in _MAXIMA:
            places = next(self.places)
            return args[0].flatten(2).gather(2, places.flatten(2)).view(places.shape)
        return func(*args, **(kwargs or {}))


def _without_indices(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (kwargs or {}).items() if name != "return_indices"}
