"""How numbers read."""

import numpy as np
import pytest

from harness.report.cells import best_printed, estimate, interval, number, p_value, value_decimals


def test_numbers_read_as_numbers_do():
    assert number(15625, 0) == "15,625"
    assert number(-0.004, 2) == "0.00"
    assert number(-0.006, 2, minus="−") == "−0.01"
    assert number(float("nan"), 2) == "–"
    assert interval(-0.1, float("nan")) == "[-0.10, –]"
    assert estimate(float("nan"), float("nan"), float("nan")) == "–"
    assert estimate(0.6, 0.53, 0.66) == "0.60 [0.53, 0.66]"


@pytest.mark.parametrize(("scale", "decimals"), [(1.0, 2), (0.01, 4), (np.nan, 4), (-1.0, 2), (1e4, 0)])
def test_values_have_the_decimals_of_their_size(ranking, scale, decimals):
    ranking.frame[["best_accuracy", "top10_best"]] *= scale
    assert value_decimals(ranking.frame) == decimals


def test_the_best_is_known_by_how_it_is_printed():
    assert best_printed([0.7449, 0.7481, np.nan]) == number(0.7481, 2) == "0.75"
    assert best_printed([0.2, -0.3], highest=False) == "-0.30"
    assert best_printed([np.nan]) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0004, "< 0.001"), (0.0312, "0.031"), (0.5, "0.50"), (1, "1.00"), (np.nan, "–"),
        (0.0494, "0.049"), (0.0497, "0.0497"), (0.04999, "0.0499"), (0.05, "0.050"), (0.0503, "0.050"),
    ],
)  # fmt: skip
def test_p_values(value, text):
    assert p_value(value) == text
