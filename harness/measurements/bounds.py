"""Bounds of the numbers in a pass that follow from the operations alone: what cannot overflow need not be looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from weakref import ref

import torch
from torch import Tensor

from harness.measurements.memory import storage_of

_SLACK: Final = 1e6
"""By how much a bound must lie below the largest number, so that rounding cannot take an entry beyond it."""


class Bounds:
    """An upper bound of the absolute values of each tensor that a pass has made, where one is known.

    After batch norm with the batch's own statistics no entry is further from 0 than |weight| · √n + |bias|, n the
    values of a channel, since the squared distance of one value from any centre is at most n times their mean; the
    bound that is kept also holds for what the kernel adds up. ReLU and maxima raise no bound, sums add them up, and a
    convolution multiplies by its largest sum of absolute weights. What NumPy writes into a tensor's memory is not seen.
    """

    def __init__(self) -> None:
        self._known: dict[int, list[tuple[ref[Tensor], int, float]]] = {}
        """By the address of the memory, so that a write by any view or alias is seen."""

    def of(self, tensor: object) -> float:
        """The bound of a tensor, or of a number; infinity where none is known."""
        if not isinstance(tensor, Tensor):
            return abs(tensor) if isinstance(tensor, (int, float)) else math.inf
        for there, version, bound in self._known.get(storage_of(tensor), ()):
            # a tensor may lie where another was, and what has been written to since may be any number
            if there() is tensor and tensor._version == version:
                return bound
        return math.inf

    def forget(self, written: Iterable[object]) -> None:
        """Forget the bounds of all tensors that lie in the memory of those that an operation writes."""
        for each in written:
            if isinstance(each, Tensor):
                self._known.pop(storage_of(each), None)
            elif isinstance(each, (list, tuple)):
                self.forget(each)

    def keep(self, operation: str, result: Tensor, args: tuple[Any, ...], options: Mapping[str, Any]) -> bool:
        """Keep the bound of what an operation of `BOUNDED` has given, if there is one.

        Returns:
            Whether every entry is finite by it.
        """
        return self._keep(result, BOUNDED[operation](self, args, options))

    def keep_norm(self, result: Tensor, args: tuple[Any, ...], mean: Tensor, deviation: Tensor) -> bool:
        """As `keep`, for batch norm; its kernel adds numbers of the size of mean / deviation, which must be finite too.

        Args:
            result: the normalised values.
            args: arguments of the operation.
            mean: the means by channel.
            deviation: 1 / standard deviation by channel.
        """
        inputs, weight, bias, training = args[0], args[1], args[2], args[5]
        if not training:
            return False
        scale = _largest(weight, 1.0)
        summands = float((mean.double() * deviation.double()).abs().max()) + math.sqrt(inputs.numel() / inputs.shape[1])
        return self._keep(result, 2 * scale * summands + _largest(bias, 0.0))

    def follows(self, result: Tensor, read: Tensor) -> bool:
        """Keep as a result's bound that of what it was made of; whether every entry is finite by it."""
        return self._keep(result, self.of(read))

    def _keep(self, tensor: Tensor, bound: float) -> bool:
        if not tensor.is_floating_point() or tensor.is_inference():
            return False
        if not bound < torch.finfo(tensor.dtype).max / _SLACK:
            return False
        place = storage_of(tensor)
        alive = [entry for entry in self._known.get(place, ()) if entry[0]() is not None]
        self._known[place] = [*alive, (ref(tensor), tensor._version, bound)]
        return True


def _of_first(bounds: Bounds, args: tuple[Any, ...], options: Mapping[str, Any]) -> float:
    return bounds.of(args[0])


def _of_sum(bounds: Bounds, args: tuple[Any, ...], options: Mapping[str, Any]) -> float:
    return bounds.of(args[0]) + bounds.of(args[1]) * bounds.of(options.get("alpha", 1))


def _of_product(bounds: Bounds, args: tuple[Any, ...], options: Mapping[str, Any]) -> float:
    return bounds.of(args[0]) * bounds.of(args[1])


def _of_window(bounds: Bounds, args: tuple[Any, ...], options: Mapping[str, Any]) -> float:
    side = float(max(args[1]))
    return bounds.of(args[0]) * side**2  # of the sum, before it is divided


def _of_zeros(bounds: Bounds, args: tuple[Any, ...], options: Mapping[str, Any]) -> float:
    return 0.0


def _of_parts(bounds: Bounds, args: tuple[Any, ...], options: Mapping[str, Any]) -> float:
    return max((bounds.of(part) for part in args[0]), default=0.0)


def _of_convolution(bounds: Bounds, args: tuple[Any, ...], options: Mapping[str, Any]) -> float:
    inputs, weight, bias, transposed = args[0], args[1], args[2], args[6]
    bound = bounds.of(inputs)
    if transposed or not math.isfinite(bound):
        return math.inf
    return bound * float(weight.abs().sum(tuple(range(1, weight.ndim))).max()) + _largest(bias, 0.0)


def _largest(tensor: Tensor | None, instead: float) -> float:
    return instead if tensor is None else float(tensor.abs().max())


BOUNDED: Final[Mapping[str, Callable[[Bounds, tuple[Any, ...], Mapping[str, Any]], float]]] = {
    **dict.fromkeys("relu clone max_pool2d_with_indices".split(), _of_first),
    **dict.fromkeys("zeros zeros_like new_zeros".split(), _of_zeros),
    "avg_pool2d": _of_window,
    "add": _of_sum,
    "mul": _of_product,
    "cat": _of_parts,
    "convolution": _of_convolution,
}
"""Operations whose result has a bound that follows from what they read, by name."""
