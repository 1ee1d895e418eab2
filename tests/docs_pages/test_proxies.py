"""The page of the proxies is the registry, and its formulas are those of the functions."""

from __future__ import annotations

import re

import pytest

from docs_pages import proxies
from docs_pages.proxy_latex import FORMULAS
from harness.measurements import MEASUREMENTS

NAMES = [entry.name for entry in proxies.built_in()]


def test_every_proxy_has_a_row_a_formula_and_a_section() -> None:
    assert sorted(FORMULAS) == NAMES
    assert re.findall(r"^\| \[`(\w+)`\]", proxies.proxies(), flags=re.MULTILINE) == NAMES
    assert re.findall(r"^### (\w+)$", proxies.proxy_formulas(), flags=re.MULTILINE) == NAMES


def test_a_row_says_what_the_registry_says() -> None:
    rows = {row.split("`")[1]: row for row in proxies.proxies().splitlines()[2:]}
    for entry in proxies.built_in():
        assert re.findall(r"`(\w+)`", rows[entry.name])[1:] == list(entry.needs)
        assert rows[entry.name].endswith(f"| {'no' if entry.exhaustive else 'yes'} | {entry.version} |")
    assert "| 1 backward |" in rows["grad_norm"]
    assert "| no pass |" in rows["l2_norm"]
    assert "N·K backwards | no |" in rows["ntk_trace_exact"]


def test_every_measurement_has_a_row_with_the_proxies_that_read_it() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` (.*) \|$", proxies.measurements(), flags=re.MULTILINE))
    assert list(rows) == list(MEASUREMENTS)
    assert rows["relu_gram"].endswith("| `linear_regions`, `nwot`")
    assert rows["forward"].endswith("| –")


@pytest.mark.parametrize("name", NAMES)
def test_the_brackets_of_a_formula_close(name: str) -> None:
    latex, legend = FORMULAS[name]
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") - latex.count(r"\leftarrow") == latex.count(r"\right")
    assert legend.count(r"\(") == legend.count(r"\)")
    assert not legend.endswith(".")
