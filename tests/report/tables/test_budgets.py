"""The table of budgets with picks."""

import math

import pandas as pd
import pytest

from harness.report.tables.budgets import budgets_sheet
from harness.report.tables.text import sheet_text
from tests.report.rankings import quantities, trade_off_of


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
REGRET = {"nasi_trace": 1.0, "params": 0.25}


def text_of(budgets, picked=PICKED, regret=REGRET, random_regret=8.875, **x):
    found = {"budgets": budgets, "picked": picked, "regret": regret, "random_regret": random_regret}
    return sheet_text(budgets_sheet(trade_off_of(*quantities(x), **found)), 90)


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
    text = " ".join(text_of(budgets, higher_is_better=True).split())
    assert "≥ 12.25" in text
    assert "≤" not in text
    assert "of equal scores that with the highest latency_ms" in text


@pytest.mark.parametrize(("scale", "shown"), [(0.01, "0.9430"), (1e5, "9,430,000")])
def test_values_have_the_decimals_of_their_size(budgets, scale, shown):
    budgets[["best", "best_scored", "random"]] *= scale
    text = text_of(budgets, PICKED * scale, {"nasi_trace": 0.0, "params": 0.0}, 0.0)
    assert f" {shown} " in text
