"""Exact number of bytes that a pass keeps for its backward pass, by `torch.autograd.graph.saved_tensors_hooks`."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks


class _Kept:
    """A tensor that the graph keeps; it dies with the part of the graph that keeps it.

    It holds the values without their history: an output that its own operation keeps would else hold that operation,
    and neither would ever die. Autograd puts the history back.
    """

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor.detach()


class SavedTensors:
    """Follows the tensors that operations inside a `with` block keep for their backward pass.

    >>> factor = torch.ones(1000, requires_grad=True)
    >>> with SavedTensors() as saved:
    ...     values = (factor * 2).exp()
    >>> saved.bytes()
    4000
    >>> del values
    >>> saved.bytes()
    0

    What counts is the memory of a storage, once, however many tensors and operations share it. Values and gradients do
    not change. A tensor that an operation holds without `save_for_backward` is not seen, and neither is what a backward
    pass makes for a second one outside of the block.
    """

    def __init__(self) -> None:
        self._kept: WeakSet[_Kept] = WeakSet()
        self._hooks = saved_tensors_hooks(self._pack, _unpack)

    def __enter__(self) -> SavedTensors:
        self._hooks.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hooks.__exit__(kind, error, trace)

    def bytes(self, besides: Iterable[Tensor] = ()) -> int:
        """Bytes of the storages that the graph keeps now.

        Args:
            besides: tensors whose storages are not counted since they stay anyway, such as weights and inputs.
        """
        without = {_place(tensor) for tensor in besides}
        sizes = {_place(kept.tensor): kept.tensor.untyped_storage().nbytes() for kept in list(self._kept)}
        return sum(size for place, size in sizes.items() if place not in without)

    def _pack(self, tensor: Tensor) -> _Kept:
        kept = _Kept(tensor)
        self._kept.add(kept)
        return kept


def _unpack(kept: Any) -> Tensor:
    tensor: Tensor = kept.tensor
    return tensor


def _place(tensor: Tensor) -> tuple[torch.device, int]:
    """What names a tensor's memory while it lives: its address, or its storage on the device `meta`, where it has none.

    Two storages may lie at one address: a NumPy array's become one each time that it is made a tensor.
    """
    storage = tensor.untyped_storage()
    return tensor.device, storage.data_ptr() or storage._cdata
