"""The neural tangent kernel (NTK) of the batch function: all outputs of all samples, through every coupling.

With batch norm in train mode the samples are coupled: f(X)_ik depends on all of X. These measurements differentiate
through that coupling; `harness.measurements.per_sample` ignores it. In eval mode both agree.

Legend: J [N·K, P] the Jacobian of all outputs (the logits of a classifier) by all trainable parameters; Θ = J Jᵀ,
tr Θ = ‖J‖_F².
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from harness.measurements.finite import kernel_in
from harness.measurements.forward import Forward, gradients_of, trainable
from harness.measurements.products import add_gram, products
from harness.measurements.weights import check_called_weight
from harness.setting import Setting, derived_seed


class TraceEstimate(float):
    """An estimate of the NTK's trace: a float with its standard error."""

    standard_error: float

    def __new__(cls, value: float, standard_error: float) -> TraceEstimate:
        """Make an estimate with its standard error."""
        estimate = super().__new__(cls, value)
        estimate.standard_error = standard_error
        return estimate


def ntk_trace_estimate(network: nn.Module, forward: Forward, setting: Setting) -> TraceEstimate:
    """Unbiased estimate of tr Θ by random sign vectors v: E‖∇θ(vᵀf)‖² = ‖J‖_F² (Hutchinson 1990).

    The vectors follow from the seed alone, so they are the same for all architectures.

    Returns:
        The mean over `setting.probes` vectors, with its standard error.

    Cost: one backward pass per probe.
    """
    generator = torch.Generator().manual_seed(derived_seed(setting.seed, "probes"))
    parameters = trainable(network)
    samples = []
    for _ in range(setting.probes):
        signs = torch.randint(2, forward.outputs.shape, generator=generator, device="cpu") * 2 - 1
        samples.append(_squared_norm(gradients_of((signs.to(forward.outputs) * forward.outputs).sum(), parameters)))
    values = torch.tensor(samples, dtype=torch.float64, device="cpu")
    return TraceEstimate(float(values.mean()), float(values.std()) / math.sqrt(setting.probes))


def ntk_trace_exact(network: nn.Module, forward: Forward) -> float:
    """Exact tr Θ: the sum over samples and outputs of ‖∇θ f(X)_ik‖².

    Cost: N·K backward passes, in the memory of one.
    """
    parameters = trainable(network)
    return sum(_squared_norm(gradients_of(output, parameters)) for output in forward.outputs.flatten())


def logit_sum_gram_exact(network: nn.Module, forward: Forward) -> Tensor:
    """Gram matrix [N, N] of the rows ∇_W Σ_k f(X)_ik, over parameters called `weight`, through the coupling.

    The `weight` of convolutions, linear and norm layers counts, as TE-NAS's code selects them; biases do not. Summed
    in float64 and returned in the network's dtype, as the kernels of `harness.measurements.per_sample` are.

    Raises:
        NotApplicable: when the network has no such parameter, or a weight of another name.
        NotFinite: when a gradient is NaN or infinite, or the entries are too small for that dtype.

    Cost: N backward passes, and the memory of N gradients.
    """
    check_called_weight(network)
    parameters = {name: weight for name, weight in trainable(network).items() if name.rpartition(".")[2] == "weight"}
    samples, outputs = len(forward.batch), forward.rows
    rows = outputs.new_empty(samples, sum(weight.numel() for weight in parameters.values()))
    for row, total in zip(rows, outputs.sum(dim=1), strict=True):
        torch.cat([gradient.flatten() for gradient in gradients_of(total, parameters)], out=row)
    gram = torch.zeros(samples, samples, dtype=torch.float64, device=outputs.device)
    add_gram(gram, rows)
    return kernel_in(gram, outputs.dtype)


def _squared_norm(gradients: tuple[Tensor, ...]) -> float:
    return sum(float(products(gradient, gradient).sum(dtype=torch.float64)) for gradient in gradients)
