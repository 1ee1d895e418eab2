"""The activation patterns of SWAP, of universal SWAP and of TE-NAS's regions the slow way, unit by unit.

Imports nothing under test. A network is used in whatever mode it is in, and its running statistics move.
"""

from __future__ import annotations

from torch import Tensor, nn


def signs(network: nn.Module, inputs: Tensor) -> list[list[bool]]:
    """A row a sample: which of all units behind nn.ReLU modules are active."""
    rows: list[list[bool]] = [[] for _ in inputs]

    def record(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        for row, sample in zip(rows, output, strict=True):
            row.extend(bool(value > 0) for value in sample.flatten())

    handles = [module.register_forward_hook(record) for module in network.modules() if isinstance(module, nn.ReLU)]
    network(inputs.clone())
    for handle in handles:
        handle.remove()
    return rows


def any_signs(network: nn.Module, inputs: Tensor) -> list[list[int]]:
    """A row a sample: −1, 0 or 1 for all units behind nn.ReLU, nn.GELU and nn.SiLU modules."""
    rows: list[list[int]] = [[] for _ in inputs]

    def record(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        for row, sample in zip(rows, output, strict=True):
            row.extend((value > 0) - (value < 0) for value in sample.flatten().tolist())

    kinds = (nn.ReLU, nn.GELU, nn.SiLU)
    handles = [module.register_forward_hook(record) for module in network.modules() if isinstance(module, kinds)]
    network(inputs.clone())
    for handle in handles:
        handle.remove()
    return rows
