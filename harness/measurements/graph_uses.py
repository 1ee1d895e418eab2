"""Where in the graph of a pass parameters are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torch import nn
from torch.autograd.graph import Node

from harness.errors import NotApplicable
from harness.measurements.forward import Forward
from harness.measurements.single_uses import outside_of_its_module


def check_read_by_calls(passed: Forward, parameters: Iterable[tuple[str, nn.Parameter]]) -> None:
    """Refuse parameters on which the outputs depend by another way than the calls of the modules that hold them.

    The graph tells: every operation that reads one must lie between the input and the output of such a call.

    Args:
        passed: a forward pass.
        parameters: the parameters with their names.

    Raises:
        NotApplicable: naming the first such parameter.

    Cost: no pass; a walk over the graph.
    """
    names = {parameter: name for name, parameter in parameters}
    inside: set[tuple[Node, int]] = set()
    for call in passed.calls:
        if call.edge is not None:
            own = {each for each in call.module._parameters.values() if each is not None}
            before = call.input_edge.node if call.input_edge else None
            inside.update(place for place, each in _readers(call.edge.node, before) if each in own)
    last = passed.outputs.grad_fn
    for place, parameter in _readers(last, None) if last else ():
        if parameter in names and place not in inside:
            raise NotApplicable(outside_of_its_module(names[parameter]))


def _readers(last: Node, before: Node | None) -> Iterator[tuple[tuple[Node, int], nn.Parameter]]:
    """Operations that read leaves, each with the place of the argument and the leaf, from `last` back to `before`."""
    seen: set[Node] = set()
    waiting = [last]
    while waiting:
        node = waiting.pop()
        if node in seen or node == before:
            continue
        seen.add(node)
        for place, (function, _) in enumerate(node.next_functions):
            if function is not None:
                if (leaf := getattr(function, "variable", None)) is not None:
                    yield (node, place), leaf
                waiting.append(function)
