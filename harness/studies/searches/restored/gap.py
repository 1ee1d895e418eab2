"""The gap between a supernet and the network that is derived from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor, nn

from harness.spaces.supernet import Supernet

GAP = "gap.json"


class Mixed(nn.Module):
    """A supernet with fixed weights, as a network of images alone."""

    def __init__(self, supernet: Supernet, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.supernet, self._weights = supernet, weights

    def forward(self, images: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, sH, sW]."""
        restored: Tensor = self.supernet(images, self._weights)
        return restored


def kept_gap(folder: Path, measure: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    """Two measured values, which the folder of a search keeps."""
    path = folder / GAP
    if not path.is_file():
        path.write_text(json.dumps(measure()) + "\n", encoding="utf-8")
    first, second = json.loads(path.read_text(encoding="utf-8"))
    return float(first), float(second)
