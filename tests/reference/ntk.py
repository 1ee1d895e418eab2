"""Neural tangent kernels the slow way, from the definitions: one `torch.autograd.grad` an output of a sample.

Imports nothing under test. The network is used in whatever mode it is in.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


def jacobian(network: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """By parameter name, [N, K, *shape]: ∂ f(X)_nk / ∂θ by a double loop, each with a forward pass of its own."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    samples, outputs = network(inputs).shape
    rows: dict[str, list[Tensor]] = {name: [] for name in names}
    for n in range(samples):
        for k in range(outputs):
            gradients = torch.autograd.grad(network(inputs)[n, k], parameters, allow_unused=True)
            for name, parameter, gradient in zip(names, parameters, gradients, strict=True):
                rows[name].append(torch.zeros_like(parameter) if gradient is None else gradient)
    return {name: torch.stack(row).reshape(samples, outputs, *row[0].shape) for name, row in rows.items()}


def trace(jacobians: dict[str, Tensor]) -> float:
    """Σ_nk ‖∂ f_nk / ∂θ‖²."""
    return sum(float((gradient**2).sum()) for gradient in jacobians.values())


def gram(rows: dict[str, Tensor], names: list[str]) -> Tensor:
    """[N, N]: inner products of rows [N, *shape], summed over the parameters of these names."""
    stacked = torch.cat([rows[name].flatten(1) for name in names], dim=1)
    return stacked @ stacked.T


def convolutions_and_linear(network: nn.Module) -> list[str]:
    """Names of the weights and biases of convolutions and linear layers."""
    layers = {name for name, module in network.named_modules() if isinstance(module, (nn.Conv2d, nn.Linear))}
    return [name for name, _ in network.named_parameters() if name.rpartition(".")[0] in layers]


def called_weight(network: nn.Module) -> list[str]:
    """Names of the parameters called `weight`, norm layers' included."""
    return [name for name, _ in network.named_parameters() if name.split(".")[-1] == "weight"]


def per_sample_rows(network: nn.Module, inputs: Tensor, objective: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """By parameter name, [N, *shape]: ∂ objective / ∂θ_n, where sample n's activations meet their own copy θ_n of θ.

    The copies share one value and one forward pass, coupled through batch norm as usual. Their sum over n is the plain
    gradient; in eval mode row n is the gradient of sample n's own term.
    """
    copies: dict[str, list[Tensor]] = {
        name: [parameter.detach().clone().requires_grad_() for _ in inputs]
        for name, parameter in network.named_parameters()
    }
    handles = [
        module.register_forward_hook(_with_copies(name, copies))
        for name, module in network.named_modules()
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm))
    ]
    value = objective(network(inputs))
    for handle in handles:
        handle.remove()
    flat = [copy for group in copies.values() for copy in group]
    gradients = iter(torch.autograd.grad(value, flat, allow_unused=True))
    return {
        name: torch.stack([torch.zeros_like(c) if (g := next(gradients)) is None else g for c in group])
        for name, group in copies.items()
    }


def _with_copies(
    name: str, copies: dict[str, list[Tensor]]
) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
    def recompute(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        weights, biases = copies[f"{name}.weight"], copies.get(f"{name}.bias", [None] * len(inputs[0]))
        (x,) = inputs
        if isinstance(module, nn.BatchNorm2d):
            plain = functional.batch_norm(
                x,
                None if module.training else module.running_mean,
                None if module.training else module.running_var,
                training=module.training,
                eps=module.eps,
            )
            rows = [p * w[:, None, None] + b[:, None, None] for p, w, b in zip(plain, weights, biases, strict=True)]
            return torch.stack(rows)
        if isinstance(module, nn.GroupNorm):
            groups = x.reshape(len(x), module.num_groups, -1)
            plain = _standardised(groups, module.eps, (2,)).reshape(x.shape)
            rows = [p * w[:, None, None] + b[:, None, None] for p, w, b in zip(plain, weights, biases, strict=True)]
            return torch.stack(rows)
        if isinstance(module, nn.LayerNorm):
            plain = _standardised(x, module.eps, tuple(range(-len(module.normalized_shape), 0)))
            return torch.stack([p * w + b for p, w, b in zip(plain, weights, biases, strict=True)])
        if isinstance(module, nn.Linear):
            return torch.stack([functional.linear(a, w, b) for a, w, b in zip(x, weights, biases, strict=True)])
        return torch.cat([module._conv_forward(a[None], w, b) for a, w, b in zip(x, weights, biases, strict=True)])

    return recompute


def _standardised(values: Tensor, eps: float, dims: tuple[int, ...]) -> Tensor:
    centred = values - values.mean(dim=dims, keepdim=True)
    return centred / (centred.square().mean(dim=dims, keepdim=True) + eps).sqrt()


def loss_gradient(network: nn.Module, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Gradient of the mean cross-entropy, as the mean of per-sample losses written out."""
    logits = network(inputs)
    log_probabilities = functional.log_softmax(logits, dim=1)
    loss = -sum(log_probabilities[n, int(label)] for n, label in enumerate(labels)) / len(labels)
    names, parameters = zip(*network.named_parameters(), strict=True)
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    return {
        name: torch.zeros_like(parameter) if gradient is None else gradient
        for name, parameter, gradient in zip(names, parameters, gradients, strict=True)
    }
