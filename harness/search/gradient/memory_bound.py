"""A bound on the bytes that a step of a search keeps, checked before each pass by a pass over shapes alone."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from harness.errors import MemoryBoundError
from harness.search.gradient.saved_bytes import SavedTensors
from harness.spaces.group import MaskRows, Masks, mask_rows

if TYPE_CHECKING:
    from harness.spaces.supernet import Supernet

MOST_BYTES = "most_bytes"
"""Name in a search's memory of the largest number of bytes of its steps so far, where it has a bound."""

_MEGABYTE = 10**6
_COPIES = 3  # a weight, its gradient and its momentum


def step_bytes(supernet: Supernet, inputs: Sequence[int], active: Masks | None = None) -> int:
    """Bytes that a step on a supernet keeps: what its pass saves for the backward pass, and three times the weights.

    The pass runs over shapes alone, on PyTorch's device `meta`, so that it needs neither the memory nor the time of a
    real one. Weights count three times: themselves, their gradients and their momentum. With the channels last, a real
    pass may save up to a thousandth less, since its pools need no matrices.

    Args:
        supernet: the supernet, with the layers of the operations that it keeps.
        inputs: shape of a batch of images, [N, channels, H, W].
        active: the operations that are computed, by group [E, O]; None for all that the supernet keeps.
    """
    return _bytes_of_shapes(_shapes_of(supernet), inputs, active)


def _shapes_of(supernet: Supernet) -> Supernet:
    return copy.deepcopy(supernet).to("meta")


def _bytes_of_shapes(shapes: Supernet, inputs: Sequence[int], active: Masks | None) -> int:
    images = torch.empty(*inputs, device="meta", dtype=torch.float32)
    weights = {
        name: torch.empty(group.shape, device="meta", dtype=torch.float32, requires_grad=True)
        for name, group in shapes.groups.items()
    }
    classes = torch.zeros(len(images), device="meta", dtype=torch.long)
    with torch.enable_grad(), SavedTensors() as saved:
        loss = functional.cross_entropy(shapes(images, weights, None, active), classes)
    kept = saved.bytes(besides=[*shapes.parameters(), *shapes.buffers(), images, *weights.values()])
    del loss
    return kept + _COPIES * sum(weight.nbytes for weight in shapes.parameters())


def bytes_by_number(supernet: Supernet, inputs: Sequence[int]) -> list[int]:
    """Bytes of a step with 1, 2, ... O operations on every edge, the most expensive first.

    Operations are ordered by the bytes of a step in which they are alone on every edge. Work that operations share
    makes bytes less than additive, so that another choice of as many may keep a little more.

    Args:
        supernet: the supernet, with all operations.
        inputs: shape of a batch of images, [N, channels, H, W].
    """
    shapes = _shapes_of(supernet)
    count = max(len(group.operations) for group in supernet.groups.values())
    alone = [_bytes_of_shapes(shapes, inputs, _with(supernet, [column])) for column in range(count)]
    order = sorted(range(count), key=alone.__getitem__, reverse=True)
    return [_bytes_of_shapes(shapes, inputs, _with(supernet, order[:number])) for number in range(1, count + 1)]


def _with(supernet: Supernet, columns: Sequence[int]) -> dict[str, Tensor]:
    """Masks by group, [E, O], of the operations of these columns on every edge."""
    masks = {}
    for name, group in supernet.groups.items():
        masks[name] = torch.zeros(group.shape, dtype=torch.bool, device="cpu")
        masks[name][:, columns] = True
    return masks


class MemoryBound:
    """A bound on the bytes of every step of a search.

    Args:
        megabytes: the bound, in 10⁶ bytes.

    Attributes:
        most: the largest number of bytes of a step so far.
    """

    def __init__(self, megabytes: float) -> None:
        self.megabytes, self.most = megabytes, 0
        self._known: dict[tuple[object, ...], int] = {}
        self._shapes: dict[tuple[object, ...], Supernet] = {}

    def check(self, supernet: Supernet, inputs: Sequence[int], active: Masks | None) -> None:
        """Refuse a pass before it runs.

        Raises:
            MemoryBoundError: a step would keep more than the bound, with both numbers.
        """
        found = self._bytes(supernet, tuple(inputs), active)
        self.most = max(self.most, found)
        if found > self.megabytes * _MEGABYTE:
            raise MemoryBoundError(
                f"a step keeps {_megabytes(found)}, above the bound of {_megabytes(self.megabytes * _MEGABYTE)}: take "
                "fewer operations, a smaller width, depth or batch_size, or a larger memory_mb"
            )

    def check_stage(self, supernet: Supernet, inputs: Sequence[int], keep: int) -> None:
        """Refuse a search in stages whose last one may not fit, before its first step.

        Args:
            supernet: the supernet of the first stage.
            inputs: shape of a batch of images, [N, channels, H, W].
            keep: number of operations that each edge keeps in the last stage.

        Raises:
            MemoryBoundError: naming the largest number of operations that fits.
        """
        found = bytes_by_number(supernet, inputs)
        if found[keep - 1] > self.megabytes * _MEGABYTE:
            fits = sum(number <= self.megabytes * _MEGABYTE for number in found)
            raise MemoryBoundError(
                f"the last stage keeps {keep} operations of an edge, with which a step may keep "
                f"{_megabytes(found[keep - 1])}, above the bound of {_megabytes(self.megabytes * _MEGABYTE)}: "
                + (f"{fits} fit" if fits else "not even one fits")
            )

    def _bytes(self, supernet: Supernet, inputs: tuple[int, ...], active: Masks | None) -> int:
        rows: dict[str, MaskRows] = mask_rows("active operations", active, supernet.groups)
        kept = tuple(supernet.kept.items())
        key = (kept, tuple(rows.items()), inputs)
        if key not in self._known:
            if kept not in self._shapes:
                self._shapes = {kept: _shapes_of(supernet)}  # a search prunes: the supernets before are over
            self._known[key] = _bytes_of_shapes(self._shapes[kept], inputs, active)
        return self._known[key]


def _megabytes(count: float) -> str:
    return f"{count / _MEGABYTE:,.4g} MB" if count < 1000 * _MEGABYTE else f"{count / _MEGABYTE:,.0f} MB"
