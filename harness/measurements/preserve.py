"""Scoring leaves the network as it was: whatever a pass may change is restored, also after an exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def preserved(network: nn.Module, *, bn: str, seed: int) -> Iterator[None]:
    """Inside, `network` is ready to be measured; afterwards it is as it was before.

    Inside: gradients are on whatever the caller's context, autocast and TF32 are off, random draws (of dropout, for
    example) follow from `seed`, batch norm is in the mode `bn` and every other module in eval mode, so that dropout
    and stochastic depth add no noise to the score.

    Restored: weights, buffers (running statistics), `.grad`, `requires_grad`, train and eval modes, and the random
    states of the CPU and of the network's own devices. A graph that the caller holds can still be differentiated.

    Args:
        network: the module to be measured, of any kind.
        bn: mode of the modules of the batch norm family, `train` or `eval`.
        seed: seed of the random draws inside.
    """
    tensors = _tensors(network)
    flags = {tensor: (tensor.requires_grad, tensor.grad) for tensor, _ in tensors.values()}
    modes = {module: module.training for module in network.modules()}
    devices = {tensor.device for tensor, _ in tensors.values() if tensor.device.type == "cuda"}
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=[device.index for device in devices]))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autocast("cuda" if devices else "cpu", enabled=False))
        if devices:
            stack.enter_context(_exact_cuda())
        try:
            torch.default_generator.manual_seed(seed)  # `torch.manual_seed` would seed other devices too
            for device in devices:
                with torch.cuda.device(device):
                    torch.cuda.manual_seed(seed)
            set_modes(network, bn)
            for tensor in flags:
                tensor.grad = None
            yield
        finally:
            _restore(tensors, flags, modes)


@contextmanager
def _exact_cuda() -> Iterator[None]:
    """Float32 means float32: no TF32 in convolutions and products, and deterministic algorithms."""
    cudnn = torch.backends.cudnn
    wanted = [(cudnn, "benchmark", False), (cudnn, "deterministic", True), *_exact_products()]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in wanted]
    try:
        for owner, name, value in wanted:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def _exact_products() -> list[tuple[Any, str, Any]]:
    """The switches of TF32 that this PyTorch has; the older ones raise an error once a newer one has been set."""
    cudnn: Any = torch.backends.cudnn
    matmul = torch.backends.cuda.matmul
    if hasattr(matmul, "fp32_precision"):
        return [(owner, "fp32_precision", "ieee") for owner in (matmul, cudnn.conv, cudnn.rnn)]
    return [(owner, "allow_tf32", False) for owner in (matmul, cudnn)]


Held = dict[tuple[nn.Module, str, str], tuple[Tensor, Tensor]]


def _tensors(network: nn.Module) -> Held:
    """Every parameter and buffer by its place (module, kind, name), with a copy of its content."""
    return {
        (module, kind, name): (tensor, tensor.detach().clone())
        for module in network.modules()
        for kind in ("_parameters", "_buffers")
        for name, tensor in getattr(module, kind).items()
        if tensor is not None
    }


def set_modes(network: nn.Module, bn: str) -> None:
    """Batch norm in the mode `bn`, every other module in eval mode."""
    network.eval()
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.train(bn == "train")


def _restore(tensors: Held, flags: dict[Tensor, tuple[bool, Tensor | None]], modes: dict[nn.Module, bool]) -> None:
    with torch.no_grad():
        for (module, kind, name), (tensor, content) in tensors.items():
            getattr(module, kind)[name] = tensor
            # by `.data`, which keeps the version counter: a graph that the caller holds stays valid
            tensor.data.copy_(content)
    for tensor, (requires_grad, gradient) in flags.items():
        tensor.requires_grad_(requires_grad)
        tensor.grad = gradient
    for module, training in modes.items():
        module.training = training
