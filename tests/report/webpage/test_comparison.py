"""The page's column against params, and the sentences below it, read back from the page."""

import dataclasses
import re

import pytest

from harness.report.webpage.rendering import page
from tests.report.webpage.pages import compared, ordinary

HOSTILE = "<img src=x onerror='window.hacked = true'>\"&</script>"


def table_of(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """Headings of the ranking table, and by proxy its cells as they stand in the source."""
    table = re.findall(r'<table class="sortable" id="ranking-table">(.*?)</table>', text, re.DOTALL)[0]
    headings = re.findall(r'class="sort">(.*?)</button>', table)
    rows = re.findall(r'<tr[^>]* data-proxy="(.*?)">(.*?)</tr>', table, re.DOTALL)
    return headings, {name: re.findall(r"<td data-value.*?</td>", row) for name, row in rows}


def test_the_difference_its_interval_and_its_verdict_are_in_words():
    text = page(ordinary(comparison=compared()), title="A page")
    headings, rows = table_of(text)
    assert headings[:4] == ["proxy", "Spearman", "against params", "Kendall τ-b"]
    assert {len(cells) for cells in rows.values()} == {len(headings) - 1}
    assert {name: cells[1] for name, cells in rows.items()} == {
        "good": '<td data-value="0.301">0.30 <small>[0.15, 0.50]</small> '
        '<span class="verdict better">better</span></td>',
        "wide": '<td data-value="-0.2">−0.20 <small>[−0.50, 0.11]</small> '
        '<span class="verdict not">not distinguishable</span></td>',
        "signed": '<td data-value="-0.62">−0.62 <small>[−0.80, −0.40]</small> '
        '<span class="verdict worse">worse</span></td>',
        "params": '<td data-value="0.0">–</td>',
        "failing": '<td data-value="">–</td>',
        "flops": '<td data-value="">–</td>',
    }
    below = text[text.index("</table>") : text.index("</section>")]
    for sentence in (
        "<li>not distinguishable from params: wide</li>",
        ">Against params: Spearman less that of params, by a paired bootstrap. On the same 1,234 architectures",
        "always the same: failing, flops.<",
    ):
        assert sentence in below
    assert "turned round" not in below
    lower = page(ordinary(comparison=compared(coefficient="kendall_tau_b"), higher_is_better=False), title="A page")
    assert "here, Kendall τ-b is turned round, so that a positive difference is better" in lower


@pytest.mark.parametrize("why", [None, "No proxy is compared with params: a reason."])
def test_without_a_comparison_there_is_no_column_but_a_line(why):
    text = page(ordinary(comparison=why), title="A page")
    headings, rows = table_of(text)
    assert headings[:3] == ["proxy", "Spearman", "Kendall τ-b"]
    assert {len(cells) for cells in rows.values()} == {len(headings) - 1}
    assert ("No proxy is compared with params: a reason.</p>" in text) == (why is not None)
    assert 'class="verdict' not in text


def test_names_in_sentences_are_only_text():
    hostile = dataclasses.replace(compared(), against=HOSTILE, left_out=(HOSTILE,))
    assert "<img" not in page(ordinary(comparison=hostile), title="A page")
