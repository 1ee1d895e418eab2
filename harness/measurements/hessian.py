"""The loss's Hessian along the loss's gradient."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness.measurements.allocator import memory_given_back
from harness.measurements.forward import Forward, trainable
from harness.measurements.gradient import weights


def hessian_gradient(network: nn.Module, forward: Forward) -> dict[str, Tensor]:
    """H g by weight name, H = ∂²L/∂W∂W and g = ∂L/∂W over the weights of convolutions and linear layers.

    Biases and norm layers are constants here: H has no rows for them.

    Reverse over reverse: the gradient with a graph of its own, then the gradient of g·∇L. On NAS-Bench-201's heaviest
    cell (C = 16, N = 5, batch 64, one thread), where a forward and backward pass takes 1.2 s, it takes 4.5 s and 1.0 GB
    beside the shared graph; forward over reverse takes 6.5 s and 2.4 GB. Two nested forward-mode passes
    (`torch.func.jvp`) need 0.3 GB but 8 s, and give a wrong number through batch norm in train mode, whose forward rule
    in PyTorch 2.13 holds for first derivatives only: they differ from finite differences, and with the order of the
    two directions.

    Raises:
        NotApplicable: as `Gradients.weights`.

    Cost: two backward passes, which take two to four times a plain forward and backward pass, and twice the memory of
    the shared graph.
    """
    parameters = trainable(network)
    chosen = {name: parameters[name] for name in weights(network)}
    with memory_given_back():
        gradients = torch.autograd.grad(
            forward.loss, list(chosen.values()), create_graph=True, allow_unused=True, materialize_grads=True
        )
        objective = torch.stack([(gradient.detach() * gradient).sum() for gradient in gradients]).sum()
        if not objective.requires_grad:  # the gradient is the same wherever the weights are
            return {name: torch.zeros_like(weight) for name, weight in chosen.items()}
        products = torch.autograd.grad(
            objective, list(chosen.values()), retain_graph=True, allow_unused=True, materialize_grads=True
        )
    return dict(zip(chosen, products, strict=True))
