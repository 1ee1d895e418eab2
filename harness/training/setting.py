"""The setting of a training."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from harness.errors import SettingError, check_whole

_SMALLEST = {"epochs": 1, "batch_size": 2, "width": 1, "depth": 1}
_NUMBERS = ("learning_rate", "momentum", "weight_decay")


@dataclass(frozen=True)
class TrainingSetting:
    """Everything that a training depends on in addition to the architecture, the images and the seed.

    The optimiser is that of NAS-Bench-201 (Dong & Yang 2020): SGD with Nesterov's momentum and a learning rate that
    falls to 0 as a half cosine over the steps. Sizes and epochs are smaller.

    Args:
        epochs: passes over the images.
        batch_size: images of a step; the last images of an epoch that are no full batch are left out.
        width: channels of the first stage, in spaces that have a width.
        depth: cells in all or in a stage, in spaces that have a depth.
        augment: whether natural images are cropped and flipped at random.
        learning_rate: learning rate of the first step.
        momentum: Nesterov's momentum, above 0.
        weight_decay: weight decay of all weights.

    Raises:
        SettingError: naming the field, the given value and the allowed values.
    """

    epochs: int = 20
    batch_size: int = 64
    width: int = 8
    depth: int = 1
    augment: bool = True
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4

    def __post_init__(self) -> None:
        for name, smallest in _SMALLEST.items():
            check_whole(name, getattr(self, name), smallest, SettingError)
        for name in _NUMBERS:
            value: Any = getattr(self, name)
            bad = isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
            if bad or value < 0 or (value == 0 and name != "weight_decay"):
                raise SettingError(f"{name} must be a number above 0, got {value!r}")
            object.__setattr__(self, name, float(value))

    def json(self) -> str:
        """The setting as one line of JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)
