"""The size of a network: trainable parameters and multiply-adds (MACs)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from harness.batches import Batch
from harness.errors import NotApplicable
from harness.measurements.weights_read import WeightsRead


def parameter_count(network: nn.Module) -> int:
    """Number of trainable parameters; a shared parameter counts once."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def macs(network: nn.Module, batch: Batch) -> int:
    """Multiply-adds (MACs) of one forward pass on one sample, counted at the operations of the real network.

    Where the samples are parts of one input, such as the nodes of a graph, it is a pass on all of them.

    Counted as in NAS-Bench-201's release: 1 for a multiply-add, over convolutions and products of matrices with their
    biases, whoever calls them: layers, functions, attention, recurrent layers, scripted code. A complex product counts
    as four real ones, a complex bias as two. Norm layers, pooling, activations, look-ups and sums do not count.

    Raises:
        NotApplicable: for products of sparse matrices; for trainable matrices that are multiplied by the inputs in
            operations that no rule counts, such as `torch.cdist` or an element-wise product that is summed; for a
            network with such matrices and no multiply-add at all.

    Cost: one forward pass of one sample, in eval mode, without a graph.
    """
    inputs = [each.clone() for each in batch.smallest()]
    modes = {module: module.training for module in network.modules()}
    counter = _Counter(network, inputs)
    try:
        network.eval()
        with torch.no_grad(), counter:
            network(*inputs)
    finally:
        for module, training in modes.items():
            module.training = training
    if not counter.total and counter.read.matrices:
        raise NotApplicable("no operation of the forward pass that counts as multiply-adds reads the network's weights")
    return counter.total


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    """Adds up the multiply-adds of every operation inside."""

    def __init__(self, network: nn.Module, inputs: list[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0
        self.read = WeightsRead(network, inputs)
        named = dict(network.named_parameters())
        beside = {name: named.get(name.removesuffix("bias") + "weight") for name in named if name.endswith("bias")}
        self._biases = {named[name].data_ptr() for name, each in beside.items() if each is not None and each.ndim > 1}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No, as in `harness.measurements.watch`."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the operation and count it."""
        given = kwargs or {}
        result = func(*args, **given)
        operation = func._overloadpacket
        name = operation.__name__
        parts, bias_parts = (4, 2) if isinstance(result, Tensor) and result.is_complex() else (1, 1)
        counted = name in _OWN or operation in flop_registry
        if (counted or "sparse_" in name) and any(_is_sparse(each) for each in args) and "to_sparse" not in name:
            raise NotApplicable(f"multiply-adds of sparse matrices ({name}) are not counted")
        self.read.note(func, (args, given), result, counted)
        if name in _OWN:
            self.total += parts * _OWN[name](*args)
        elif operation in flop_registry:
            # PyTorch counts a multiplication and an addition, and leaves out the bias
            self.total += parts * flop_registry[operation](*args, **given, out_val=result) // 2
        if name in _WITH_BIAS and args[_WITH_BIAS[name]] is not None and given.get("beta") != 0:
            self.total += bias_parts * result.numel()
        elif name == "add":  # a linear layer of an input that does not lie in one piece adds its bias by itself
            if any(isinstance(each, Tensor) and each.data_ptr() in self._biases for each in args):
                self.total += bias_parts * result.numel()
        return result


_WITH_BIAS: Final = {
    **dict.fromkeys(("addmm", "addmm_", "_addmm_activation", "addmv", "addmv_"), 0),
    **dict.fromkeys(("addbmm", "addbmm_", "baddbmm", "baddbmm_"), 0),
    "convolution": 2,
    "_convolution": 2,
}
"""Place of the bias among the arguments."""


def _vectors(first: Tensor, second: Tensor) -> int:
    return first.numel()


def _matrix_and_vector(added: Tensor, matrix: Tensor, vector: Tensor) -> int:
    return matrix.numel()


def _matrices(added: Tensor, first: Tensor, second: Tensor) -> int:
    """Products of matrices, one or a batch, that are added to something."""
    return first.numel() * second.shape[-1]


def _outer(added: Tensor, first: Tensor, second: Tensor) -> int:
    return first.numel() * second.numel()


def _is_sparse(argument: object) -> bool:
    return isinstance(argument, Tensor) and argument.layout is not torch.strided


def _recurrent(inputs: Tensor, *rest: Any) -> int:
    """One layer of oneDNN in one direction: products with the input's and the hidden state's weights, and biases."""
    counted = rest[: 4 if rest[_HAS_BIASES] else 2]
    return int(inputs.numel() // inputs.shape[-1] * sum(each.numel() for each in counted))


def _bilinear(first: Tensor, weight: Tensor, second: Tensor, *axes: Any) -> int:
    """Σ_jk x_j W_ojk y_k by output o: the products with y, then those with x."""
    rows = first.numel() // first.shape[-1]
    return int(rows * (weight.numel() + weight.shape[0] * weight.shape[1]))


_HAS_BIASES: Final = 11
"""Place of that argument of `mkldnn_rnn_layer` after the input."""

_OWN: Final[dict[str, Callable[..., int]]] = {
    "mv": _vectors,
    "addmv": _matrix_and_vector,
    "addmv_": _matrix_and_vector,
    "addmm_": _matrices,
    "_addmm_activation": _matrices,
    "addbmm": _matrices,
    "addbmm_": _matrices,
    "baddbmm_": _matrices,
    "addr": _outer,
    "addr_": _outer,
    "dot": _vectors,
    "vdot": _vectors,
    "mkldnn_rnn_layer": _recurrent,
    "_trilinear": _bilinear,
}
"""Operations that PyTorch's counter does not know."""
