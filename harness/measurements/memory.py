"""Which of some tensors another one shares memory with."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class Memory:
    """The memory of some tensors, so that views of them are known, whatever slice of it they read.

    Args:
        tensors: the tensors by name.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._ranges: dict[int, list[tuple[int, int, str]]] = {}
        for name, tensor in tensors.items():
            self._ranges.setdefault(storage_of(tensor), []).append((*_range(tensor), name))

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def holder(self, tensor: Tensor) -> str | None:
        """Name of a tensor whose memory this one lies in; None where there is none."""
        ranges = self._ranges.get(storage_of(tensor))
        if not ranges or not tensor.numel():
            return None
        first, last = _range(tensor)
        return next((name for start, end, name in ranges if first < end and start < last), None)


def storage_of(tensor: Tensor) -> int:
    """Address of the memory that a tensor and all of its views lie in; 0 for one without such memory."""
    if tensor.layout is not torch.strided or tensor._is_zerotensor():
        return 0
    return tensor.untyped_storage().data_ptr()


def _range(tensor: Tensor) -> tuple[int, int]:
    start = tensor.data_ptr()
    last = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return start, start + (last + 1) * tensor.element_size()
