"""The common part of the methods' presets: DARTS's published settings, and reductions for a laptop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.search.gradient.method import Presets
from harness.search.gradient.setting import SearchSetting

NASBENCH201 = SearchSetting(epochs=50, depth=5, weight_decay=5e-4, nesterov=True)
"""DARTS on NAS-Bench-201 (Dong & Yang 2020): C = 16, N = 5, batch 64."""

DARTS = SearchSetting(epochs=50, depth=8)
"""DARTS in its own space on CIFAR-10 (Liu, Simonyan and Yang 2019): C = 16, 8 cells, batch 64."""

PUBLISHED_DATA = "cifar10"
"""Data of all published searches, half of the training images for the weights and half for α."""

_LAPTOP: Mapping[str, Mapping[str, Any]] = {
    "nasbench201": {
        "epochs": 20, "depth": 1, "image_size": 16, "images": 4096, "augment": False, "evaluation_batches": 5,
        "alpha_lr": 0.01,
    },
    "darts": {
        "epochs": 10, "width": 8, "depth": 3, "image_size": 16, "images": 2048, "augment": False,
        "evaluation_batches": 5, "alpha_lr": 0.01,
    },
}  # fmt: skip


def presets(
    nasbench201: SearchSetting,
    darts: SearchSetting,
    laptop: Mapping[str, Mapping[str, Any]] | None = None,
    notes: Mapping[str, str] | None = None,
) -> dict[str, Presets]:
    """The presets of a method by space: its published settings, and reduced ones for a laptop.

    Args:
        nasbench201: the published setting on NAS-Bench-201.
        darts: the published setting in the DARTS space.
        laptop: further changes for the method's laptop preset by space, which replace the common reductions.
        notes: notes by space on values that are not published, or not for this space.
    """
    return {
        space: Presets(
            paper, paper.changed({**_LAPTOP[space], **(laptop or {}).get(space, {})}), (notes or {}).get(space, "")
        )
        for space, paper in (("nasbench201", nasbench201), ("darts", darts))
    }
