"""Search spaces: encodings, and the networks that they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import SpaceError, unknown

if TYPE_CHECKING:
    from harness.spaces.space import Space

SPACES = {
    "nasbench201": "NAS-Bench-201 topology cells (Dong & Yang 2020): 4 nodes, 6 edges, 5 operations, 15,625 cells",
    "darts": "DARTS genotypes (Liu et al. 2019): a normal and a reduction cell, 4 nodes with 2 inputs, 7 operations",
}


def list_spaces() -> dict[str, str]:
    """Names of the spaces, each with a line on what it holds."""
    return dict(SPACES)


def open_space(name: str) -> Space:
    """The space of that name.

    Raises:
        SpaceError: for an unknown name, with the nearest one.
    """
    if name == "nasbench201":
        from harness.spaces.nasbench201 import NasBench201

        return NasBench201()
    if name == "darts":
        from harness.spaces.darts import Darts

        return Darts()
    raise SpaceError(unknown("space", name, SPACES))
