"""Passes with newly drawn weights and inputs, for proxies whose paper draws them; the network stays untouched."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.layers import LAYERS
from harness.measurements.replaced import replaced
from harness.measurements.watch import Watch
from harness.measurements.weights import NORMS, check_only_layers, layer_weight_names
from harness.setting import Setting, derived_seed

Tensors = dict[str, Tensor]
"""Parameters and buffers by name, as `torch.func.functional_call` takes them."""

_AT_CONSTRUCTION = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1, "num_batches_tracked": 0}


def _standard_normal(weight: Tensor, generator: torch.Generator) -> None:
    nn.init.normal_(weight, generator=generator)


def _kaiming_fan_in(weight: Tensor, generator: torch.Generator) -> None:
    nn.init.kaiming_normal_(weight, mode="fan_in", nonlinearity="relu", generator=generator)


INITIALISERS: dict[str, Callable[[Tensor, torch.Generator], None]] = {
    "gaussian": _standard_normal,
    "kaiming_fan_in": _kaiming_fan_in,
}


def given_tensors(network: nn.Module) -> Tensors:
    """The network's own weights, and copies of its buffers, so that a pass does not move the running statistics."""
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    return {**dict(network.named_parameters()), **buffers}


def redrawn_tensors(network: nn.Module, scheme: str, generator: torch.Generator) -> Tensors:
    """The network's tensors with new weights of convolutions and linear layers; a shared weight is drawn once.

    Args:
        network: network whose parameters and buffers are replaced in the result; it stays as it is.
        scheme: initialisation of the weights, a key of `INITIALISERS`.
        generator: random generator of the CPU. Weights are drawn in float32 whatever the network's dtype, so that the
            same seed gives the same weights in float64 and on a GPU.

    Returns:
        New weights, biases 0, norm layers as constructed (scale 1, shift 0, running mean 0 and variance 1); parameters
        of other modules are those of the network.

    Raises:
        NotApplicable: when a layer makes its weight from other parameters, or there is no weight, or one of another
            kind.
    """
    check_only_layers(network, f"a draw of new weights ({scheme})")
    weights = layer_weight_names(network)
    if not weights:
        raise NotApplicable("the network has no convolution and no linear layer whose weights could be drawn")
    tensors = given_tensors(network)
    for prefix, module in network.named_modules():
        for name in (f"{prefix}.{own}" if prefix else own for own in (*module._parameters, *module._buffers)):
            if name not in tensors:  # absent, or shared and already drawn under its first name
                continue
            own = name.rpartition(".")[2]
            if name in weights:
                drawn = torch.empty(tensors[name].shape, dtype=torch.float32, device="cpu")
                INITIALISERS[scheme](drawn, generator)
                tensors[name] = drawn.to(tensors[name]).requires_grad_()
            elif isinstance(module, LAYERS) and own == "bias":
                tensors[name] = torch.zeros_like(tensors[name], requires_grad=True)
            elif isinstance(module, NORMS) and own in _AT_CONSTRUCTION:
                tensors[name] = torch.full_like(tensors[name], _AT_CONSTRUCTION[own])
    return tensors


def gaussian_inputs(batch: Batch, generator: torch.Generator) -> Tensor:
    """Standard normal inputs of the batch's shape, drawn in float32 on the CPU, then moved to its dtype and device.

    Raises:
        NotApplicable: when the network takes several arguments.
    """
    drawn = torch.randn(batch.only_argument.shape, generator=generator, dtype=torch.float32, device="cpu")
    return drawn.to(batch.only_argument)


def generator_for(setting: Setting, purpose: str) -> torch.Generator:
    """A CPU generator for one purpose, seeded from the setting's seed and the purpose alone."""
    return torch.Generator().manual_seed(derived_seed(setting.seed, purpose))


def call_with(network: nn.Module, tensors: Mapping[str, Tensor], inputs: Tensor) -> Watch:
    """One forward pass with these tensors, for hooks that read it; buffers among the tensors are updated.

    Returns:
        What was seen on the way.
    """
    with replaced(network, tensors, f"this proxy's own inputs {list(inputs.shape)}") as watch:
        network(inputs.clone())
    return watch
