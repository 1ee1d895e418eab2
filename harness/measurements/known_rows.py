"""Networks whose rows are samples by what they are made of."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.modules import module as hooks_of_all

from harness.batches import Batch
from harness.spaces.row_wise import ROW_WISE

_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
_REPLACED = frozenset({"forward", "_call_impl", "__call__"})


def rows_are_known(network: nn.Module, batch: Batch) -> bool:
    """Whether a network maps each sample of a batch of images by itself, because every module in it is known to.

    Known are classes of `ROW_WISE` themselves, not their subclasses, with the forward pass that they were made known
    with, whose objects hold no hook, no other forward pass and plain tensors alone.
    """
    if [each.ndim for each in batch.arguments] != [4] or any(_hooks_of_all()):
        return False
    return all(is_as_known(module) for module in network.modules())


def is_as_known(module: nn.Module) -> bool:
    """Whether a module is of a known class itself and nothing of it has been replaced or hooked."""
    own = vars(module)
    return (
        ROW_WISE.get(type(module)) is type(module).forward
        and _REPLACED.isdisjoint(own)
        and own.get("_compiled_call_impl") is None
        and not any(own[hooks] for hooks in _HOOKS)
        and all(type(each) in (nn.Parameter, Tensor) for each in module._parameters.values() if each is not None)
    )


def _hooks_of_all() -> list[object]:
    return [getattr(hooks_of_all, f"_global{hooks}") for hooks in _HOOKS]
