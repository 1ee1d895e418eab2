"""Checks of groups of fields of a search's setting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from harness.errors import SearchError, unknown

MGDA = ("robust", "size")
"""Objectives that MGDA weighs with the loss."""


def check_number(name: str, value: Any, *, above: bool, below: float = math.inf, signed: bool = False) -> None:
    """Refuse what is no finite number from 0, or above 0, and below a limit; `signed` allows numbers below 0 too.

    Raises:
        SearchError: naming the field and the value.
    """
    bad = isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
    if bad or (value < 0 and not signed) or (above and value == 0) or value >= below:
        if signed:
            raise SearchError(f"{name} must be a finite number, got {value!r}")
        allowed = f"{'above' if above else 'from'} 0" + (f" and below {below:g}" if math.isfinite(below) else "")
        raise SearchError(f"{name} must be a number {allowed}, got {value!r}")


def check_latency(setting: Mapping[str, Any]) -> None:
    """Refuse fields of the objective `latency` that do not fit each other.

    Args:
        setting: the fields of a setting by name.

    Raises:
        SearchError: naming the field.
    """
    for name, what in (("latency_column", "the name of a column"), ("latency_table", "the name or path of a table")):
        if not isinstance(setting[name], str):
            raise SearchError(f"{name} must be {what}, got {setting[name]!r}")
    if setting["objective"] == "none":
        for name in ("latency_column", "latency_table", "latency_weight", "target_latency"):
            if setting[name]:
                raise SearchError(f"{name} is of the objective 'latency': give objective='latency' too")
        return
    if not setting["latency_column"]:
        raise SearchError("the objective 'latency' needs a latency_column: a tabulated latency or energy")
    if setting["latency_weight"] and setting["target_latency"] is not None:
        raise SearchError("give a latency_weight or a target_latency, not both: a target has a weight of its own")
    _check_distribution(setting, "the objective 'latency'")


def check_mgda(setting: Mapping[str, Any]) -> None:
    """Refuse objectives of MGDA that are none, or a bound on a size that is no objective.

    Args:
        setting: the fields of a setting by name.

    Raises:
        SearchError: naming the field.
    """
    names, bound = setting["mgda"], setting["size_bound"]
    if not isinstance(names, tuple) or len(set(names)) < len(names):
        raise SearchError(f"mgda must be different names of {', '.join(MGDA)}, or none; got {names!r}")
    for name in names:
        if name not in MGDA:
            raise SearchError(unknown("objective of mgda", name, MGDA))
    if bound is not None:
        check_number("size_bound", bound, above=True)
        if "size" not in names:
            raise SearchError("size_bound is of the objective 'size': give mgda=('size',) too")
    if "size" in names:
        _check_distribution(setting, "mgda's 'size'")


def _check_distribution(setting: Mapping[str, Any], what: str) -> None:
    if setting["activation"] == "clipped":
        raise SearchError(
            f"the activation 'clipped' gives operation weights that are no distribution, of which {what} takes the "
            "mean: leave one of them out"
        )
