"""Proxies over settings as sheets."""

import numpy as np
import pandas as pd

from harness.evaluation.stability import ProxyStability, Stabilities
from harness.evaluation.transfer import Transfer
from harness.report.tables.stability import settings_sheets, stability_sheet, transfer_sheet
from harness.stats import Stability
from harness.stats.intervals import Interval
from tests.report.sheets import headings, texts


def stabilities(**others):
    matrix = np.array([[1, 0.5], [0.5, 1]])
    found = ProxyStability("nwot", ("a", "b"), 1500, Stability(matrix, matrix, matrix, 0.9, Interval(0.8, 0.95)))
    nothing = {"left_out": {}, "lacking": {}, "coefficient": "kendall_tau_b"}
    return Stabilities((found,), **{**nothing, **others})


def test_a_row_a_proxy_with_its_mean_over_pairs_and_the_lowest():
    sheet = stability_sheet(stabilities())
    assert sheet.title == "Stability: Kendall τ-b of a proxy with itself under other settings"
    assert texts(sheet) == (("nwot", "0.90 [0.80, 0.95]", "0.50", "2", "1,500"),)
    assert sheet.notes == ()


def test_what_is_left_out_is_said_once_for_all_that_share_a_reason():
    found = stabilities(left_out={"x": "no scores", "y": "no scores"}, lacking={"nwot": ("c", "d")})
    assert stability_sheet(found).notes == ("Left out, with no scores: x, y.", "Without c, d: nwot.")


def test_the_settings_of_one_proxy_against_each_other():
    (sheet,) = settings_sheets(stabilities())
    assert sheet.title == "nwot with itself, Kendall τ-b, 1,500 architectures"
    assert headings(sheet) == ("setting", "a", "b")
    assert texts(sheet) == (("a", "1.00", "0.50"), ("b", "0.50", "1.00"))


def test_a_row_a_proxy_and_inputs_with_a_column_for_each_accuracy():
    frame = pd.DataFrame(
        {
            "proxy": ["nwot"] * 4, "inputs": ["x", "x", "y", "y"], "column": ["one", "two"] * 2, "n": [5] * 4,
            "spearman": [0.1, 0.2, 0.3, 0.4], "spearman_low": [0.0] * 4, "spearman_high": [1.0] * 4,
        }
    )  # fmt: skip
    sheet = transfer_sheet(Transfer(frame, ("Left out.",)))
    assert texts(sheet)[1] == ("nwot", "y", "0.30 [0.00, 1.00]", "0.40 [0.00, 1.00]", "5")
    assert sheet.notes == ("Left out.",)
