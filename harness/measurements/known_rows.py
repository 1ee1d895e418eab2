"""Networks whose rows are samples by what they are made of."""

from __future__ import annotations

from functools import cache

from torch import Tensor, nn
from torch.nn.modules import module as hooks_of_all

from harness.batches import Batch
from harness.measurements.layers import GRADIENT_HOOKS, MODULE_HOOKS
from harness.measurements.modules import named_modules
from harness.spaces.row_wise import ROW_WISE


def rows_are_known(network: nn.Module, batch: Batch) -> bool:
    """Whether a network maps each sample of a batch of images by itself, because every module in it is known to.

    Known are classes of `ROW_WISE` themselves, not their subclasses, with the forward pass that they were made known
    with, whose objects hold no hook, no method of their own and plain tensors alone, without hooks of their gradients.
    """
    if [each.ndim for each in batch.arguments] != [4] or any(_hooks_of_all()):
        return False
    return all(is_as_known(module) for module in named_modules(network).values())


def is_as_known(module: nn.Module) -> bool:
    """Whether a module is of a known class itself and nothing of it has been replaced or hooked."""
    own = vars(module)
    kind: type = type(module)
    return (
        ROW_WISE.get(kind) is type(module).forward
        and _methods(kind).isdisjoint(own)
        and own.get("_compiled_call_impl") is None
        and not any(own[hooks] for hooks in MODULE_HOOKS)
        and all(_is_plain(each) for each in module._parameters.values() if each is not None)
    )


@cache
def _methods(kind: type) -> frozenset[str]:
    """Names of a class's methods; an instance that holds one of them has replaced it."""
    return frozenset(name for name in dir(kind) if callable(getattr(kind, name)))


def _is_plain(parameter: Tensor) -> bool:
    return type(parameter) in (nn.Parameter, Tensor) and not any(getattr(parameter, name) for name in GRADIENT_HOOKS)


def _hooks_of_all() -> list[object]:
    return [getattr(hooks_of_all, f"_global{hooks}") for hooks in MODULE_HOOKS]
