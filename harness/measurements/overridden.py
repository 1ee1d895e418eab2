"""Other forward passes for some of a network's modules, for a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn


@contextmanager
def overridden_forward(
    network: nn.Module, replacement: Callable[[nn.Module], Callable[[Tensor], Tensor] | None]
) -> Iterator[None]:
    """Inside, modules compute something else; afterwards they are as they were, also after an exception.

    A module's own hooks still run, and a `forward` that someone has already set on an instance comes back.

    Args:
        network: any module.
        replacement: what a module is to compute in place of its `forward`, None to leave it alone.
    """
    replacements = {module: other for module in network.modules() if (other := replacement(module)) is not None}
    before = {module: vars(module)["forward"] for module in replacements if "forward" in vars(module)}
    try:
        for module, other in replacements.items():
            vars(module)["forward"] = other
        yield
    finally:
        for module in replacements:
            vars(module).pop("forward", None)
        for module, own in before.items():
            vars(module)["forward"] = own
