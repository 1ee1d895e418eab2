"""The method of a search with the schedule, the regulariser and the activation that its setting asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor

from harness.errors import SearchError
from harness.search.gradient.dsnas import score_function
from harness.search.gradient.method import Method, Moment, Parameters, Relaxed, Step
from harness.search.gradient.pc_darts import edge_normalised
from harness.search.gradient.prime.activation import with_clipped_weights
from harness.search.gradient.prime.admm import admm, update
from harness.search.gradient.prime.proximity import adjusted_proximity, proximity
from harness.search.gradient.prime.schedule import scheduled
from harness.search.gradient.relaxation import softmax

if TYPE_CHECKING:
    from harness.search.gradient.setting import SearchSetting

Penalty = Callable[[Parameters, Relaxed, Moment, dict[str, Tensor]], Tensor]
"""Arguments: parameters, their operation weights without noise, moment, and what the search keeps."""

PENALTIES: Mapping[str, Penalty] = {"proximity": proximity, "adjusted_proximity": adjusted_proximity, "admm": admm}
_OFF = {"activation": "own", "regularise": "none", "schedule": "every_step"}


def with_options(method: Method, setting: SearchSetting) -> Method:
    """The method with the options of the setting; the method itself where all are off.

    Raises:
        SearchError: for an option that the method cannot take, with the reason.
    """
    for option, off in _OFF.items():
        if (wanted := getattr(setting, option)) != off and (reason := reason_not(method, option)):
            raise SearchError(f"{method.name} takes no {option} {wanted!r}: {reason}")
    if setting.activation == "clipped":
        method = with_clipped_weights(method)
    if setting.regularise != "none":
        method = regularised(method, setting.regularise)
    if setting.schedule != "every_step":
        method = scheduled(method, setting.schedule)
    return method


def reason_not(method: Method, option: str) -> str:
    """Why a method cannot take `activation`, `regularise` or `schedule`; empty where it can."""
    if method.architecture_step is None:
        return "it trains no architecture parameters"
    if not method.trains_weights:
        return "it trains no weights, and chooses by other steps than descents of a loss"
    if method.renews:
        return "its architecture parameters are those of a policy, and begin anew in its last stage"
    if option == "regularise" and method.architecture_step is score_function:
        return "it descends the score function's gradient, not a loss that a term could join"
    if option != "activation":
        return ""
    if method.relax not in (softmax, edge_normalised):
        return "it draws its operation weights from distributions, which clipped parameters are not"
    return "" if method.penalty is None else "its penalty is that of a softmax"


def reason_not_on_table(setting: SearchSetting) -> str:
    """Why the options of a setting cannot be taken on a table's losses; empty where they can."""
    if setting.schedule == "dynamic":
        return "the schedule 'dynamic' looks at the gradient of the weights, and a table has none: take 'periodic'"
    clipped = "the activation 'clipped' gives operation weights that are no distribution over a table's cells"
    return clipped if setting.activation == "clipped" else ""


def regularised(method: Method, name: str) -> Method:
    """The method with a further term in the loss of its architecture parameters, `name` in `PENALTIES`.

    The term is of the weights that are discretised (`Method.mean`): for methods that draw weights, of the distribution.
    """
    penalise, step = PENALTIES[name], method.architecture_step
    assert step is not None

    def regularised_step(at: Step) -> float:
        joined = []

        def penalty(parameters: Parameters, moment: Moment) -> Tensor:
            joined.append(moment)
            term = penalise(parameters, method.mean(parameters, moment), moment, at.memory)
            return term if method.penalty is None else method.penalty(parameters, moment) + term

        loss = step(replace(at, method=replace(at.method, penalty=penalty)))
        if not joined:
            raise SearchError(f"{method.name} takes no regularise {name!r}: its step does not descend `Step.objective`")
        if name == "admm":
            update(at)
        return loss

    return replace(method, architecture_step=regularised_step)
