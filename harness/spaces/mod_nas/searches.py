"""Settings of the search `mod-nas` in its spaces."""

from __future__ import annotations

from harness.spaces.searches import SearchPreset, SearchPresets

_NOTE = (
    "the paper's settings were not seen: crops, batches and Adam's 5e-4 are those of a predecessor's code, DPDNN, "
    "which trains on DIV2K and halves the rate every three epochs of 450,000 crops; all else is our reading"
)
_PAPER = {
    "epochs": 50, "alpha_warm_up": 10, "batch_size": 16, "width": 64, "depth": 6, "image_size": 128, "images": 80_000,
    "weight_lr": 5e-4, "weight_lr_min": 0.0, "weight_decay": 0.0, "alpha_lr": 3e-4, "alpha_weight_decay": 0.0,
    "mac_weight": 0.0, "evaluation_batches": 50,
}  # fmt: skip
_SMALL = {
    "epochs": 20, "alpha_warm_up": 6, "steps_per_epoch": 25, "batch_size": 8, "width": 16, "depth": 2,
    "image_size": 32, "images": 1600, "weight_lr": 3e-3, "weight_lr_min": 3e-4, "alpha_lr": 0.05,
    "evaluation_batches": 10,
}  # fmt: skip


def searches_of(space: str) -> SearchPresets:
    """The settings in the space of that name."""
    return SearchPresets(space, _PAPER, _SMALL, {"mod-nas": SearchPreset(note=_NOTE)}, data="not seen")
