"""Temporary replacements of the forward pass of some of a network's modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from harness.measurements.modules import named_modules


@contextmanager
def overridden_forward(
    network: nn.Module, replacement: Callable[[nn.Module], Callable[[Tensor], Tensor] | None]
) -> Iterator[None]:
    """Inside, some modules have another forward pass; afterwards their own again, also after an exception.

    A module's own hooks still run, and a `forward` that has been set on an instance before is put back.

    Args:
        network: the network whose modules are replaced, all of them candidates.
        replacement: gives the function that replaces a module's `forward`, or None to leave the module as it is.
    """
    modules = named_modules(network).values()
    replacements = {module: other for module in modules if (other := replacement(module)) is not None}
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
