"""Scoring leaves the network as it was: whatever a pass may change is restored, also after an exception."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm

from harness.measurements.kept import Kept
from harness.measurements.modules import named_buffers, named_modules, named_parameters
from harness.measurements.scripted import set_scripted_modes
from harness.spaces.initialisation import default_type


@contextmanager
def preserved(network: nn.Module, *, bn: str, seed: int) -> Iterator[Kept]:
    """Inside, `network` is ready to be measured; afterwards it is as it was before.

    Inside: gradients are on whatever the caller's context, autocast and TF32 are off, new tensors are of the network's
    own type, attention is made of plain products (`SDPBackend.MATH`, the kernel that has every derivative), random
    draws (of dropout, for example, and of NumPy and Python) follow from `seed`, batch norm is in the mode `bn` and
    every other module in eval mode, so that dropout and stochastic depth add no noise to the score.

    Restored: modules, weights, buffers (running statistics), other attributes, `.grad`, `requires_grad`, train and
    eval modes, PyTorch's switches and threads, and the random states of PyTorch (on the CPU and on the network's own
    devices), NumPy and Python. A graph that the caller holds can still be differentiated.

    Args:
        network: the module to be measured, of any kind.
        bn: mode of the modules of the batch norm family, `train` or `eval`.
        seed: seed of the random draws inside.

    Yields:
        The network's state, in the modes that it is measured in.
    """
    modes = {module: module.training for module in named_modules(network).values()}
    devices = accelerators(network)
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=[device.index for device in devices]))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autocast("cuda" if devices else "cpu", enabled=False))
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        stack.enter_context(_exact(cuda=bool(devices)))
        stack.enter_context(same_surroundings())
        types = (tensor.dtype for tensor in network.parameters() if tensor.is_floating_point())
        stack.enter_context(default_type(next(types, torch.float32)))
        stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
        set_modes(network, bn)
        kept = Kept(network)
        try:
            seed_draws(devices, seed)
            torch.backends.mha.set_fastpath_enabled(False)  # calls none of the modules inside
            for parameter in network.parameters():
                parameter.grad = None
            yield kept
        finally:
            kept.restore()
            for module, training in modes.items():
                module.training = training


@contextmanager
def same_surroundings() -> Iterator[None]:
    """Inside, the random states of NumPy and Python, PyTorch's threads and its switches may be changed."""
    drawn = random.getstate(), np.random.get_state()
    threads, strict = torch.get_num_threads(), _strictness()
    anomaly = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    try:
        yield
    finally:
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if _strictness() != strict:  # setting it loads PyTorch's compiler, two seconds for each process
            torch.use_deterministic_algorithms(strict[0], warn_only=strict[1])
        torch.autograd.set_detect_anomaly(*anomaly)


def _strictness() -> tuple[bool, bool]:
    """Whether PyTorch is to use deterministic algorithms alone, and whether it only warns of others."""
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


@contextmanager
def _exact(cuda: bool) -> Iterator[None]:
    """Inside, float32 means float32: no TF32 or bfloat16 in convolutions and products; on CUDA deterministic ones."""
    wanted = [*_exact_products(), *(_deterministic() if cuda else [])]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in wanted]
    try:
        for owner, name, value in wanted:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def _deterministic() -> list[tuple[Any, str, Any]]:
    cudnn = torch.backends.cudnn
    return [(cudnn, "benchmark", False), (cudnn, "deterministic", True)]


def _exact_products() -> list[tuple[Any, str, Any]]:
    """The switches of TF32 and bfloat16 that this PyTorch has; the older ones fail once a newer one has been set."""
    cudnn: Any = torch.backends.cudnn
    mkldnn: Any = torch.backends.mkldnn
    matmul = torch.backends.cuda.matmul
    if hasattr(matmul, "fp32_precision"):
        owners = (matmul, cudnn.conv, cudnn.rnn, mkldnn.matmul, mkldnn.conv, mkldnn.rnn)
        return [(owner, "fp32_precision", "ieee") for owner in owners]
    return [(owner, "allow_tf32", False) for owner in (matmul, cudnn)]


def set_modes(network: nn.Module, bn: str) -> None:
    """Batch norm in the mode `bn`, every other module in eval mode.

    Their methods `train` and `eval` are not called: some networks change weights in them, or ignore them.
    """
    for module in named_modules(network).values():
        if not isinstance(module, torch.jit.ScriptModule):
            module.training = isinstance(module, _BatchNorm) and bn == "train"
    set_scripted_modes(network, bn)


def seed_draws(devices: Iterable[torch.device], seed: int) -> None:
    """Seed the random draws of PyTorch, NumPy and Python, on the CPU and on the network's own accelerators.

    `torch.manual_seed` would seed other devices too.
    """
    torch.default_generator.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    for device in devices:
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)


def accelerators(network: nn.Module) -> set[torch.device]:
    """The devices other than the CPU that the network's tensors lie on."""
    tensors = (*named_parameters(network).values(), *named_buffers(network).values())
    return {tensor.device for tensor in tensors if tensor.device.type == "cuda"}
