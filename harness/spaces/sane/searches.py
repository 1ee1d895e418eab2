"""Settings of gradient-based searches in SANE: those of the authors' code, and ours for a supernet that learns.

By the code's setting the supernet is no better than the most frequent class when the search ends, and no architecture
is derived from it: of the features a signal of 10⁻³ reaches the logits. Weights drawn as He et al. (2015) do keep it.
"""

from __future__ import annotations

from harness.spaces.searches import SearchPreset, SearchPresets

_NOTE = (
    "values and epochs are those of the authors' code and its instructions for Cora; the paper's were not seen; the "
    "last layer's skip is searched too"
)

SEARCHES = SearchPresets(
    "sane",
    data="cora",
    paper={
        "epochs": 20, "width": 32, "augment": False, "evaluation_batches": 1, "weight_lr": 0.025,
        "weight_lr_min": 0.001, "momentum": 0.9, "weight_decay": 5e-4, "gradient_clip": 5.0, "alpha_lr": 3e-4,
        "alpha_weight_decay": 1e-3,
    },
    laptop={"epochs": 60, "init": "kaiming_fan_in", "weight_lr": 0.5, "alpha_lr": 0.01},
    by_method={
        "darts": SearchPreset(note=_NOTE),
        "darts-second-order": SearchPreset(note=_NOTE),
    },
)  # fmt: skip
