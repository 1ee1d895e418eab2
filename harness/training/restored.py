"""The training of a restoring network, from its weights to the same bits on one machine, in one go or in several.

Adam on crops that are drawn anew in each epoch; the learning rate rises over the first tenth of the steps and falls to
0 as a half cosine. The protocol is ours, and short: networks are compared at equal cost in minutes of one core. With
the defaults a network sees 64,000 crops of 20 x 20 pixels, each with its clean one.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from harness.errors import DivergedError, SettingError, check_whole
from harness.restoration.crops import Crops
from harness.setting import derived_seed
from harness.training.saved import FILE, read_training, training_content, write_training

_SMALLEST = {"epochs": 1, "steps": 1, "batch_size": 1, "image_size": 1}
_RISE = 0.1
"""Share of the steps in which the learning rate rises."""


@dataclass(frozen=True)
class RestorationSetting:
    """Everything that the training of a restoring network depends on, beside the network, the crops and the seed.

    Args:
        epochs: epochs, after each of which the training can be interrupted.
        steps: steps of an epoch.
        batch_size: crops of a step.
        image_size: side of the degraded crops in pixels.
        learning_rate: largest learning rate of Adam, after a tenth of the steps.
        loss: name of a loss of the problem; None for its default.

    Raises:
        SettingError: naming the field, the given value and the allowed values.
    """

    epochs: int = 10
    steps: int = 400
    batch_size: int = 16
    image_size: int = 20
    learning_rate: float = 3e-3
    loss: str | None = None

    def __post_init__(self) -> None:
        for name, smallest in _SMALLEST.items():
            check_whole(name, getattr(self, name), smallest, SettingError)
        rate: Any = self.learning_rate
        good = isinstance(rate, (int, float)) and not isinstance(rate, bool) and math.isfinite(rate) and rate > 0
        if not good:
            raise SettingError(f"learning_rate must be a number above 0, got {rate!r}")
        object.__setattr__(self, "learning_rate", float(rate))

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0 over all epochs."""
        total = self.epochs * self.steps
        done, rise = (step + 1) / total, max(_RISE, 1 / total)
        if done <= rise:
            return self.learning_rate * done / rise
        return self.learning_rate * (1 + math.cos(math.pi * (done - rise) / (1 - rise))) / 2

    def json(self) -> str:
        """The setting as one line of JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class Restored:
    """A trained restoring network.

    Attributes:
        network: the network, in eval mode.
        rows: of each epoch `epoch` (from 1), `training_loss` and `seconds` of the processor.
        resumed_from: number of epochs that were there already.
    """

    network: nn.Module
    rows: tuple[Mapping[str, float], ...]
    resumed_from: int = 0

    @property
    def seconds(self) -> float:
        """Seconds of the processor of all epochs."""
        return math.fsum(row["seconds"] for row in self.rows)


def train_restorer(
    network: nn.Module,
    crops: Crops,
    setting: RestorationSetting | None = None,
    *,
    seed: int = 0,
    out: str | Path | None = None,
) -> Restored:
    """Train a copy of a restoring network; the same arguments give the same weights on the same machine.

    Args:
        network: the network with the weights that it begins with, drawn or inherited; it stays as it is.
        crops: the images that crops are drawn from, and the problem.
        setting: setting of the training; by default `RestorationSetting()`.
        seed: seed of the crops. The global random state is neither used nor changed.
        out: folder for the state after every epoch, in `training.pt`; a training that is there goes on, and a finished
            one is read. None writes nothing.

    Raises:
        SettingError: crops that do not fit into the images, or a loss that the problem does not have.
        CheckpointError: a folder with another training, or a file that is none.
        DivergedError: a loss that is NaN or infinite.
    """
    setting = setting or RestorationSetting()
    check_whole("seed", seed, 0, SettingError)
    crops.problem.check_loss(setting.loss)
    identity = {
        "network": _digest(network), "crops": crops.digest(), "problem": crops.problem.name, "seed": str(seed),
        "setting": setting.json(),
    }  # fmt: skip
    trained = copy.deepcopy(network).train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(trained.parameters(), setting.learning_rate)
    rows: list[dict[str, float]] = []
    path = None if out is None else Path(out) / FILE
    if path is not None and path.is_file():
        content = read_training(path, identity)
        trained.load_state_dict(content["network"])
        optimizer.load_state_dict(content["optimizer"])
        rows = list(content["rows"])
    before = len(rows)
    for epoch in range(before, setting.epochs):
        started = time.process_time()
        loss = _epoch(trained, optimizer, crops, setting, epoch, derived_seed(seed, "training", "crops", str(epoch)))
        rows.append(
            {"epoch": epoch + 1, "training_loss": loss, "seconds": round(time.process_time() - started, 3)}
        )  # fmt: skip
        if path is not None:
            state = {"network": trained.state_dict(), "optimizer": optimizer.state_dict(), "rows": rows}
            write_training(path, identity, state)
    return Restored(trained.eval(), tuple(rows), before)


def is_restorer_trained(out: Path, setting: RestorationSetting) -> bool:
    """Whether a folder holds a training of as many epochs; of which network is looked at when it is read."""
    return (out / FILE).is_file() and len(training_content(out / FILE)["rows"]) == setting.epochs


def _epoch(
    network: nn.Module,
    optimizer: torch.optim.Adam,
    crops: Crops,
    setting: RestorationSetting,
    epoch: int,
    seed: int,
) -> float:
    """The steps of an epoch on crops drawn from a seed; gives its mean loss."""
    inputs, targets = crops.drawn(setting.steps * setting.batch_size, setting.image_size, seed)
    losses = []
    batches = zip(*(torch.split(each, setting.batch_size) for each in (inputs, targets)), strict=True)
    for step, (small, large) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = setting.rate(epoch * setting.steps + step)
        outputs = crops.problem.check_outputs(network(small.to(memory_format=torch.channels_last)), large)
        loss = crops.problem.loss(setting.loss, outputs, large)
        if not bool(loss.isfinite()):
            raise DivergedError(
                f"the loss of a training is {float(loss.detach())} at epoch {epoch + 1}, step {step + 1}: a smaller "
                "learning_rate may help"
            )
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(float(loss.detach()))
    return math.fsum(losses) / len(losses)


def _digest(network: nn.Module) -> str:
    """16 hexadecimal digits of a network's layers and weights."""
    sha = hashlib.sha256(str(network).encode())
    for name, weight in network.state_dict().items():
        sha.update(name.encode())
        sha.update(_bytes(weight))
    return sha.hexdigest()[:16]


def _bytes(weight: Tensor) -> bytes:
    return weight.detach().cpu().contiguous().view(-1).numpy().tobytes()
