"""Networks trained from scratch under a policy of augmentations."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from harness.search.gradient.daas.sub_policies import augmented, name_of
from harness.search.gradient.data import Images
from harness.search.gradient.setting import SearchSetting
from harness.setting import derived_seed
from harness.spaces import open_space
from harness.studies.searches.held_out import training_and_test
from harness.training.setting import TrainingSetting
from harness.training.trained import Augmentation, train

if TYPE_CHECKING:
    from harness.studies.searches.daas.sizes import Policy, Sizes

_PARTS = 4
_BATCH = 64


class Training(NamedTuple):
    """One training.

    Attributes:
        part: what it is for: a place of the table of cells and policies, or what a search has found.
        cell: the cell, as text.
        policy: name of the policy.
        policy_digest: digest of the policy's content.
        replicate: number of the repetition; of what a search has found, the search's seed.
    """

    part: str
    cell: str
    policy: str
    policy_digest: str
    replicate: int

    def seed(self, study: int) -> int:
        """Seed of the weights, the order of the images and the augmentations, which no other training has.

        Trainings that shared it would share their initial noise, so that replicates were blocks and not independent.

        Args:
            study: seed of the study.
        """
        return derived_seed(study, "daas", self.part, self.cell, self.policy, str(self.replicate))


class Trained(NamedTuple):
    """Accuracy on the test images in per cent, and CPU seconds."""

    accuracy_pct: float
    cpu_seconds: float


class Parts(NamedTuple):
    """The images that networks are trained on, and those that they are tested on."""

    training: Images
    test: Images


def images_of(data: str, sizes: Sizes, seed: int) -> Parts:
    """The images that all trainings of a study share; searches and trainings see none of the test images.

    Args:
        data: data of the searches.
        sizes: the study's sizes.
        seed: seed of the choice of the training images.
    """
    setting = SearchSetting(images=sizes.images, image_size=sizes.image_size)
    return Parts(*training_and_test(data, setting, seed))


def training_setting(sizes: Sizes, images: Parts, *, crops: bool) -> TrainingSetting:
    """The setting of the trainings.

    Args:
        sizes: the study's sizes.
        images: the images.
        crops: whether images are cropped and flipped.
    """
    return TrainingSetting(
        epochs=sizes.epochs, batch_size=min(_BATCH, len(images.training)), width=sizes.width, depth=sizes.depth,
        augment=crops,
    )  # fmt: skip


def trained(space: str, cell: str, policy: Policy, sizes: Sizes, images: Parts, seed: int) -> Trained:
    """A cell's network trained under a policy, and tested without.

    The training is `harness.training.train`; with sub-policies each batch is in four parts, each with a sub-policy of
    its own.
    """
    start = time.process_time()
    opened, setting = open_space(space), training_setting(sizes, images, crops=policy.crops)
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
