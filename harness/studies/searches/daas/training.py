"""Networks trained from scratch under a policy of augmentations."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from harness.search.gradient.daas.sub_policies import augmented, name_of
from harness.search.gradient.data import Images, read_images, split_images
from harness.search.gradient.setting import SearchSetting
from harness.spaces import open_space
from harness.training.setting import TrainingSetting
from harness.training.trained import Augmentation, train

if TYPE_CHECKING:
    from harness.studies.searches.daas.sizes import Policy, Sizes

_PARTS = 4
_BATCH = 64
_HALF = 0.5


class Training(NamedTuple):
    """One training.

    Attributes:
        part: what it is for: a place of the table of cells and policies, or what a search has found.
        cell: the cell, as text.
        policy: name of the policy.
        seed: seed of the weights, the order of the images and the augmentations.
    """

    part: str
    cell: str
    policy: str
    seed: int


class Trained(NamedTuple):
    """Accuracy on the other half of the images in per cent, and CPU seconds."""

    accuracy_pct: float
    cpu_seconds: float


class Halves(NamedTuple):
    """The images that networks are trained on, and those that they are tested on."""

    training: Images
    test: Images


def halves(data: str, sizes: Sizes, seed: int) -> Halves:
    """The images in two halves, which all trainings of a study share."""
    setting = SearchSetting(images=sizes.images, image_size=sizes.image_size)
    split = split_images(read_images(data, setting, seed, at_most=True), _HALF, seed)
    return Halves(split.images.at(split.training), split.images.at(split.validation))


def trained(space: str, cell: str, policy: Policy, sizes: Sizes, images: Halves, seed: int) -> Trained:
    """A cell's network trained on one half under a policy, and tested on the other half without.

    The training is `harness.training.train`; with sub-policies each batch is in four parts, each with a sub-policy of
    its own.
    """
    start = time.process_time()
    opened = open_space(space)
    setting = TrainingSetting(
        epochs=sizes.epochs, batch_size=min(_BATCH, len(images.training)), width=sizes.width, depth=sizes.depth,
        augment=policy.crops,
    )  # fmt: skip
    found = train(opened, opened.parse(cell), images.training, setting, seed=seed, augmentation=_by_policy(policy))
    right = found.predictions(images.test).argmax(dim=1) == images.test.labels
    return Trained(100 * float(right.double().mean()), time.process_time() - start)


def _by_policy(policy: Policy) -> Augmentation | None:
    """The sub-policies of a policy as a change of a batch; None where it has none."""
    if not policy.sub_policies:
        return None
    shares = torch.tensor(policy.probabilities, dtype=torch.float64, device="cpu")

    def change(pixels: Tensor, generator: torch.Generator) -> Tensor:
        chosen = torch.multinomial(shares, _PARTS, replacement=True, generator=generator).tolist()
        parts = zip(chosen, pixels.tensor_split(_PARTS), strict=True)
        return torch.cat([augmented(part, policy.sub_policies[number], generator) for number, part in parts])

    drawn = zip(map(name_of, policy.sub_policies), policy.probabilities, strict=True)
    return Augmentation("; ".join(f"{share!r} {name}" for name, share in drawn), change)
