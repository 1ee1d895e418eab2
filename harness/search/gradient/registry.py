"""The gradient-based searches by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from harness.errors import SearchError, unknown
from harness.search.gradient import (
    beta_darts,
    darts,
    drnas,
    dsnas,
    e2rnas,
    gdas,
    mod_nas,
    nasi,
    pc_darts,
    radars,
    rsps,
    snas,
    te_nas,
    trilevel,
)
from harness.search.gradient.daas import daas
from harness.search.gradient.method import Method
from harness.search.gradient.nesbs import nesbs
from harness.search.gradient.prime import darts_prime
from harness.search.gradient.setting import SearchSetting

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        darts.FIRST_ORDER,
        darts.SECOND_ORDER,
        darts_prime.METHOD,
        beta_darts.METHOD,
        drnas.METHOD,
        drnas.PROGRESSIVE,
        gdas.METHOD,
        snas.METHOD,
        dsnas.METHOD,
        pc_darts.METHOD,
        rsps.METHOD,
        radars.METHOD,
        daas.METHOD,
        e2rnas.METHOD,
        nesbs.METHOD,
        nasi.FIXED,
        nasi.ADAPTIVE,
        te_nas.METHOD,
        trilevel.METHOD,
        mod_nas.METHOD,
    )
}


def find_method(name: str) -> Method:
    """The search of that name.

    Raises:
        SearchError: for an unknown name (with the nearest name).
    """
    if name not in METHODS:
        raise SearchError(unknown("search", name, METHODS))
    return METHODS[name]


def reasons_not_read(method: Method, setting: SearchSetting, fields: Iterable[str]) -> dict[str, str]:
    """Why a search does not read fields of its setting, by field; those that it reads are left out.

    Args:
        method: the search.
        setting: its setting.
        fields: names of fields of `SearchSetting`.
    """
    found = {}
    for field in fields:
        readers = [other.name for other in METHODS.values() if field in other.reads]
        if readers and field not in method.reads:
            found[field] = f"it is read by {', '.join(readers)}"
        elif field in _NEEDS and (reason := _NEEDS[field](method, setting)):
            found[field] = reason
    return found


def _of_weights(method: Method, setting: SearchSetting) -> str:
    return "" if method.trains_weights else "it trains no weights"


def _of_parameters(method: Method, setting: SearchSetting) -> str:
    moves = method.architecture_step is not None and method.trains_weights
    return "" if moves else "it descends no architecture parameters"


def _of_attack(setting: SearchSetting) -> str:
    attacks = setting.adversarial != "none" or "robust" in setting.mgda
    return "" if attacks else "it is of --adversarial, or of --mgda robust"


_NEEDS: Mapping[str, Callable[[Method, SearchSetting], str]] = {
    "weight_lr": _of_weights,
    "alpha_lr": _of_parameters,
    "alpha_warm_up": _of_parameters,
    "rho": lambda _, setting: "" if setting.regularise != "none" else "it is the weight of a term of --regularise",
    "schedule_steps": lambda _, setting: "" if setting.schedule != "every_step" else "it is of a --schedule",
    **dict.fromkeys(("adversarial_epsilon", "adversarial_step"), lambda _, setting: _of_attack(setting)),
    "mgda_gradients": lambda _, setting: "" if setting.mgda else "it is of --mgda",
    "bound_form": lambda _, setting: "" if setting.size_bound is not None else "it is of --size-bound",
    **dict.fromkeys(
        ("latency_model", "latency_samples"),
        lambda _, setting: "" if setting.objective == "latency" else "it is of --objective latency",
    ),
    "policy_lr": lambda _, setting: (
        "the policy of --policy-search fixed rests" if setting.policy_search == "fixed" else ""
    ),
    **dict.fromkeys(
        ("diversity", "particle_std"), lambda _, setting: "" if setting.draw == "svgd" else "it is of --draw svgd"
    ),
}
"""Fields that only some searches or settings read: by field, what tells why one does not."""
