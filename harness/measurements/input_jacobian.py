"""The input Jacobian: the gradient of the outputs by the inputs."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.forward import Forward
from harness.measurements.sign_hooks import SignNorms, recorded_sign_norms


class OutputSumGradient(NamedTuple):
    """What one backward pass of the sum of all outputs gives.

    Attributes:
        inputs: its gradient by the inputs, [N, ...].
        sign_norms: what hooks have formed for `sign_norms`.
    """

    inputs: Tensor
    sign_norms: SignNorms


def output_sum_gradient(forward: Forward, requested: frozenset[str] = frozenset()) -> OutputSumGradient:
    """Gradient of the sum of all outputs by the inputs; where `requested` names `sign_norms`, hooks form them.

    Raises:
        NotApplicable: where the network takes several floating point inputs.

    Cost: one backward pass, without the gradients of the parameters.
    """
    with recorded_sign_norms(forward if "sign_norms" in requested else None) as norms:
        (gradient,) = torch.autograd.grad(
            forward.outputs.sum(), forward.inputs, retain_graph=True, allow_unused=True, materialize_grads=True
        )
    return OutputSumGradient(gradient, norms)


def input_jacobian(batch: Batch, output_sum_gradient: OutputSumGradient) -> Tensor:
    """Input Jacobian [N, D], with D input values per sample: row n is ∂ Σ_mk f(X)_mk / ∂x_n.

    Where samples are independent, row n is the gradient of the sum of sample n's own outputs. Batch norm in train mode
    couples the samples; row n then holds the effect of x_n on all of them, as in the authors' code of every proxy that
    reads it.

    Raises:
        NotApplicable: where the samples are parts of one input, or the network takes several floating point inputs.

    Cost: no pass in addition to `output_sum_gradient`.
    """
    batch.check_independent("a gradient by each sample's input")
    return output_sum_gradient.inputs.flatten(1)


class LabelledJacobian(NamedTuple):
    """The input Jacobian with the labels that are needed to group its rows by class.

    Attributes:
        rows: the input Jacobian, [N, D].
        labels: classes of the samples, [N].
        outputs: K, the number of the network's outputs.
    """

    rows: Tensor
    labels: Tensor
    outputs: int


def labelled_input_jacobian(input_jacobian: Tensor, batch: Batch, forward: Forward) -> LabelledJacobian:
    """The input Jacobian, the labels of its samples and the number of outputs.

    Cost: no pass in addition to `input_jacobian`.
    """
    return LabelledJacobian(input_jacobian, batch.labels, forward.outputs.shape[1])


def row_correlation(jacobian: Tensor) -> Tensor:
    """Pearson correlation of the Jacobian's rows, [N, N] in float64.

    Raises:
        NotFinite: when the Jacobian is not finite.
        NotApplicable: when a row is constant within rounding (zero, for example): its correlation is not defined.
    """
    rows = finite(jacobian, "the outputs' gradients by the inputs").double()
    centred = rows - rows.mean(dim=1, keepdim=True)
    spread = centred.norm(dim=1)
    constant = spread <= 4 * torch.finfo(jacobian.dtype).eps * rows.norm(dim=1)
    if bool(constant.any()):
        raise NotApplicable(
            f"the outputs' gradient by the inputs is constant for {int(constant.sum())} of {len(rows)} samples "
            "(zero where no input reaches the outputs): its correlation is not defined"
        )
    unit = centred / spread[:, None]
    correlation: Tensor = unit @ unit.T
    return correlation
