"""The proxies of zero-cost-nas and NAS-Bench-Suite-Zero the slow way, from the papers' definitions.

Imports nothing under test. The network is used in the mode it is in, and only ever on a deep copy. Where the fast
version differentiates twice, gathers rows from one pass or counts by products, this one uses forward mode over reverse
mode, a pass a sample, and Python loops.
"""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jvp
from torch.nn import functional

LAYERS = (nn.Conv2d, nn.Linear)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy, written out."""
    picked = [functional.log_softmax(row, dim=0)[int(label)] for row, label in zip(logits, labels, strict=True)]
    return -sum(picked[1:], picked[0]) / len(picked)


def layer_weights(network: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of convolutions and linear layers, a shared layer once."""
    return {f"{name}.weight": module.weight for name, module in network.named_modules() if isinstance(module, LAYERS)}


def weight_gradients(network: nn.Module, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """∂L/∂W by name, zero for a layer that is not used."""
    network = copy.deepcopy(network)
    network.zero_grad()
    loss(network(inputs), labels).backward()
    return {
        name: torch.zeros_like(weight) if weight.grad is None else weight.grad
        for name, weight in layer_weights(network).items()
    }


def snip(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Lee et al. 2019: a weight's sensitivity is the loss's derivative by a mask on it, at mask 1."""
    masks = {name: torch.ones_like(weight).requires_grad_() for name, weight in layer_weights(network).items()}
    masked = {name: weight.detach() * masks[name] for name, weight in layer_weights(network).items()}
    value = loss(functional_call(copy.deepcopy(network), masked, (inputs,)), labels)
    gradients = torch.autograd.grad(value, list(masks.values()), allow_unused=True)
    return sum(float(gradient.abs().sum()) for gradient in gradients if gradient is not None)


def plain(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Σ W ⊙ ∂L/∂W: the loss's derivative by one common factor of all weights, at 1."""
    factor = torch.ones((), dtype=torch.float64, requires_grad=True)
    scaled = {name: weight.detach() * factor for name, weight in layer_weights(network).items()}
    value = loss(functional_call(copy.deepcopy(network), scaled, (inputs,)), labels)
    return float(torch.autograd.grad(value, factor)[0])


def l2_norm(network: nn.Module) -> float:
    """Σ_layers of the root of the sum of squares."""
    return sum(
        math.sqrt(sum(float(w) ** 2 for w in weight.detach().flatten())) for weight in layer_weights(network).values()
    )


def hessian_times_weights(network: nn.Module, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """H W by forward mode over reverse mode; batch norm written out, whose own forward rule is of first order."""
    plain_norms = _with_plain_norms(network)
    chosen = {name: weight.detach() for name, weight in layer_weights(plain_norms).items()}

    def value(some: dict[str, Tensor]) -> Tensor:
        return loss(functional_call(plain_norms, some, (inputs,)), labels)

    return {name: product.detach() for name, product in jvp(grad(value), (chosen,), (chosen,))[1].items()}


def grasp(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Wang et al. 2020, equation 8, as a sum: −gᵀ H W, which is −Wᵀ H g."""
    gradients = weight_gradients(network, inputs, labels)
    products = hessian_times_weights(network, inputs, labels)
    return -sum(float((gradients[name] * products[name]).sum()) for name in gradients)


class PlainNorm(nn.Module):
    """Batch norm by its formula."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, inputs: Tensor) -> Tensor:
        norm, dims = self.norm, (0, *range(2, inputs.ndim))
        shape = (1, -1, *[1] * (inputs.ndim - 2))
        mean, variance = norm.running_mean, norm.running_var
        if norm.training:
            mean = inputs.mean(dim=dims)
            variance = (inputs - mean.reshape(shape)).square().mean(dim=dims)
        unit = (inputs - mean.reshape(shape)) / (variance.reshape(shape) + norm.eps).sqrt()
        return unit if norm.weight is None else unit * norm.weight.reshape(shape) + norm.bias.reshape(shape)


def _with_plain_norms(network: nn.Module) -> nn.Module:
    return _replaced(copy.deepcopy(network), PlainNorm)


def _replaced(network: nn.Module, replacement: type[nn.Module]) -> nn.Module:
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, NORMS):
                setattr(parent, name, replacement(child) if replacement is PlainNorm else replacement())
    return network


def fisher(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Theis et al. 2018, equation 11: by the derivative of the loss by a gate on each sample's channel, at gate 1.

    Half the mean of its square over the samples, each channel as often as it has weights.
    """
    network = copy.deepcopy(network)
    gates: list[tuple[Tensor, int]] = []

    def gated(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        gate = torch.ones(output.shape[:2], dtype=torch.float64, requires_grad=True)
        gates.append((gate, module.weight[0].numel()))
        return output * gate.reshape(*gate.shape, *[1] * (output.ndim - 2))

    for module in network.modules():
        if isinstance(module, LAYERS):
            module.register_forward_hook(gated)
    value = loss(network(inputs), labels)
    gradients = torch.autograd.grad(value, [gate for gate, _ in gates], allow_unused=True)
    total = 0.0
    for (_, size), gradient in zip(gates, gradients, strict=True):
        if gradient is not None:
            total += sum(size * float((gradient[:, c] ** 2).mean()) / 2 for c in range(gradient.shape[1]))
    return total


def flows(network: nn.Module, shape: tuple[int, ...], *, keep_batch_norm: bool) -> list[tuple[Tensor, Tensor]]:
    """|W| and ∂R/∂|W| of each layer of a copy with absolute weights, for one input of ones (Tanaka et al. 2020)."""
    network = copy.deepcopy(network).double()
    if not keep_batch_norm:
        network = _replaced(network, nn.Identity)
    for tensor in network.state_dict().values():
        tensor.abs_()
    network.zero_grad()
    network(torch.ones((1, *shape), dtype=torch.float64)).sum().backward()
    return [
        (weight.detach(), torch.zeros_like(weight) if weight.grad is None else weight.grad)
        for weight in layer_weights(network).values()
    ]


def synflow(network: nn.Module, shape: tuple[int, ...], *, keep_batch_norm: bool = False) -> float:
    """Σ |W ⊙ ∂R/∂W|."""
    return sum(float((w * g).abs().sum()) for w, g in flows(network, shape, keep_batch_norm=keep_batch_norm))


def logsynflow(network: nn.Module, shape: tuple[int, ...]) -> float:
    """Cavagnero et al. 2023: Σ |W · log(∂R/∂W + 1)|."""
    return sum(
        abs(float(w) * math.log(abs(float(g)) + 1))
        for weight, gradient in flows(network, shape, keep_batch_norm=False)
        for w, g in zip(weight.flatten(), gradient.flatten(), strict=True)
    )


def jacobian_rows(network: nn.Module, inputs: Tensor) -> np.ndarray:
    """Row n: the derivative of the sum of all logits by sample n alone, each from a forward pass of its own."""
    network = copy.deepcopy(network)
    rows = []
    for n in range(len(inputs)):
        sample = inputs[n : n + 1].clone().requires_grad_()
        logits = network(torch.cat([inputs[:n], sample, inputs[n + 1 :]]))
        (row,) = torch.autograd.grad(logits.sum(), sample)
        rows.append(row.flatten().numpy())
    return np.stack(rows)


def jacob_cov(network: nn.Module, inputs: Tensor) -> float:
    """Mellor et al. 2020: −Σ log(v + k) + 1/(v + k) over the eigenvalues of the rows' correlation."""
    values = np.linalg.eigvals(np.corrcoef(jacobian_rows(network, inputs))).real
    return -sum(math.log(v + 1e-5) + 1 / (v + 1e-5) for v in values)


def epe_nas(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Lopes et al. 2021, up to 100 outputs: Σ_c |Σ_ij log(|corr_ij| + k)| over the pairs of class c."""
    rows = jacobian_rows(network, inputs)
    total = 0.0
    for label in set(labels.tolist()):
        members = [row for row, own in zip(rows, labels.tolist(), strict=True) if own == label]
        total += abs(sum(math.log(abs(np.corrcoef(a, b)[0, 1]) + 1e-5) for a in members for b in members))
    return total


def nwot(network: nn.Module, inputs: Tensor) -> float:
    """Mellor et al. 2021: log |det K|, K_ij = units − Hamming distance of the ReLU codes, a pair at a time."""
    network = copy.deepcopy(network)
    codes: list[Tensor] = []
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(lambda m, given, output: codes.append(output.detach().clone().flatten(1) > 0))
    network(inputs)
    bits = torch.cat(codes, dim=1)
    kernel = np.array([[int((a == b).sum()) for b in bits] for a in bits], dtype=float)
    return float(np.linalg.slogdet(kernel)[1])
