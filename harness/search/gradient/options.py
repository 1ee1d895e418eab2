"""The method of a search with the objective, schedule, regulariser and activation that its setting asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.errors import SearchError
from harness.search.gradient.dsnas import score_function
from harness.search.gradient.latency import with_latency
from harness.search.gradient.method import Method, Step
from harness.search.gradient.pc_darts import edge_normalised
from harness.search.gradient.prime.activation import with_clipped_weights
from harness.search.gradient.prime.admm import admm, update
from harness.search.gradient.prime.proximity import adjusted_proximity, proximity
from harness.search.gradient.prime.schedule import scheduled
from harness.search.gradient.relaxation import softmax
from harness.search.gradient.terms import Term, with_term

if TYPE_CHECKING:
    from harness.prediction.predictor import Predictor
    from harness.search.gradient.setting import SearchSetting

PENALTIES: Mapping[str, Term] = {"proximity": proximity, "adjusted_proximity": adjusted_proximity, "admm": admm}
_OFF = {
    "activation": "own", "regularise": "none", "schedule": "every_step", "objective": "none", "adversarial": "none",
}  # fmt: skip


def with_options(method: Method, setting: SearchSetting, predictor: Predictor | None = None) -> Method:
    """The method with the options of the setting; the method itself where all are off.

    Args:
        method: the method.
        setting: the setting.
        predictor: the predictor of its objective `latency`.

    Raises:
        SearchError: for an option that the method cannot take, with the reason; a missing predictor.
    """
    check_options(method, setting)
    if setting.activation == "clipped":
        method = with_clipped_weights(method)
    if setting.regularise != "none":
        method = regularised(method, setting.regularise)
    if setting.objective == "latency":
        method = with_latency(method, setting, _of_setting(predictor, setting))
    elif predictor is not None:
        raise SearchError("a predictor has no effect without the objective 'latency'")
    if setting.schedule != "every_step":
        method = scheduled(method, setting.schedule)
    return method


def check_options(method: Method, setting: SearchSetting) -> None:
    """Refuse an option of the setting that the method cannot take.

    Raises:
        SearchError: naming the option, with the reason.
    """
    for option, off in _OFF.items():
        if (wanted := getattr(setting, option)) != off and (reason := reason_not(method, option)):
            raise SearchError(f"{method.name} takes no {option} {wanted!r}: {reason}")
    if setting.target_latency is not None and method.choose is not None:
        raise SearchError(
            f"{method.name} takes no target_latency: it chooses its architecture by a rule of its own, and a target "
            "takes the last one within it. Give a latency_weight instead"
        )


def reason_not(method: Method, option: str) -> str:
    """Why a method cannot take `activation`, `regularise`, `schedule`, `objective` or `adversarial`; else empty."""
    if method.architecture_step is None:
        return "it trains no architecture parameters"
    if not method.classifies:
        return "it searches restoring networks, which nobody has tried that on"
    if not method.trains_weights:
        return "it trains no weights, and chooses by other steps than descents of a loss"
    if method.joint:
        moved = "weights and parameters" if method.policy is None else "weights, parameters and policy"
        return f"it moves {moved} in one step"
    if method.renews:
        return "its architecture parameters are those of a policy, and begin anew in its last stage"
    if option == "schedule" and method.in_turn:
        return "its weights rest while its architecture parameters move in every step"
    if option in ("regularise", "objective") and method.architecture_step is score_function:
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
    """The method with a further term in the loss of its architecture parameters, `name` in `PENALTIES`."""
    return with_term(method, PENALTIES[name], f"regularise {name!r}", _update if name == "admm" else None)


def _update(at: Step, loss: float) -> None:
    update(at)


def _of_setting(predictor: Predictor | None, setting: SearchSetting) -> Predictor:
    """The predictor, if it is the one that the setting names."""
    if predictor is None:
        raise SearchError(
            "the objective 'latency' needs a predictor: give run_search(predictor=harness.latency_predictor(COLUMN))"
        )
    if (predictor.column, predictor.kind) != (wanted := (setting.latency_column, setting.latency_model)):
        raise SearchError(
            f"the predictor is the {predictor.kind} one of {predictor.column}, but the setting asks for the "
            f"{wanted[1]} one of {wanted[0]}"
        )
    return predictor
