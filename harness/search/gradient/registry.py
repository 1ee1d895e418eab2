"""The gradient-based searches by name."""

from __future__ import annotations

from harness.errors import SearchError, unknown
from harness.search.gradient import beta_darts, darts, drnas, dsnas, gdas, nasi, pc_darts, radars, rsps, snas, te_nas
from harness.search.gradient.method import Method
from harness.search.gradient.prime import darts_prime

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
        nasi.FIXED,
        nasi.ADAPTIVE,
        te_nas.METHOD,
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
