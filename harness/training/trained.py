"""The training of one network, from its seed to the same bits on one machine, in one go or in several.

Legend: N images, K classes, H side in pixels.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import DivergedError, SettingError, check_whole
from harness.search.gradient.data import CLASSES, Images, channel_moments, cropped_and_flipped
from harness.setting import derived_seed
from harness.training.saved import FILE, read_training, training_content, write_training
from harness.training.setting import TrainingSetting

if TYPE_CHECKING:
    from harness.spaces.space import Architecture, Space

_BATCH = 500
Moments = tuple[Tensor, Tensor]
"""Mean and standard deviation of each channel of the training images, [1, 3, 1, 1]."""


class Augmentation(NamedTuple):
    """A change of the training images beyond crops and flips.

    Attributes:
        name: text that tells it from all others, part of what a training is known by.
        change: maps images [N, 3, H, H] on the scale from 0 to 1 and a generator of all its random numbers to images
            of the same shape and scale.
    """

    name: str
    change: Callable[[Tensor, torch.Generator], Tensor]


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        network: the network, in eval mode.
        mean: mean of each channel of the training images, on the scale from 0 to 1, [3, 1, 1].
        deviation: their standard deviation, [3, 1, 1].
        rows: of each epoch `epoch` (from 1), `training_loss` (nats), `training_accuracy_pct`, `seconds` of the
            processor.
        resumed_from: number of epochs that were there already.
    """

    network: nn.Module
    mean: Tensor
    deviation: Tensor
    rows: tuple[Mapping[str, float], ...]
    resumed_from: int = 0

    def logits(self, pixels: Tensor) -> Tensor:
        """Logits [N, K] of images [N, 3, H, H] on the scale from 0 to 1, differentiable by them."""
        found: Tensor = self.network((pixels - self.mean) / self.deviation)
        return found

    @torch.no_grad()
    def predictions(self, images: Images) -> Tensor:
        """Logits [N, K] of images of 0 to 255, batch by batch."""
        return torch.cat([self.logits(scaled(part)) for part in torch.split(images.pixels, _BATCH)])


def scaled(pixels: Tensor) -> Tensor:
    """Whole numbers of 0 to 255 on the scale from 0 to 1; floating point values as they are."""
    return pixels if pixels.is_floating_point() else pixels.float() / 255


def train(
    space: Space,
    architecture: Architecture,
    images: Images,
    setting: TrainingSetting | None = None,
    *,
    seed: int = 0,
    augmentation: Augmentation | None = None,
    out: str | Path | None = None,
) -> Trained:
    """Train the network of an architecture; the same arguments give the same weights on the same machine.

    Args:
        space: the space of the architecture, of image classifiers.
        architecture: an architecture of it.
        images: the training images.
        setting: setting of the training; by default `TrainingSetting()`.
        seed: seed of the weights, the order of the images and their augmentation. The global random state is neither
            used nor changed.
        augmentation: change of the images of each step, after the setting's crops and flips; none by default.
        out: folder for the state after every epoch, in `training.pt`; a training that is there goes on, and a finished
            one is read. None writes nothing.

    Raises:
        SettingError: a space of other networks, or fewer images than a batch.
        CheckpointError: a folder with another training, or a file that is none.
        DivergedError: a loss that is NaN or infinite.
    """
    setting = setting or TrainingSetting()
    check_whole("seed", seed, 0, SettingError)
    if not space.problem.classes:
        raise SettingError(f"only image classifiers are trained; the space {space.name} is for {space.problem.name}")
    if len(images) < setting.batch_size:
        raise SettingError(f"{len(images):,} images are less than one batch of {setting.batch_size:,}")
    identity = _identity(space, architecture, images, setting, seed, augmentation)
    state = _State.begun(space, architecture, setting, seed)
    path = None if out is None else Path(out) / FILE
    if path is not None and path.is_file():
        state.restore(read_training(path, identity))
    before, moments = len(state.rows), channel_moments(images)
    steps = len(images) // setting.batch_size
    for epoch in range(before, setting.epochs):
        started = time.process_time()
        row = _epoch(state, _batches(images, setting, seed, epoch, augmentation), steps, setting, moments)
        state.rows.append({"epoch": epoch + 1, **row, "seconds": round(time.process_time() - started, 3)})
        if path is not None:
            write_training(path, identity, state.content())
    mean, deviation = moments
    return Trained(state.network.eval(), mean[0], deviation[0], tuple(state.rows), before)


def is_trained(out: Path, setting: TrainingSetting) -> bool:
    """Whether a folder holds a training of as many epochs; of which network is looked at when it is read."""
    path = out / FILE
    return path.is_file() and len(training_content(path)["rows"]) == setting.epochs


@dataclass
class _State:
    """What the steps change: the network, its optimiser, and the rows of the log."""

    network: nn.Module
    optimizer: torch.optim.SGD
    rows: list[dict[str, float]]

    @classmethod
    def begun(cls, space: Space, architecture: Architecture, setting: TrainingSetting, seed: int) -> _State:
        sizes = {name: getattr(setting, name) for name in ("width", "depth") if name in space.shape}
        network = space.build(architecture, sizes, seed=derived_seed(seed, "training", "weights"))
        optimizer = torch.optim.SGD(
            network.parameters(), setting.learning_rate, setting.momentum, nesterov=True,
            weight_decay=setting.weight_decay,
        )  # fmt: skip
        return cls(network, optimizer, [])

    def content(self) -> dict[str, Any]:
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(), "rows": self.rows}

    def restore(self, content: Mapping[str, Any]) -> None:
        self.network.load_state_dict(content["network"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.rows = list(content["rows"])


def _epoch(
    state: _State, batches: Iterator[tuple[Tensor, Tensor]], steps: int, setting: TrainingSetting, moments: Moments
) -> dict[str, float]:
    """One pass over the batches of an epoch, as many as `steps`; gives its mean loss and accuracy."""
    losses, right, seen = [], 0, 0
    epoch, (mean, deviation) = len(state.rows), moments
    state.network.train()
    for step, (pixels, labels) in enumerate(batches):
        done = (epoch * steps + step) / (setting.epochs * steps)
        for group in state.optimizer.param_groups:
            group["lr"] = setting.learning_rate * (1 + math.cos(math.pi * done)) / 2
        logits = state.network((pixels - mean) / deviation)
        loss = functional.cross_entropy(logits, labels)
        if not bool(loss.isfinite()):
            raise DivergedError(
                f"the loss of a training is {float(loss.detach())} at epoch {epoch + 1}, step {step + 1}: a smaller "
                "learning_rate may help"
            )
        state.optimizer.zero_grad()
        torch.autograd.backward(loss)
        state.optimizer.step()
        losses.append(float(loss.detach()))
        right, seen = right + int((logits.argmax(dim=1) == labels).sum()), seen + len(labels)
    return {"training_loss": math.fsum(losses) / len(losses), "training_accuracy_pct": 100 * right / seen}


def _batches(
    images: Images, setting: TrainingSetting, seed: int, epoch: int, augmentation: Augmentation | None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Images on the scale from 0 to 1 in an order that follows from (seed, epoch), augmented as is asked for."""
    generator = torch.Generator().manual_seed(derived_seed(seed, "training", "order", str(epoch)))
    order = torch.randperm(len(images), generator=generator, device="cpu")
    whole = order[: len(order) // setting.batch_size * setting.batch_size]
    for places in torch.split(whole, setting.batch_size):
        pixels = scaled(images.pixels[places])
        if setting.augment and images.natural:
            pixels = cropped_and_flipped(pixels, generator)
        if augmentation is not None:
            pixels = augmentation.change(pixels, generator)
        yield pixels, images.labels[places]


def _identity(
    space: Space,
    architecture: Architecture,
    images: Images,
    setting: TrainingSetting,
    seed: int,
    augmentation: Augmentation | None,
) -> dict[str, str]:
    return {
        "space": space.name, "architecture": str(architecture), "seed": str(seed), "setting": setting.json(),
        "images": images.digest(), "classes": str(CLASSES),
        "augmentation": "" if augmentation is None else augmentation.name,
    }  # fmt: skip
