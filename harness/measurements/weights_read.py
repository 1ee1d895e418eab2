"""Which weights a forward pass multiplies by, outside the operations whose multiply-adds are counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from harness.errors import NotApplicable

_INPUT: Final = ""
"""Mark of what is made of the inputs, beside the names of weights."""

_NO_PRODUCT: Final = frozenset(
    {"embedding", "_embedding_bag", "_embedding_bag_forward_only", "index", "index_select", "gather", "take", "cat"}
    | {"stack", "copy_", "index_put", "index_put_", "slice_scatter", "select_scatter", "where", "scatter", "scatter_"}
    | {"native_layer_norm", "native_group_norm", "native_batch_norm", "cudnn_batch_norm", "_fused_rms_norm"}
    | {"_native_batch_norm_legit", "_native_batch_norm_legit_no_training", "_native_batch_norm_legit_no_stats"}
    | {"set_", "resize_", "grid_sampler_2d"}
)
"""Operations, not element by element, that read a table, move entries, or normalise: they have no multiply-adds."""

_SUMS: Final = frozenset({"sum", "mean", "nansum", "cumsum", "prod"})
_COPIES: Final = frozenset({"clone", "_unsafe_view", "_to_copy"})
_PRODUCTS: Final = frozenset({"mul", "mul_", "div", "div_", "addcmul", "addcmul_"})


class WeightsRead:
    """Follows weights and inputs through the operations of a pass, to find products that no rule counts.

    Args:
        network: network whose trainable weights are followed; those with entries along two axes or more are matrices.
        inputs: what the pass is made on.
    """

    def __init__(self, network: nn.Module, inputs: Iterable[Tensor]) -> None:
        self._made_of: Any = WeakTensorKeyDictionary()
        self._products: Any = WeakTensorKeyDictionary()
        self.matrices = False
        for name, weight in network.named_parameters():
            if weight.requires_grad and sum(length > 1 for length in weight.shape) > 1:
                self._made_of[weight] = frozenset({name})
                self.matrices = True
        for tensor in inputs:
            self._made_of[tensor] = frozenset({_INPUT})

    def note(self, operation: Any, arguments: object, result: object, counted: bool) -> None:
        """Follow one operation.

        Args:
            operation: the operation, of the kind that a dispatch mode is given.
            arguments: its arguments.
            result: what it gave.
            counted: whether its multiply-adds are counted.

        Raises:
            NotApplicable: where it multiplies inputs by a matrix of weights and is not counted.
        """
        given = [each for each in tree_leaves(arguments) if isinstance(each, Tensor)]
        made = [each for each in tree_leaves(result) if isinstance(each, Tensor)]
        marks = [self._made_of.get(each, frozenset()) for each in given]
        every = frozenset().union(*marks)
        if not counted:
            self._check(operation, given, made, every)
        for tensor in made:
            self._made_of[tensor] = frozenset({_INPUT}) if _INPUT in every else every

    def _check(self, operation: Any, given: list[Tensor], made: list[Tensor], every: frozenset[str]) -> None:
        name = operation._overloadpacket.__name__
        followed = next((self._products[each] for each in given if each in self._products), "")
        weight = next((each for each in sorted(every) if each != _INPUT), "")
        if followed and name in _SUMS:
            raise _refused(followed, f"{_PRODUCT} and {name}")
        if followed and (operation.is_view or name in _COPIES):
            weight = followed
        elif _INPUT not in every or not weight or name in _NO_PRODUCT or operation.is_view:
            return
        elif torch.Tag.pointwise not in operation.tags:
            raise _refused(weight, name)
        elif _size(made) > _size(each for each in given if _INPUT in self._made_of.get(each, ())):
            raise _refused(weight, f"{name}, which spreads the inputs over it")
        if followed or name in _PRODUCTS:
            for tensor in made:
                self._products[tensor] = weight


_PRODUCT: Final = "products of entries"


def _size(tensors: Iterable[Tensor]) -> int:
    return max((each.numel() for each in tensors), default=0)


def _refused(weight: str, how: str) -> NotApplicable:
    return NotApplicable(f"multiply-adds with {weight!r} are made by {how}, for which no rule counts them")
