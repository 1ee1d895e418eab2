"""The table of searches: every number where it belongs, line by line."""

import pandas as pd
import pytest

from harness.errors import ScoresError
from harness.evaluation.searches.table_searches import TableSearches
from harness.report.tables.searches import searches_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.report.tables.text import sheet_text

NAN = float("nan")


def row(search, mean, *, published="", seconds=NAN, queries=NAN):
    there = bool(published)
    return {
        "search": search,
        "cifar10_test_200ep_pct_mean": mean,
        "cifar10_test_200ep_pct_std": 0.456,
        "mine_pct_mean": mean / 2,
        "mine_pct_std": 12.3,
        "seconds": seconds,
        "queries": queries,
        "published": published,
        "published_source": "A paper, table 3" if there else "",
        "published_cifar10_test_200ep_pct_mean": 93.7 if there else NAN,
        "published_cifar10_test_200ep_pct_std": 0.36 if there else NAN,
        "published_mine_pct_mean": NAN,
        "published_mine_pct_std": NAN,
        "published_seconds": 12_000 if there else NAN,
    }


def found(*rows):
    return TableSearches(pd.DataFrame(rows), {}, {}, ())


def text_of(*rows):
    return sheet_text(searches_sheet(found(*rows)), 100)


OURS = row("random_search", 93.751, published="RS", seconds=11_943.2, queries=111.24)


def test_the_lines():
    lines = text_of(row("random", 87.056), OURS).split("\n")
    assert lines[0].split() == ["search", "CIFAR-10", "mine_pct", "seconds", "queries"]
    assert set(lines[1]) == {"─"}
    assert lines[2].split() == ["random", "87.06", "±", "0.46", "43.53", "±", "12.30", "–", "–"]
    assert lines[3].split() == ["random_search", "93.75", "±", "0.46", "46.88", "±", "12.30", "11,943", "111.2"]
    assert lines[4].split() == ["RS,", "published", "93.70", "±", "0.36", "–", "12,000"]
    assert lines[4].startswith("  RS")
    assert lines[5:] == ["", "published by A paper, table 3: RS"]


def test_a_single_run_has_no_deviation():
    assert "93.70  " in text_of({**row("random_search", 93.7), "cifar10_test_200ep_pct_std": NAN})


def test_without_published_rows_there_are_no_sources():
    assert text_of(row("random", 87.0)).endswith("–        –")


def test_sources_stand_below_each_other():
    other = row("reinforce", 93.0, published="RE") | {"published_source": "Another paper"}
    assert text_of(OURS, other).split("\n")[-3:] == [
        "", "published by A paper, table 3: RS", "published by Another paper: RE",
    ]  # fmt: skip


def test_in_markdown_and_latex_a_published_row_is_set_in():
    sheet = searches_sheet(found(row("random", 87.056), OURS))
    lines = sheet_markdown(sheet).split("\n")
    assert lines[3].startswith("| **random_search** | 93.75\u00a0±\u00a00.46 | ")
    assert lines[4].startswith("| &emsp;RS, published | 93.70\u00a0±\u00a00.36 | – | 12,000 |")
    lines = sheet_latex(sheet).split("\n")
    start = next(place for place, line in enumerate(lines) if line.startswith(r"random\_search & 93.75 $\pm$ 0.46"))
    assert lines[start - 1] == r"\addlinespace"
    assert lines[start + 1].startswith(r"\quad RS, published & 93.70 $\pm$ 0.36 & --")


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"search": ["a"]})])
def test_a_frame_without_searches_or_accuracies_is_refused(frame):
    with pytest.raises(ScoresError, match="there are no searches to show"):
        searches_sheet(TableSearches(frame, {}, {}, ()))
