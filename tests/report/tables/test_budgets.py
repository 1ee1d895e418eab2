"""The tables of several columns: budgets with picks, and coefficients side by side."""

import math

import pandas as pd
import pytest

from harness.errors import ScoresError
from harness.report.tables.budgets import budgets_text
from harness.report.tables.matrix import matrix_text
from harness.report.tables.sheet import Heading, Sheet, sheet_text, terminal_width


@pytest.fixture
def budgets():
    return pd.DataFrame(
        {
            "budget": [1.5, 12.25],
            "allowed": [3, 1200],
            "best": [91.0, 94.3],
            "best_scored": [90.5, 94.0],
            "random": [60.0, 85.125],
        }
    )


PICKED = pd.DataFrame({"nasi_trace": [math.nan, 93.0], "params": [88.0, 94.0]})


def text_of(budgets, **options):
    names = {"x_column": "latency_ms", "y_column": "accuracy_pct", "width": 90}
    return budgets_text(budgets, PICKED, {"nasi_trace": 1.0, "params": 0.25}, 8.875, **{**names, **options})


def test_a_line_a_budget_and_one_of_regrets(budgets):
    lines = text_of(budgets).splitlines()
    assert lines[0] == "accuracy_pct within budgets of latency_ms"
    table = [line.split() for line in lines[2:] if line.startswith(("≤", "mean"))]
    assert table == [
        ["≤", "1.50", "3", "91.00", "90.50", "–", "88.00", "60.00"],
        ["≤", "12.25", "1,200", "94.30", "94.00", "93.00", "94.00", "85.12"],
        ["mean", "regret", "0.00", "1.00", "0.25", "8.88"],
    ]
    assert next(line for line in lines if "nasi_trace" in line).split()[-3:] == ["nasi_trace", "params", "random"]


def test_the_definitions_stand_below_and_fit_the_width(budgets):
    text = text_of(budgets)
    assert all(len(line) <= 90 for line in text.splitlines())
    flat = " ".join(text.split())
    assert "of equal scores that with the lowest latency_ms" in flat
    assert "from the tightest within which all these proxies have a score." in flat


def test_a_floor_reads_as_one(budgets):
    text = " ".join(text_of(budgets, x_higher_is_better=True).split())
    assert "≥ 12.25" in text
    assert "≤" not in text
    assert "of equal scores that with the highest latency_ms" in text


@pytest.mark.parametrize(("scale", "shown"), [(0.01, "0.9430"), (1e5, "9,430,000")])
def test_values_have_the_decimals_of_their_size(budgets, scale, shown):
    budgets[["best", "best_scored", "random"]] *= scale
    scaled = PICKED * scale
    text = budgets_text(budgets, scaled, {"nasi_trace": 0.0, "params": 0.0}, 0.0, x_column="x", y_column="y", width=90)
    assert f" {shown} " in text


def test_coefficients_of_all_columns_stand_side_by_side(ranking):
    other = ranking.assign(spearman=-ranking["spearman"])
    frames = {"cifar10_test_200ep_pct": ranking, "hwnas_cifar10_edgegpu_latency_ms": other}
    text = matrix_text(frames, "Side by side", 100)
    lines = text.splitlines()
    assert lines[:2] == ["Side by side", ""]
    rows = [line.split() for line in lines[2:] if line.split()[1:2] and line.split()[-1][-1].isdigit()]
    assert rows[-5:] == [
        ["nasi_trace", "0.60", "-0.60"],
        ["zen", "-0.36", "0.36"],
        ["jacob_cov", "0.73", "-0.73"],
        ["params", "0.75", "-0.75"],
        ["flops", "0.74", "-0.74"],
    ]
    assert sum(set(line) == {"─"} for line in lines) == 2


def test_a_proxy_that_one_column_lacks_has_a_dash(ranking):
    text = matrix_text({"a": ranking[ranking["proxy"] != "zen"], "b": ranking}, "", 100)
    assert next(line.split() for line in text.splitlines() if line.startswith("zen")) == ["zen", "–", "-0.36"]


def test_columns_that_do_not_fit_come_in_blocks(ranking):
    text = matrix_text({f"column_{place}": ranking for place in range(9)}, "Nine", width=60)
    assert max(map(len, text.splitlines())) <= 60
    heads = [line.split() for line in text.splitlines() if line.startswith("proxy")]
    assert len(heads) > 1
    assert [name for head in heads for name in head[1:]] == [f"column_{place}" for place in range(9)]
    assert text.count("nasi_trace") == len(heads)


def test_a_single_wide_column_is_printed_whole(ranking):
    text = matrix_text({"a_very_long_name_of_a_column_that_has_no_end": ranking}, "One", width=10)
    assert "0.60" in text


def test_only_proxies_or_only_baselines_have_no_rule_between(ranking):
    for rows in (ranking[ranking["proxy"] == "zen"], ranking[ranking["proxy"] == "params"]):
        assert sum(set(line) == {"─"} for line in matrix_text({"a": rows}, "", 80).splitlines()) == 1


def test_a_broken_ranking_is_refused(ranking):
    with pytest.raises(ScoresError, match="the ranking frame lacks: spearman"):
        matrix_text({"a": ranking.drop(columns="spearman")}, "")


def test_a_plain_table_prints_its_cells_literally():
    rows = (("[red]x[/red]", "1"), ("y", "10"))
    sheet = Sheet.of("", (Heading("name", "left"), "[b]n[/b]"), rows, ruled_above=(1,))
    assert sheet_text(sheet).split("\n") == [
        "name          [b]n[/b]",
        "──────────────────────",
        "[red]x[/red]         1",
        "──────────────────────",
        "y                   10",
    ]


def test_the_width_is_the_given_one_or_the_terminals(monkeypatch):
    monkeypatch.setenv("COLUMNS", "72")
    assert (terminal_width(), terminal_width(33)) == (72, 33)
