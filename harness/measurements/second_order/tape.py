"""The autograd graph as a tape: the operations of a scalar in order, and the adjoints that a backward pass finds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from torch import Tensor, nn
from torch.autograd.graph import Node

from harness.measurements.second_order.batch_norm_rule import BATCH_NORMS, norm_adjoint
from harness.measurements.second_order.tangent_rules import RULES
from harness.measurements.second_order.tangents import Adjoint, NoRuleError

LEAF = "torch::autograd::AccumulateGrad"


class Entry(NamedTuple):
    """One operation of the forward pass that depends on the parameters, or one of them.

    Attributes:
        node: the node in the graph; a parameter is the `variable` of its node.
        inputs: the nodes of the inputs in order, None for an input that does not depend on the parameters.
    """

    node: Node
    inputs: tuple[Node | None, ...]


Tape = tuple[Entry, ...]
"""Operations in the order of computation: inputs before results."""

Gradient = Tensor | None


def tape_of(scalar: Tensor, parameters: Collection[nn.Parameter]) -> Tape:
    """The operations that `scalar` was computed by, as far as they depend on the parameters.

    Raises:
        NoRuleError: when an operation has no rule in `second_order.tangent_rules`, or a parameter has a backward hook,
            which may change its gradient.
    """
    entries: dict[Node, Entry] = {}
    chosen = set(parameters)
    if any(parameter._backward_hooks for parameter in chosen):
        raise NoRuleError("a parameter has a backward hook")
    for node in _inputs_first(scalar.grad_fn):
        inputs = tuple(child if child in entries else None for child, _ in node.next_functions)
        if node.name() == LEAF:
            if node.variable in chosen:  # type: ignore[attr-defined]
                entries[node] = Entry(node, ())
        elif any(child is not None for child in inputs):
            _check(node)
            entries[node] = Entry(node, inputs)
    return tuple(entries.values())


def _inputs_first(root: Node | None) -> Iterator[Node]:
    """Every node of the graph once, after all nodes that it is computed from."""
    seen: set[Node] = set()
    waiting = [(root, False)]
    while waiting:  # a graph may be deeper than Python's recursion limit
        node, complete = waiting.pop()
        if node is not None and complete:
            yield node
        elif node is not None and node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting.extend((child, False) for child, _ in node.next_functions)


def _check(node: Node) -> None:
    if node.name() not in RULES:
        raise NoRuleError(f"there is no rule for {node.name()}")
    if node.name() == "ConvolutionBackward0":
        weight = node.next_functions[1][0]
        saved = weight is None or weight.name() != LEAF or _saved_weight(node) is weight.variable  # type: ignore[attr-defined]
        if not saved:  # each read of it may compute a whole checkpointed segment again
            raise NoRuleError("a hook on saved tensors holds a convolution's weight")
    if any(output for _, output in node.next_functions):
        raise NoRuleError(f"{node.name()} reads another output than the first")


def _saved_weight(node: Node) -> object:
    return getattr(node, "_saved_weight", None)


@contextmanager
def adjoints_captured(tape: Tape) -> Iterator[dict[Node, Adjoint]]:
    """Adjoints of the tape's curved operations, filled by a backward pass inside the context.

    A convolution and the batch norm after it share one tensor: the memory is that of the convolutions' outputs.
    """
    adjoints: dict[Node, Adjoint] = {}
    handles = []
    for node, _ in tape:
        if node.name() in BATCH_NORMS:
            handles.append(node.register_hook(_norm_recorder(node, adjoints)))
        elif node.name() != LEAF and RULES[node.name()].curved:
            handles.append(node.register_prehook(_recorder(node, adjoints)))
    try:
        yield adjoints
    finally:
        for handle in handles:
            handle.remove()


def _recorder(node: Node, adjoints: dict[Node, Adjoint]) -> Callable[[tuple[Gradient, ...]], None]:
    def record(outputs: tuple[Gradient, ...]) -> None:
        if outputs[0] is not None:
            adjoints[node] = Adjoint(outputs[0])

    return record


def _norm_recorder(
    node: Node, adjoints: dict[Node, Adjoint]
) -> Callable[[tuple[Gradient, ...], tuple[Gradient, ...]], None]:
    def record(inputs: tuple[Gradient, ...], outputs: tuple[Gradient, ...]) -> None:
        if inputs[0] is not None and outputs[0] is not None:
            with suppress(AttributeError):  # a PyTorch version that saves under other names
                adjoints[node] = norm_adjoint(node, outputs[0], inputs[0], inputs[1])

    return record
