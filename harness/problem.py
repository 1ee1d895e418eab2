"""Problems: the outputs, targets and losses that a space's networks are trained with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from harness.errors import NotApplicable, SettingError, unknown

if TYPE_CHECKING:
    from torch import Tensor

Loss: TypeAlias = "Callable[[Tensor, Tensor], Tensor]"
"""Outputs [N, ...] and targets to the mean loss of the batch."""


@dataclass(frozen=True)
class Problem:
    """A problem that networks are trained for.

    Attributes:
        name: name of the problem, such as `classification` or `denoising`.
        classes: whether a target is the class of its sample, a whole number below the number of outputs K; otherwise
            targets are floating point and have the outputs' shape.
        losses: losses that a score may use by name, the default first; each maps outputs [N, ...] and targets to the
            mean loss of the batch.
        metric: the measure of quality of trained networks in tables, such as `accuracy` or `psnr`.
    """

    name: str
    classes: bool
    losses: Mapping[str, Loss]
    metric: str

    def check_loss(self, name: str | None) -> str:
        """The name of a loss of this problem; the default for None.

        Raises:
            SettingError: for a loss that this problem does not have, with the losses that it has.
        """
        if name is None:
            return next(iter(self.losses))
        if name not in self.losses:
            raise SettingError(f"{unknown('loss', name, self.losses)} (the losses of {self.name})")
        return name

    def loss(self, name: str | None, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch, a scalar; `name` is a loss of this problem, None for the default."""
        return self.losses[self.check_loss(name)](outputs, targets)

    def check_outputs(self, outputs: object, targets: Tensor) -> Tensor:
        """The outputs of a network, if the targets can be compared with them.

        Args:
            outputs: the network's return value; [N, K] where targets are classes.
            targets: classes [N], or values of the outputs' shape [N, ...].

        Raises:
            NotApplicable: for a value that is not one tensor, a wrong shape, or a class without an output.
        """
        from torch import Tensor

        given = list(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        if not self.classes:
            if not isinstance(outputs, Tensor) or outputs.shape != targets.shape:
                raise NotApplicable(f"{self.name} compares outputs with targets {list(targets.shape)}; got {given}")
            return outputs
        if not isinstance(outputs, Tensor) or outputs.ndim != 2 or len(outputs) != len(targets):
            raise NotApplicable(f"a classifier gives logits of shape [{len(targets)}, K]; the network gave {given}")
        if int(targets.max()) >= outputs.shape[1]:
            raise NotApplicable(
                f"the batch has a label {int(targets.max())}, but the network has only {outputs.shape[1]} outputs"
            )
        return outputs


def _cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of the softmax of the logits [N, K, ...], mean over the batch and over positions."""
    from torch.nn import functional

    return functional.cross_entropy(outputs, targets)


def _mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Half the squared distance of outputs to targets, mean over the batch; classes are one-hot encoded."""
    from torch.nn import functional

    if not targets.is_floating_point():
        targets = functional.one_hot(targets, outputs.shape[1]).to(outputs.dtype)
    return (outputs - targets).square().reshape(len(outputs), -1).sum(dim=1).mean() / 2


def _mean_absolute_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Absolute differences of outputs and targets, summed over outputs, mean over the batch."""
    return (outputs - targets).abs().reshape(len(outputs), -1).sum(dim=1).mean()


def _absolute_error_of_values(outputs: Tensor, targets: Tensor) -> Tensor:
    """Absolute differences, mean over all values of all images."""
    return (outputs - targets).abs().mean()


def _squared_error_of_values(outputs: Tensor, targets: Tensor) -> Tensor:
    """Squared differences, mean over all values of all images."""
    return (outputs - targets).square().mean()


CLASSIFICATION = Problem(
    "classification",
    True,
    {"cross_entropy": _cross_entropy, "mean_squared_error": _mean_squared_error},
    "accuracy",
)
NODE_CLASSIFICATION = Problem("node classification", True, CLASSIFICATION.losses, "accuracy")
"""The nodes of one graph are the samples; the network is told which of them have targets."""
REGRESSION = Problem(
    "regression",
    False,
    {"mean_squared_error": _mean_squared_error, "mean_absolute_error": _mean_absolute_error},
    "mean squared error",
)
SEGMENTATION = Problem("segmentation", False, {"cross_entropy": _cross_entropy}, "mean intersection over union")
"""A class for each pixel: outputs are logits [N, K, H, W], targets [N, K, H, W] are 1 at the pixel's class, else 0."""
PICTURES = Problem(
    "pictures",
    False,
    {"mean_absolute_error": _absolute_error_of_values, "mean_squared_error": _squared_error_of_values},
    "structural similarity",
)
"""An image from an image, such as its surface normals or itself: outputs and targets [N, C, H, W] of any values."""
