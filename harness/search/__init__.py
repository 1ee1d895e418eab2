"""Searches: algorithms that choose an architecture.

Differentiable searches (`harness.search.gradient`) share one loop on a supernet, and a short file for each paper has
what is different there. Searches in `harness.search.query` ask for tabulated accuracies through an oracle that charges
for each query. No search can open a table itself: the import contract `scores-see-no-accuracy` ensures it. Each name
below is loaded on first use (`harness.loading.lazy`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.loading.lazy import loaded_on_use

if TYPE_CHECKING:
    from harness.search.gradient.loop import run_search
    from harness.search.gradient.method import Method
    from harness.search.gradient.registry import METHODS, find_method
    from harness.search.gradient.result import SearchResult
    from harness.search.gradient.seeds import SearchSeeds
    from harness.search.gradient.setting import SearchSetting

__all__ = ["METHODS", "Method", "SearchResult", "SearchSeeds", "SearchSetting", "find_method", "run_search"]

_HOMES = {
    "METHODS": "harness.search.gradient.registry",
    "Method": "harness.search.gradient.method",
    "SearchResult": "harness.search.gradient.result",
    "SearchSeeds": "harness.search.gradient.seeds",
    "SearchSetting": "harness.search.gradient.setting",
    "find_method": "harness.search.gradient.registry",
    "run_search": "harness.search.gradient.loop",
}

if not TYPE_CHECKING:  # with it, a type checker would accept every misspelt name
    __getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
