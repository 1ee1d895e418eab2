"""The size of a network: trainable parameters and multiply-adds (MACs)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from harness.batches import Batch


def parameter_count(network: nn.Module) -> int:
    """Number of trainable parameters; a shared parameter counts once."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def macs(network: nn.Module, batch: Batch) -> int:
    """Multiply-adds (MACs) of one forward pass on one sample, counted by hooks on the real network.

    Where the samples are parts of one input, such as the nodes of a graph, it is a pass on all of them.

    Counted as in NAS-Bench-201's release: 1 for a multiply-add, over convolutions and linear layers with their biases.
    Norm layers, pooling, activations and sums do not count.

    Cost: one forward pass of one sample, in eval mode, without a graph.
    """
    counts: list[int] = []
    handles = [
        module.register_forward_hook(lambda layer, inputs, output: counts.append(_layer(layer, inputs, output)))
        for module in network.modules()
        if isinstance(module, (_ConvNd, nn.Linear))
    ]
    modes = {module: module.training for module in network.modules()}
    try:
        network.eval()
        with torch.no_grad():
            network(*(each.clone() for each in batch.smallest()))
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training
    return sum(counts)


def _layer(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    assert isinstance(layer, (_ConvNd, nn.Linear))
    bias = 0 if layer.bias is None else output.numel()
    if isinstance(layer, _ConvTransposeNd):
        return inputs[0].numel() * layer.weight[0].numel() + bias
    return output.numel() * layer.weight[0].numel() + bias
