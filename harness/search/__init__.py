"""Differentiable searches: one supernet, one loop, and for each paper a short file that says what it does otherwise.

A search sees images and labels, never an accuracy of a table: the import contract `scores-see-no-accuracy` proves it.
"""

from harness.search.loop import SearchResult, run_search
from harness.search.method import Method
from harness.search.registry import METHODS, find_method
from harness.search.setting import SearchSetting

__all__ = ["METHODS", "Method", "SearchResult", "SearchSetting", "find_method", "run_search"]
