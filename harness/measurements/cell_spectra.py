"""Spectra of the features between cells, and of the Jacobian of each cell."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.finite import finite
from harness.measurements.own_weights import Tensors, call_with, gaussian_inputs, generator_for, redrawn_tensors
from harness.setting import Setting


class CellSpectra(NamedTuple):
    """Spectra of the features and of the cell Jacobians of a network of L cells.

    Attributes:
        eigenvalues: eigenvalues [C_l] for l = 0..L, ascending and non-negative in float64, of the covariance of the
            channels over samples and positions, for the input of the first cell (l = 0) and for each cell's output.
        jacobian_norms: for l = 1..L, the spectral norm of the mean of g_in g_outᵀ for random signs g_out; None for a
            cell that passes gradients on unchanged.
    """

    eigenvalues: tuple[Tensor, ...]
    jacobian_norms: tuple[float | None, ...]


def cell_spectra(network: nn.Module, batch: Batch, setting: Setting) -> CellSpectra:
    """Spectra with He-normal weights (fan-in) and Gaussian inputs of the batch's shape, as AZ-NAS draws them.

    Raises:
        NotApplicable: when the network is not a chain of modules in a list called `cells`.

    Cost: one forward pass of its own, and one backward pass that goes cell by cell, in the memory of one cell.
    """
    generator = generator_for(setting, "cell spectra")
    tensors = redrawn_tensors(network, "kaiming_fan_in", generator)
    inputs = gaussian_inputs(batch, generator)
    return spectra_of(network, tensors, inputs, lambda shape: random_signs(shape, generator))


def random_signs(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Signs ±1 with equal probability, in float32 on the CPU, one for each bit drawn."""
    count = shape.numel()
    drawn = torch.randint(2**8, (-(-count // 8),), generator=generator, dtype=torch.uint8, device="cpu")
    bits = (drawn[:, None] >> torch.arange(8, dtype=torch.uint8, device="cpu")) & 1
    return bits.flatten()[:count].view(shape).float().mul_(2).sub_(1)


def spectra_of(
    network: nn.Module, tensors: Tensors, inputs: Tensor, signs: Callable[[torch.Size], Tensor]
) -> CellSpectra:
    """Spectra with the given parameters, buffers and inputs.

    Args:
        network: network in the batch norm mode of the measurement. Its cells are called with the outputs of earlier
            cells; the last positional argument is the output of the cell directly before.
        tensors: parameters and buffers of the network.
        inputs: inputs of the network, [N, ...].
        signs: makes g_out for the shape of a cell's output; called for the first cell first.
    """
    cells = getattr(network, "cells", None)
    if not isinstance(cells, nn.ModuleList) or len(cells) == 0:
        raise NotApplicable("the network has no module list called `cells`: features between cells are not defined")
    chain = _Chain(signs)
    with ExitStack() as stack:
        for cell in cells:
            stack.callback(cell.register_forward_pre_hook(chain.enter).remove)
            stack.callback(cell.register_forward_hook(chain.leave).remove)
        call_with(network, tensors, inputs)
    if len(chain.norms) != len(cells):
        raise NotApplicable(f"the network's `cells` are no chain: {len(chain.norms)} calls of {len(cells)} cells")
    return CellSpectra(tuple(chain.eigenvalues), tuple(chain.norms))


class _Chain:
    """Hooks that cut the graph before and after each cell, and measure the cell while its own graph is alive."""

    def __init__(self, signs: Callable[[torch.Size], Tensor]) -> None:
        self.eigenvalues: list[Tensor] = []
        self.norms: list[float | None] = []
        self._signs = signs
        self._entering: Tensor | None = None
        self._last: Tensor | None = None
        self._recomputing = False

    def enter(self, cell: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if self._recomputing:
            return None
        entering = _checked(arguments[-1] if arguments else None)
        if self._last is None:
            self.eigenvalues.append(_covariance_spectrum(entering.detach()))
        elif entering is not self._last:
            raise NotApplicable("the network's `cells` are no chain: one does not read the output of the one before it")
        self._entering = entering.detach().requires_grad_()
        # a first cell may read the stem twice: both are the same variable; a cell may change its copy in place
        copy = self._entering.clone()
        return tuple(copy if argument is entering else _cut(argument) for argument in arguments)

    def leave(self, cell: nn.Module, arguments: tuple[Any, ...], output: Any) -> Tensor | None:
        if self._recomputing:  # a backward pass calls a checkpointed cell again
            return None
        assert self._entering is not None
        signs = self._signs(_checked(output).shape)
        self._recomputing = True
        try:
            self.norms.append(_jacobian_norm(self._entering, output, signs))
        finally:
            self._recomputing = False
        self._last = output.detach()
        self.eigenvalues.append(_covariance_spectrum(self._last))
        return self._last


def _cut(argument: Any) -> Any:
    return argument.detach() if isinstance(argument, Tensor) else argument


def _checked(features: Any) -> Tensor:
    if not isinstance(features, Tensor) or features.ndim != 4:
        given = list(features.shape) if isinstance(features, Tensor) else type(features).__name__
        raise NotApplicable(f"features between cells must be of shape [N, C, H, W], got {given}")
    return features


def _covariance_spectrum(features: Tensor) -> Tensor:
    rows = finite(features, "features between cells").movedim(1, -1).reshape(-1, features.shape[1]).double()
    rows = rows - rows.mean(dim=0)
    eigenvalues: Tensor = torch.linalg.eigvalsh(rows.T @ rows / len(rows))
    return eigenvalues.clamp(min=0).cpu()


def _by_output_position(gradient_in: Tensor, gradient_out: Tensor) -> Tensor:
    """The gradient [N, C, s·H, s·W] of a cell with stride s as [N, C·s², H, W]: a block for each output position."""
    sides, outer = gradient_in.shape[2:], gradient_out.shape[2:]
    stride = max(sides[0] // outer[0], 1)
    if list(sides) != [stride * side for side in outer]:
        raise NotApplicable(f"a cell maps sides {list(sides)} to {list(outer)}: they must be whole multiples")
    return functional.pixel_unshuffle(gradient_in, stride)


def _jacobian_norm(before: Tensor, after: Tensor, signs: Tensor) -> float | None:
    """Spectral norm of E[g_in g_outᵀ]: g_out are random signs, g_in their gradient at the cell's input."""
    gradient_out = signs.to(after)
    gradient_in = None
    if after.requires_grad:
        (gradient_in,) = torch.autograd.grad(after, before, gradient_out, allow_unused=True)
    if gradient_in is None:
        return 0.0
    if gradient_in.shape == gradient_out.shape and torch.equal(gradient_in, gradient_out):
        return None
    gradient_in = _by_output_position(finite(gradient_in, "gradients of a cell"), gradient_out)
    rows_in, rows_out = (g.movedim(1, -1).reshape(-1, g.shape[1]) for g in (gradient_in, gradient_out))
    return float(torch.linalg.matrix_norm(rows_in.T @ rows_out / len(rows_out), ord=2))
