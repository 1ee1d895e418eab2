"""Change of the features before global average pooling under a small change of the input."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules import pooling
from torch.nn.modules.batchnorm import _BatchNorm

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.layers import hookable
from harness.measurements.own_weights import Tensors, call_with, gaussian_inputs, generator_for, redrawn_tensors
from harness.setting import Setting

MIXUP = 0.01
_POOLS = tuple(vars(pooling)[name] for name in pooling.__all__)


class PooledChange(NamedTuple):
    """The parts of Zen-NAS's score.

    Attributes:
        distance: mean over samples of ‖f(x) − f(x + 0.01 ε)‖₁, with f the features before global average pooling.
        variances: for each batch norm, the mean over its channels of the running variance after both passes.
    """

    distance: float
    variances: tuple[float, ...]


def pooled_change(network: nn.Module, batch: Batch, setting: Setting, renew: Callable[[], None]) -> PooledChange:
    """Change with weights from N(0, 1) and Gaussian x and ε of the batch's shape; the batch's values are not read.

    Raises:
        NotApplicable: when no linear layer reads the spatial mean of a module's output.

    Cost: two forward passes of its own, without a graph.
    """
    generator = generator_for(setting, "pooled change")
    tensors = redrawn_tensors(network, "gaussian", generator)
    inputs, noise = gaussian_inputs(batch, generator), gaussian_inputs(batch, generator)
    return change_of(network, tensors, inputs, noise, renew)


def change_of(
    network: nn.Module, tensors: Tensors, inputs: Tensor, noise: Tensor, renew: Callable[[], None] = lambda: None
) -> PooledChange:
    """Change with the given parameters and buffers; running statistics among the buffers are updated.

    Args:
        network: network in the batch norm mode of the measurement.
        tensors: parameters and buffers of the network.
        inputs: x, [N, ...].
        noise: ε, of the shape of x.
        renew: called between the passes, to put other state of the network's back.
    """
    before = pooled_features(network, tensors, inputs)
    renew()
    after = pooled_features(network, tensors, inputs + MIXUP * noise)
    distances = (before - after).abs().flatten(1).sum(dim=1, dtype=torch.float64)
    variances = tuple(
        float(tensors[f"{name}.running_var" if name else "running_var"].mean(dtype=torch.float64))
        for name, module in network.named_modules()
        if isinstance(module, _BatchNorm) and module.running_var is not None
    )
    return PooledChange(float(distances.mean()), variances)


def pooled_features(network: nn.Module, tensors: Tensors, inputs: Tensor) -> Tensor:
    """The features [N, C, ...] whose spatial mean the classifier reads, without a graph.

    They are found by their values: when a linear layer is called, its input is compared with the spatial mean of the
    last module output before it. Pooling modules are left out, and so is whatever gives fewer positions with the same
    mean, as a container of a pooling module does. So it does not matter whether the network pools by a module or in its
    `forward`, and a network that does something else in between raises an error instead of giving a wrong value.

    Raises:
        NotApplicable: when no linear layer reads such a mean.
    """
    finder = _Finder()
    with ExitStack() as stack, torch.no_grad():
        for _, module in hookable(network):
            hook = finder.classifier if isinstance(module, nn.Linear) else finder.features
            stack.callback(module.register_forward_hook(hook).remove)
        call_with(network, tensors, inputs)
    if finder.found is None:
        raise NotApplicable(
            "no linear layer reads the mean over space of a module's output [N, C, ...]: "
            "features before global average pooling are not defined"
        )
    return finder.found


class _Finder:
    """Hooks that keep the latest features, and the features whose mean the last linear layer reads."""

    def __init__(self) -> None:
        self.latest: Tensor | None = None
        self.found: Tensor | None = None

    def features(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim > 2 and not isinstance(module, _POOLS):
            if not self._is_pooled(output):
                self.latest = output

    def classifier(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if self.latest is None or not inputs or not isinstance(inputs[0], Tensor):
            return
        if self._has_mean_of_latest(inputs[0]):
            self.found = self.latest

    def _is_pooled(self, output: Tensor) -> bool:
        """Whether an output is the latest features after pooling, in a container or a module of one's own."""
        if self.latest is None or output.shape[:2] != self.latest.shape[:2] or output.numel() >= self.latest.numel():
            return False
        return self._has_mean_of_latest(output.flatten(2).mean(dim=2))

    def _has_mean_of_latest(self, pooled: Tensor) -> bool:
        assert self.latest is not None
        mean = self.latest.flatten(2).mean(dim=2)
        if mean.shape != pooled.shape:
            return False
        scale = float(finite(mean, "features before a linear layer").abs().max())
        return torch.allclose(mean, pooled, rtol=1e-3, atol=1e-3 * scale)
