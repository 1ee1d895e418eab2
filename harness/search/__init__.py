"""Searches: algorithms that choose an architecture.

Differentiable ones share one supernet and one loop, with a short file for each paper that says what it does otherwise;
those in `harness.search.queried` ask a table, through an oracle that charges for each question. None of them can open
a table itself: the import contract `scores-see-no-accuracy` proves it. A name below is loaded on first use (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.search.loop import SearchResult, run_search
    from harness.search.method import Method
    from harness.search.registry import METHODS, find_method
    from harness.search.setting import SearchSetting

__all__ = ["METHODS", "Method", "SearchResult", "SearchSetting", "find_method", "run_search"]

_HOMES = {
    "METHODS": "registry",
    "Method": "method",
    "SearchResult": "loop",
    "SearchSetting": "setting",
    "find_method": "registry",
    "run_search": "loop",
}

if not TYPE_CHECKING:  # a type checker would otherwise take every misspelt name for an attribute

    def __getattr__(name: str) -> object:
        """Load a public name on first use."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"harness.search.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
