"""What the scores of a study are made under: images or noise, batch norm's mode, the size of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.batches import Batch
from harness.errors import SettingError
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images, read_cifar10
from harness.spaces.space import completed
from harness.studies.study import StudyOptions

SPACE = "nasbench201"


@dataclass(frozen=True)
class Condition:
    """What scores are made under.

    Attributes:
        words: what it is called in tables and figures.
        changes: of `Setting`'s defaults.
        seeds_on: added to the study's seed, which the weights and all else that is drawn follow from.
        batch_seeds_on: added to the study's seed for the batch alone, which then does not change with the weights and
            is stored as a given one; None for a batch that follows from the same seed as the weights.
    """

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    seeds_on: int = 0
    batch_seeds_on: int | None = None

    def setting(self, seed: int) -> Setting:
        """The setting of the benchmark networks under this condition."""
        return completed(open_space(SPACE), Setting(**{"seed": seed + self.seeds_on, **self.changes}))

    def batch(self, seed: int, data: Path | None = None) -> Batch | None:
        """The batch of a seed of its own; None where the setting says how it is drawn."""
        if self.batch_seeds_on is None:
            return None
        return draw_images(replace(self.setting(seed), seed=seed + self.batch_seeds_on), data)

    @property
    def reads_images(self) -> bool:
        """Whether it needs CIFAR-10."""
        return self.changes.get("input") == "cifar10"


IMAGES = Condition("CIFAR-10 images and labels", {"input": "cifar10", "labels": "true"})
NOISE = Condition("Gaussian noise and random labels", {"input": "gaussian", "labels": "random"})


def possible(conditions: Mapping[str, Condition], options: StudyOptions) -> dict[str, Condition]:
    """The conditions that need no images, or all where CIFAR-10 is there."""
    if options.data is not None and any(condition.reads_images for condition in conditions.values()):
        read_cifar10(options.data)
        return dict(conditions)
    left = {name: condition for name, condition in conditions.items() if not condition.reads_images}
    if len(left) < len(conditions):
        without = ", ".join(condition.words for name, condition in conditions.items() if name not in left)
        options.say(
            f"no CIFAR-10 here, so left out: {without}. For images give --data FOLDER (the binary version), or "
            "fetch it with nasinit pull cifar10"
        )
    if not left:
        raise SettingError("nothing of this study can be done without CIFAR-10")
    return left
