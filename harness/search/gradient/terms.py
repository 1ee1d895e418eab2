"""A further term in the loss that a method's architecture parameters descend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from harness.errors import SearchError
from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step

Term = Callable[[Parameters, Relaxed, Moment, dict[str, Tensor]], Tensor]
"""Arguments: parameters, their operation weights without noise, moment, and what the search keeps."""


def with_term(method: Method, term: Term, option: str, after: Callable[[Step, float], None] | None = None) -> Method:
    """The method with a further term in the loss of its architecture parameters.

    The term is of the weights that are discretised (`Method.mean`): for methods that draw weights, of the distribution.

    Args:
        method: a method with a step that descends `Step.objective`; it may have such terms already.
        term: the term.
        option: the option that asks for it, in words, for the message of a method that cannot take it.
        after: sees each step of the architecture parameters after it, and its loss without terms.
    """
    step = method.architecture_step
    assert step is not None

    def step_with_term(at: Step) -> float:
        joined, before = [], at.method.penalty

        def penalty(parameters: Parameters, moment: Moment) -> Tensor:
            joined.append(moment)
            added = term(parameters, method.mean(parameters, moment), moment, at.memory)
            return added if before is None else before(parameters, moment) + added

        loss = step(replace(at, method=replace(at.method, penalty=penalty)))
        if not joined:
            raise SearchError(f"{method.name} takes no {option}: its step does not descend `Step.objective`")
        if after is not None:
            after(at, loss)
        return loss

    return replace(method, architecture_step=step_with_term)
