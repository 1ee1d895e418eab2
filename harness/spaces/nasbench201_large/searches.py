"""Settings of gradient-based searches in nasbench201-large: those of NAS-Bench-201, since no paper has this space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.spaces.nasbench201 import searches as nasbench201
from harness.spaces.nasbench201_large.cell import OPERATIONS
from harness.spaces.searches import SearchPreset

_NOTE = "no paper has nasbench201-large; these are the values for nasbench201"
_WITHOUT_NONE = len(OPERATIONS) - 1
_KEEP = (len(OPERATIONS), len(OPERATIONS) * 3 // 5)
_STAGES = (len(OPERATIONS), 12, 7, 3)
_CHANGES: Mapping[str, tuple[dict[str, Any], str]] = {
    "drnas-progressive": ({"keep": _KEEP}, f", but {_KEEP[1]} operations of {_KEEP[0]} are kept in place of 3 of 5"),
    "radars": (
        {"partial": (1, 1, 1, 1), "keep": _STAGES},
        f", but {', '.join(map(str, _STAGES))} operations in four stages in place of 5, 4 and 3 in three",
    ),
    "te-nas": (
        {"epochs": _WITHOUT_NONE - 1},
        f", but {_WITHOUT_NONE - 1} rounds, which {_WITHOUT_NONE} operations an edge need: about 1,250 supernets are "
        "measured, which takes hours with the laptop's preset too",
    ),
}
"""By method, the values that follow from the number of operations, and the words for them."""
_SMALLER: Mapping[str, dict[str, Any]] = {"nasi": {"depth": 1}, "nasi-ada": {"depth": 1}, "te-nas": {"width": 3}}
"""By method, further values of the laptop's preset."""


def _preset(name: str, theirs: SearchPreset) -> SearchPreset:
    values, words = _CHANGES.get(name, ({}, ""))
    return theirs._replace(
        paper={**theirs.paper, **values},
        laptop={**theirs.laptop, **values, **_SMALLER.get(name, {})},
        note=_NOTE + words,
        reduced=None,
    )


SEARCHES = replace(
    nasbench201.SEARCHES,
    space="nasbench201-large",
    laptop={**nasbench201.SEARCHES.laptop, "width": 8, "images": 2048},
    by_method={name: _preset(name, preset) for name, preset in nasbench201.SEARCHES.by_method.items()},
    reduced={},
    reduced_note="",
)
"""The laptop's preset is smaller, since a step is ten times the work. There is no reduced one: its values were chosen
by trials in NAS-Bench-201, and would take hours here."""
