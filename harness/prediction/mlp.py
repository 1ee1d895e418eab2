"""Multi-layer perceptrons of encoded architectures, several quantities trained side by side.

LA-DARTS (Xu et al. 2020) has "multi-layer regressors"; neither their size nor their training was read. Three hidden
layers, their width and all numbers of the training are our choice.

Legend: N architectures, D entries of an encoding, T quantities, H units of a hidden layer.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.prediction.models import Models

FloatArray = npt.NDArray[np.float64]


class Training(NamedTuple):
    """How a perceptron is trained.

    Attributes:
        hidden: units of each hidden layer.
        layers: number of hidden layers.
        steps: steps of Adam.
        batch: architectures of a step.
        rate: learning rate at first; it falls linearly to 0.
    """

    hidden: int = 64
    layers: int = 3
    steps: int = 1500
    batch: int = 128
    rate: float = 3e-3


def fit_mlp(codes: FloatArray, targets: FloatArray, seed: int = 0, training: Training = Training()) -> Models:  # noqa: B008
    """One perceptron for each quantity, with ReLUs, trained on standardised values by the mean squared error.

    They begin with the same weights and see the same batches, but share nothing: Adam moves each entry by its own
    gradients, so that each is what it would be if it were trained alone (but for rounding).

    Args:
        codes: encodings, [N, D].
        targets: values of each quantity, [N, T], all finite.
        seed: seed of the weights and the batches.
        training: size and steps.

    Returns:
        The models; they are trained in float32.
    """
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.from_numpy(codes).float()
    means, deviations = targets.mean(axis=0), targets.std(axis=0)
    deviations = np.where(deviations > 0, deviations, 1.0)
    wanted = torch.from_numpy((targets - means) / deviations).float()
    parameters = _first(inputs.shape[1], wanted.shape[1], training, generator)
    trained = [value.requires_grad_() for value in parameters.values()]
    optimizer = torch.optim.Adam(trained, training.rate)
    scale = {"means": torch.zeros(wanted.shape[1]), "deviations": torch.ones(wanted.shape[1])}
    models = Models("mlp", {**parameters, **scale})
    size = min(training.batch, len(inputs))
    for step in range(training.steps):
        optimizer.param_groups[0]["lr"] = training.rate * (1 - step / training.steps)
        chosen = torch.randint(len(inputs), (size,), generator=generator)
        loss = (models.predict(inputs[chosen]) - wanted[chosen]).square().mean(dim=0).sum()
        for value, gradient in zip(trained, torch.autograd.grad(loss, trained), strict=True):
            value.grad = gradient
        optimizer.step()
    found = {name: value.detach().double() for name, value in parameters.items()}
    return Models("mlp", {**found, "means": torch.from_numpy(means), "deviations": torch.from_numpy(deviations)})


def _first(size: int, count: int, training: Training, generator: torch.Generator) -> dict[str, Tensor]:
    """The first weights, uniform within ±1/√(inputs of the layer), equal for all quantities."""
    widths, found = [size, *[training.hidden] * training.layers, 1], {}
    for layer, (inputs, outputs) in enumerate(pairwise(widths)):
        for name, shape in (("weight", (inputs, outputs)), ("bias", (outputs,))):
            drawn = (2 * torch.rand(shape, generator=generator) - 1) / inputs**0.5
            found[f"{name}{layer}"] = drawn.expand(count, *shape).clone()
    return found
