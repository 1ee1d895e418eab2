"""How the logits move with the inputs."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import Forward


def input_jacobian(forward: Forward) -> Tensor:
    """Row n is ∂ Σ_mk f(X)_mk / ∂x_n, [N, D] with D input values a sample.

    Without coupling, that is the gradient of sample n's own logits' sum. Batch norm in train mode couples the samples,
    and row n then holds what x_n does to all of them, as in the authors' code of every proxy that reads it.

    Cost: one backward pass, without the parameters' half.
    """
    (gradient,) = torch.autograd.grad(
        forward.outputs.sum(), forward.inputs, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return gradient.flatten(1)


class LabelledJacobian(NamedTuple):
    """The input Jacobian with what is needed to read it by class.

    Attributes:
        rows: [N, D].
        labels: [N].
        outputs: K, the network's outputs.
    """

    rows: Tensor
    labels: Tensor
    outputs: int


def labelled_input_jacobian(input_jacobian: Tensor, batch: Batch, forward: Forward) -> LabelledJacobian:
    """The input Jacobian, the labels of its samples and the number of outputs.

    Cost: no pass beside `input_jacobian`.
    """
    return LabelledJacobian(input_jacobian, batch.labels, forward.outputs.shape[1])


def row_correlation(jacobian: Tensor) -> Tensor:
    """Pearson correlation of the Jacobian's rows, [N, N] in float64.

    Raises:
        NotFinite: when the Jacobian is not.
        NotApplicable: when a row is constant within rounding (zero, say), so that its correlation is not defined.
    """
    rows = finite(jacobian, "the logits' gradients by the inputs").double()
    centred = rows - rows.mean(dim=1, keepdim=True)
    spread = centred.norm(dim=1)
    constant = spread <= 4 * torch.finfo(jacobian.dtype).eps * rows.norm(dim=1)
    if bool(constant.any()):
        raise NotApplicable(
            f"the logits' gradient by the inputs is constant for {int(constant.sum())} of {len(rows)} samples "
            "(zero where no input reaches the logits): its correlation is not defined"
        )
    unit = centred / spread[:, None]
    correlation: Tensor = unit @ unit.T
    return correlation
