"""Per-sample gradients of one layer from its inputs and its outputs' gradients, without another pass.

Legend: inputs a [N, ...], output gradients g [N, ...]. For each of the layer's own parameters, a rule gives the
contributions of the samples to the parameter's gradient, [N, *shape]; their sum over n is that gradient.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional, grad
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize

from harness.errors import NotApplicable
from harness.measurements.layers import has_own_method, uses_batch_statistics

Rule = Callable[[nn.Module, Tensor, Tensor], dict[str, Tensor]]


def rule_for(name: str, module: nn.Module) -> Rule:
    """The rule for the module's type.

    Raises:
        NotApplicable: naming the module, when there is no rule. A subclass with a forward pass of its own, a layer with
            hooks, and a layer that makes its weight from other parameters (weight norm) have no rule, since they do not
            compute the same as the layer that PyTorch has.
    """
    if not _is_foreign(module):
        for kind, rule in RULES.items():
            if isinstance(module, kind):
                return rule
    kinds = ", ".join(kind.__name__.lstrip("_") for kind in RULES)
    raise NotApplicable(
        f"per-sample gradients are not known for layer {name or 'the network itself'!r} of type "
        f"{type(module).__name__}, which owns parameters; known: {kinds}, as PyTorch has them, without hooks"
    )


def _is_foreign(module: nn.Module) -> bool:
    """Whether the module's forward pass is not PyTorch's own for its type."""
    own_methods = has_own_method(module, "forward", "_conv_forward")
    hooked = bool(module._forward_hooks or module._forward_pre_hooks or module._backward_hooks)
    named = {name for name, _ in module.named_parameters(recurse=False)}
    return own_methods or hooked or not named <= {"weight", "bias"} or parametrize.is_parametrized(module)


def _convolution(module: nn.Module, a: Tensor, g: Tensor) -> dict[str, Tensor]:
    """N weight gradients in one call: the weight gradient of a grouped convolution with one group per sample.

    Convolutions of one pixel, and of few channels, are products of matrices instead, which took 55 to 70 % of the time.
    """
    assert isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d))
    samples, positions = len(a), tuple(range(2, a.ndim))
    padded = _padded(module, a)
    if isinstance(module, nn.Conv2d) and _is_product(module):
        return {"weight": _shifted_products(padded, g, module.weight.shape[2:]), "bias": g.sum(dim=positions)}
    weight = _WEIGHT_GRADIENTS[len(positions)](
        padded.reshape(1, -1, *padded.shape[2:]),
        (samples * module.weight.shape[0], *module.weight.shape[1:]),
        g.reshape(1, -1, *g.shape[2:]),
        stride=module.stride,
        dilation=module.dilation,
        groups=samples * module.groups,
    )
    return {"weight": weight.reshape(samples, *module.weight.shape), "bias": g.sum(dim=positions)}


_FEW = 16
"""Channels up to which products of matrices are faster than a grouped convolution for windows of more than a pixel."""


def _is_product(convolution: nn.Conv2d) -> bool:
    plain = set(convolution.stride) == set(convolution.dilation) == {1} and convolution.groups == 1
    return plain and (set(convolution.kernel_size) == {1} or convolution.in_channels <= _FEW)


def _shifted_products(padded: Tensor, g: Tensor, window: torch.Size) -> Tensor:
    """Weight gradients [N, O, C, *window] of a convolution with stride 1, a product of matrices for each pixel of it.

    With the outputs' gradients padded to the inputs' width, one pixel further in the window is a shift of the flat
    image by one, and one row further by a width: no copies are made.
    """
    height, width = window
    wide = padded.shape[3]
    inputs = padded.flatten(2)
    gradients = functional.pad(g, (0, width - 1)).flatten(2)[:, :, : g.shape[2] * wide - width + 1]
    found = padded.new_empty(height, width, len(g), g.shape[1], padded.shape[1])
    for row in range(height):
        for column in range(width):
            start = row * wide + column
            shifted = inputs[:, :, start : start + gradients.shape[2]]
            torch.bmm(gradients, shifted.mT, out=found[row, column])
    return found.permute(2, 3, 4, 0, 1)


_WEIGHT_GRADIENTS: dict[int, Callable[..., Tensor]] = {
    1: grad.conv1d_weight,
    2: grad.conv2d_weight,
    3: grad.conv3d_weight,
}


def _padded(module: nn.Conv1d | nn.Conv2d | nn.Conv3d, a: Tensor) -> Tensor:
    widths = module._reversed_padding_repeated_twice
    if not any(widths):
        return a
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    return functional.pad(a, widths, mode=mode)


def _linear(module: nn.Module, a: Tensor, g: Tensor) -> dict[str, Tensor]:
    a, g = (tensor.reshape(len(tensor), -1, tensor.shape[-1]) for tensor in (a, g))  # [N, positions, features]
    return {"weight": torch.bmm(g.mT, a), "bias": g.sum(dim=1)}


def _batch_norm(module: nn.Module, a: Tensor, g: Tensor) -> dict[str, Tensor]:
    assert isinstance(module, _BatchNorm)
    by_batch = uses_batch_statistics(module)
    normalised = functional.batch_norm(
        a,
        None if by_batch else module.running_mean,
        None if by_batch else module.running_var,
        training=by_batch,
        eps=module.eps,
    )
    positions = tuple(range(2, a.ndim))
    return _scale_and_shift(g * normalised, g, positions)


def _group_norm(module: nn.Module, a: Tensor, g: Tensor) -> dict[str, Tensor]:
    assert isinstance(module, nn.GroupNorm)
    normalised = functional.group_norm(a, module.num_groups, eps=module.eps)
    return _scale_and_shift(g * normalised, g, tuple(range(2, a.ndim)))


def _layer_norm(module: nn.Module, a: Tensor, g: Tensor) -> dict[str, Tensor]:
    assert isinstance(module, nn.LayerNorm)
    normalised = functional.layer_norm(a, module.normalized_shape, eps=module.eps)
    return _scale_and_shift(g * normalised, g, tuple(range(1, a.ndim - len(module.normalized_shape))))


def _scale_and_shift(scaled: Tensor, shifted: Tensor, positions: tuple[int, ...]) -> dict[str, Tensor]:
    if positions:  # an empty tuple would sum over everything
        scaled, shifted = scaled.sum(dim=positions), shifted.sum(dim=positions)
    return {"weight": scaled, "bias": shifted}


RULES: dict[type[nn.Module], Rule] = {
    nn.Conv1d: _convolution,
    nn.Conv2d: _convolution,
    nn.Conv3d: _convolution,
    nn.Linear: _linear,
    _BatchNorm: _batch_norm,
    nn.GroupNorm: _group_norm,
    nn.LayerNorm: _layer_norm,
}
