"""Every kind of published score is compared with ours, or it is said why not."""

from __future__ import annotations

import ast
from pathlib import Path

import harness
from tests.proxies.published_scores import Given

NOT_COMPARED = {
    ("HNAS", "naswot"): "sums activations that were not made 0 or 1: no kernel of states, see the docstring of nwot",
    ("MeCo", "ntk"): "TE-NAS's condition number in eval mode, one cell, on running statistics that are not recorded",
    ("MeCo", "zico"): "0.0 for every cell: both batches' gradients lie in the same memory, see the docstring of zico",
}
HERE = Path(__file__).parent


def constants(function: ast.FunctionDef) -> set[object]:
    """The texts and numbers in a function, its decorators' among them."""
    return {node.value for node in ast.walk(function) if isinstance(node, ast.Constant)}


def test_every_pair_of_peer_and_proxy_is_compared_or_explained(given: Given) -> None:
    """A pair counts as compared where a test names both in its own text."""
    pairs = {(peer, proxy) for peer, proxy, _ in given.scores.index}
    files = [path for path in HERE.glob("test_reference_scores*.py") if path != Path(__file__)]
    tests = [
        constants(node)
        for path in files
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    compared = {pair for pair in pairs if any(set(pair) <= named for named in tests)}
    assert compared | set(NOT_COMPARED) == pairs
    assert not compared & set(NOT_COMPARED)


def test_what_is_not_compared_is_as_the_reason_says(given: Given) -> None:
    assert {given.score("MeCo", "zico", index) for index in (0, 1)} == {0.0}
    assert given.score("HNAS", "naswot", 5) > 2 * given.score("AZ-NAS", "naswot", 5)
    fresh = harness.score(given.network(0), given.batch(), ["ntk_condition"], bn="eval")["ntk_condition"]
    assert -fresh.value > 1000 * given.score("MeCo", "ntk", 0), "with fresh statistics it is about 40,000, not 4.6"
