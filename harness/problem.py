"""Problems: the kind of outputs, targets and losses that a space's networks are trained with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import NotApplicable, SettingError, unknown

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Problem:
    """What networks are trained to do.

    Attributes:
        name: of the problem, such as `classification` or `denoising`.
        classes: whether a target is the class of its sample, a whole number below the number of outputs K; otherwise
            targets are floating point and have the outputs' shape.
        losses: names of the losses that a score may be made with, the usual one first; all are in `LOSSES`.
        metric: the quality of a trained network that tables hold, such as `accuracy` or `psnr`.
    """

    name: str
    classes: bool
    losses: tuple[str, ...]
    metric: str

    def check_loss(self, name: str | None) -> str:
        """The name of a loss of this problem; the usual one for None.

        Raises:
            SettingError: for a loss that is none of this problem's, with those there are.
        """
        if name is None:
            return self.losses[0]
        if name not in self.losses:
            raise SettingError(f"{unknown('loss', name, self.losses)} (the losses of {self.name})")
        return name

    def loss(self, name: str | None, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch, a scalar; `name` as in `check_loss`."""
        return LOSSES[self.check_loss(name)](outputs, targets)

    def check_outputs(self, outputs: object, targets: Tensor) -> Tensor:
        """The outputs of a network, if the targets can be compared with them.

        Args:
            outputs: what the network returned; [N, K] where targets are classes.
            targets: [N] classes, or values of the outputs' shape [N, ...].

        Raises:
            NotApplicable: for anything but one tensor, another shape, or a class that has no output.
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
    """Cross-entropy of the softmax of the logits, mean over the batch."""
    from torch.nn import functional

    return functional.cross_entropy(outputs, targets)


def _mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Half the squared distance of a sample's outputs to its target, mean over the batch; classes count one-hot."""
    from torch.nn import functional

    if not targets.is_floating_point():
        targets = functional.one_hot(targets, outputs.shape[1]).to(outputs.dtype)
    return (outputs - targets).square().reshape(len(outputs), -1).sum(dim=1).mean() / 2


def _mean_absolute_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """The absolute distance of a sample's outputs to its target, summed over outputs, mean over the batch."""
    return (outputs - targets).abs().reshape(len(outputs), -1).sum(dim=1).mean()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": _cross_entropy,
    "mean_squared_error": _mean_squared_error,
    "mean_absolute_error": _mean_absolute_error,
}
"""By name: outputs [N, ...] and targets to the mean loss."""

CLASSIFICATION = Problem("classification", True, ("cross_entropy", "mean_squared_error"), "accuracy")
REGRESSION = Problem("regression", False, ("mean_squared_error", "mean_absolute_error"), "mean squared error")
