"""Settings of the search `trilevel` in its spaces."""

from __future__ import annotations

from harness.spaces.searches import SearchPreset, SearchPresets

_NOTE = (
    "the paper was not seen: values of the configurations in a repository derived from its authors' code, where the "
    "images are DIV2K and Flickr2K, the target is what a teacher network makes of them, the learning rate is halved at "
    "epochs 25, 50 and 75 of each phase, and 100 more epochs come before these, in which the weights alone are trained"
)
_PAPER = {
    "epochs": 200, "alpha_warm_up": 100, "batch_size": 3, "width": 64, "image_size": 32, "images": 3450,
    "weight_lr": 1e-4, "weight_lr_min": 1.25e-5, "weight_decay": 0.0, "alpha_lr": 3e-4, "alpha_weight_decay": 0.0,
    "order_weight": 1e-5, "evaluation_batches": 50,
}  # fmt: skip
_SMALL = {
    "epochs": 20, "alpha_warm_up": 6, "steps_per_epoch": 25, "batch_size": 8, "width": 16, "image_size": 16,
    "images": 1600, "weight_lr": 3e-3, "weight_lr_min": 3e-4, "alpha_lr": 3e-3, "evaluation_batches": 10,
}  # fmt: skip


def searches_of(space: str) -> SearchPresets:
    """The settings in the space of that name."""
    return SearchPresets(space, _PAPER, _SMALL, {"trilevel": SearchPreset(note=_NOTE)}, data="DIV2K and Flickr2K")
