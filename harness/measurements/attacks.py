"""Adversarial attacks on images: disturbances of at most ε in each pixel that raise a loss (L∞ norm).

FGSM (Goodfellow, Shlens and Szegedy 2015) takes one step of ε along the sign of the loss's gradient; R+FGSM begins at a
random disturbance (Tramèr et al. 2018); PGD takes several smaller steps (Madry et al. 2018). An attack knows a network
by its loss as a function of the inputs alone, so that it runs on a network and on a supernet with its operation weights
alike. ε is in 1/255 of the range of a pixel, whatever the normalisation of the inputs: `PixelRange` says what that is.

Legend: N samples, C channels, H and W sides; x inputs [N, C, H, W], δ a disturbance of them, ε its bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from harness.batches import Batch

Loss = Callable[[Tensor], Tensor]
"""The loss of inputs [N, C, H, W], a scalar."""
Attack = Callable[[Loss, Tensor], Tensor]
"""Arguments: a loss and inputs; gives the disturbed inputs."""
LEVELS = 255


@dataclass(frozen=True)
class PixelRange:
    """What the smallest and the largest pixel are in the unit of the inputs, by channel.

    Attributes:
        lower: a pixel of 0, [1, C, 1, 1].
        upper: a pixel of 255, [1, C, 1, 1].
    """

    lower: Tensor
    upper: Tensor

    @classmethod
    def normalised(cls, mean: Tensor, deviation: Tensor) -> PixelRange:
        """The range of pixels that are divided by 255, less a mean, over a standard deviation; both [1, C, 1, 1]."""
        return cls((0 - mean) / deviation, (1 - mean) / deviation)

    def bound(self, epsilon: float, like: Tensor) -> Tensor:
        """A disturbance of ε/255 of the range in the unit of the inputs, [1, C, 1, 1]."""
        return (epsilon / LEVELS * (self.upper - self.lower)).to(like)

    def clipped(self, inputs: Tensor) -> Tensor:
        """The inputs with all pixels within the range."""
        return inputs.clamp(self.lower.to(inputs), self.upper.to(inputs))


def fgsm(loss: Loss, inputs: Tensor, pixels: PixelRange, epsilon: float) -> Tensor:
    """FGSM: x + ε sign ∇L(x), within the range of pixels.

    Args:
        loss: the loss L as a function of the inputs.
        inputs: images x, [N, C, H, W].
        pixels: the range of pixels.
        epsilon: ε in 1/255 of that range.

    Cost: one forward and one backward pass.
    """
    return pixels.clipped(inputs + pixels.bound(epsilon, inputs) * _sign(loss, inputs))


def random_fgsm(
    loss: Loss,
    inputs: Tensor,
    pixels: PixelRange,
    epsilon: float,
    generator: torch.Generator,
    *,
    step: float = 1.25,
    at_clean: bool = False,
) -> Tensor:
    """R+FGSM: x + δ, δ = clip(δ₀ + s ε sign g, ±ε), δ₀ uniform in ±ε; within the range of pixels.

    Args:
        loss: the loss L as a function of the inputs.
        inputs: images x, [N, C, H, W].
        pixels: the range of pixels.
        epsilon: ε in 1/255 of that range.
        generator: a CPU generator for δ₀.
        step: size s of the step, as a multiple of ε.
        at_clean: whether g is ∇L(x), at the clean images, and not ∇L(x + δ₀). E2RNAS's working code has it so; δ₀ then
            only shortens some of the steps.

    Cost: one forward and one backward pass.
    """
    bound = pixels.bound(epsilon, inputs)
    drawn = torch.rand(inputs.shape, generator=generator, dtype=torch.float32, device="cpu").to(inputs)
    start = (2 * drawn - 1) * bound
    sign = _sign(loss, inputs if at_clean else inputs + start)
    return pixels.clipped(inputs + (start + step * bound * sign).clamp(-bound, bound))


def pgd(
    loss: Loss, inputs: Tensor, pixels: PixelRange, epsilon: float, *, steps: int = 10, step: float | None = None
) -> Tensor:
    """PGD from the clean images: after each step along the sign of the gradient, back to within ±ε and the range.

    Args:
        loss: the loss L as a function of the inputs.
        inputs: images x, [N, C, H, W].
        pixels: the range of pixels.
        epsilon: ε in 1/255 of that range.
        steps: number of steps; 10 in E2RNAS's code.
        step: size of a step in 1/255 of the range; by default 2.5 ε / steps, as in that code.

    Cost: `steps` forward and backward passes.
    """
    bound = pixels.bound(epsilon, inputs)
    length = pixels.bound(2.5 * epsilon / steps if step is None else step, inputs)
    disturbed = inputs
    for _ in range(steps):
        change = disturbed + length * _sign(loss, disturbed) - inputs
        disturbed = pixels.clipped(inputs + change.clamp(-bound, bound))
    return disturbed


def accuracy_under(network: Callable[[Tensor], Tensor], batch: Batch, attack: Attack | None = None) -> float:
    """Per cent of the images whose class a network finds when they are attacked; None leaves them as they are.

    The network is called in the mode that it is in, and gets no gradients of its weights.
    """

    def loss(inputs: Tensor) -> Tensor:
        return functional.cross_entropy(network(inputs), batch.labels)

    inputs = batch.inputs if attack is None else attack(loss, batch.inputs)
    with torch.no_grad():
        found = network(inputs).argmax(dim=1) == batch.labels
    return 100 * float(found.double().mean())


def _sign(loss: Loss, inputs: Tensor) -> Tensor:
    """The sign of the loss's gradient by the inputs; zero where it does not depend on them, as behind `none` alone."""
    leaf = inputs.detach().requires_grad_()
    with torch.enable_grad():
        value = loss(leaf)
        if not value.requires_grad:
            return torch.zeros_like(inputs)
        (gradient,) = torch.autograd.grad(value, leaf, allow_unused=True, materialize_grads=True)
    return gradient.sign()
