"""Networks trained from scratch under a policy of augmentations."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.search.gradient.daas.sub_policies import augmented
from harness.search.gradient.data import Split, read_images, split_images
from harness.search.gradient.setting import SearchSetting
from harness.setting import derived_seed
from harness.spaces import open_space

if TYPE_CHECKING:
    from harness.batches import Batch
    from harness.search.gradient.data import Normalisation
    from harness.studies.searches.daas.sizes import Policy, Sizes

_LEARNING_RATE, _MOMENTUM, _DECAY = 0.1, 0.9, 5e-4
_BATCH, _PARTS = 64, 4
_TESTED = 500  # images of a pass
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


def halves(data: str, sizes: Sizes, seed: int) -> Split:
    """The images in two halves, which all trainings of a study share."""
    setting = SearchSetting(images=sizes.images, image_size=sizes.image_size)
    return split_images(read_images(data, setting, seed, at_most=True), _HALF, seed)


def trained(space: str, cell: str, policy: Policy, sizes: Sizes, split: Split, seed: int) -> Trained:
    """A cell's network trained on one half under a policy, and tested on the other half without.

    SGD with momentum 0.9, a learning rate that falls from 0.1 to 0 as a half cosine, weight decay 0.0005, batches of 64
    in four parts, each with a sub-policy of its own; the values are ours. The global random state is neither used nor
    changed.
    """
    start = time.process_time()
    opened = open_space(space)
    network = opened.build(opened.parse(cell), width=sizes.width, depth=sizes.depth, seed=seed)
    setting = SearchSetting(
        epochs=sizes.epochs, batch_size=min(_BATCH, len(split.training)), augment=policy.crops,
        weight_lr=_LEARNING_RATE, weight_lr_min=0.0,
    )  # fmt: skip
    optimiser = torch.optim.SGD(network.parameters(), _LEARNING_RATE, _MOMENTUM, weight_decay=_DECAY, nesterov=True)
    steps = split.steps(setting)
    network.train()
    for epoch in range(sizes.epochs):
        for group in optimiser.param_groups:
            group["lr"] = setting.learning_rate(epoch)
        generator = torch.Generator().manual_seed(derived_seed(seed, "training", policy.name, str(epoch)))
        for batch in split.batches("training", setting, seed, epoch, steps):
            inputs = _augmented(batch, policy, split.normalisation, generator)
            optimiser.zero_grad()
            torch.autograd.backward(functional.cross_entropy(network(inputs), batch.labels))
            optimiser.step()
    return Trained(_accuracy(network, split), time.process_time() - start)


def _augmented(batch: Batch, policy: Policy, normalisation: Normalisation | None, generator: torch.Generator) -> Tensor:
    if not policy.sub_policies or normalisation is None:
        return batch.inputs
    shares = torch.tensor(policy.probabilities, dtype=torch.float64, device="cpu")
    chosen = torch.multinomial(shares, _PARTS, replacement=True, generator=generator).tolist()
    parts = [
        augmented(pixels, policy.sub_policies[number], generator)
        for number, pixels in zip(chosen, normalisation.pixels(batch.inputs).tensor_split(_PARTS), strict=True)
    ]
    return normalisation.inputs(torch.cat(parts))


@torch.no_grad()
def _accuracy(network: nn.Module, split: Split) -> float:
    network.eval()
    correct = 0
    for places in split.validation.chunk(math.ceil(len(split.validation) / _TESTED)):
        pixels, labels = split.images.pixels[places], split.images.labels[places]
        if split.normalisation is not None:
            pixels = split.normalisation.inputs(pixels.float() / 255)
        correct += int((network(pixels).argmax(dim=1) == labels).sum())
    return 100 * correct / len(split.validation)
