"""Bytes of a step: of a full supernet, of what is left after pruning, and of a path."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from harness.search.gradient.data import CHANNELS
from harness.search.gradient.memory_bound import bytes_by_number
from harness.spaces import open_space
from harness.spaces.space import searchable


class Size(NamedTuple):
    """A supernet, and the batch of a step.

    Attributes:
        space: name of the space.
        width: channels of the first stage.
        depth: cells, in all or in a stage.
        batch_size: images of a step.
        image_size: side of the images in pixels.
    """

    space: str
    width: int
    depth: int
    batch_size: int = 64
    image_size: int = 32


SIZES = (Size("nasbench201", 16, 5), Size("darts", 16, 8), Size("nasbench201-large", 16, 1))
QUICK_SIZES = (Size("nasbench201", 4, 1, 8, 16),)


def memory_frame(sizes: tuple[Size, ...]) -> pd.DataFrame:
    """Bytes of a step with the k most expensive operations on each edge, for every k (`bytes_by_number`).

    Returns:
        The fields of `Size`, `operations` (k; 1 is a path), `of` (O), `step_mb` (10⁶ bytes), `share` (of the full
        supernet's).
    """
    return pd.DataFrame([row for size in sizes for row in _rows(size)])


def _rows(size: Size) -> list[dict[str, Any]]:
    supernet = searchable(open_space(size.space)).supernet(width=size.width, depth=size.depth)
    found = bytes_by_number(supernet, (size.batch_size, CHANNELS, size.image_size, size.image_size))
    return [
        {**size._asdict(), "operations": kept, "of": len(found), "step_mb": bytes_ / 1e6, "share": bytes_ / found[-1]}
        for kept, bytes_ in enumerate(found, start=1)
    ]
