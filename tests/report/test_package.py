"""The names that the package offers, loaded on first use."""

import re
import subprocess
import sys

import pytest

from harness import report


def test_the_names_are_what_is_loaded_on_use_and_what_the_docstring_lists() -> None:
    assert sorted(report.__all__) == sorted(report._HOMES)
    assert set(report.__all__) <= set(dir(report))
    for name in report.__all__:
        assert getattr(report, name).__name__ == name
    told = set(re.findall(r"`(\w+)`", report.__doc__ or ""))
    results = {"Ranking", "Comparison", "TradeOff", "TableSearches", "SearchResult"}
    assert told - results == set(report.__all__) - {"Cell", "Heading"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'harness\.report' has no attribute 'scater'"):
        report.scater  # noqa: B018


def test_a_table_in_a_terminal_does_not_pay_for_matplotlib() -> None:
    code = "import sys; from harness.report import ranking_sheet, sheet_text; print('matplotlib' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
