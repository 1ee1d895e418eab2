"""What a report refuses, and in what order it shows the rest."""

import numpy as np
import pandas as pd
import pytest

from harness.errors import ScoresError
from harness.report.cells import estimate, interval, number, value_decimals
from harness.report.frames import RANKING_COLUMNS, checked_points, checked_ranking


def test_baselines_come_last_and_the_rest_keeps_its_order(ranking):
    assert checked_ranking(ranking)["proxy"].tolist() == ["nasi_trace", "zen", "jacob_cov", "params", "flops"]


def test_the_given_frame_is_not_changed(ranking):
    before = ranking.copy()
    checked_ranking(ranking)
    pd.testing.assert_frame_equal(ranking, before)


def test_other_columns_and_any_index_are_taken(ranking):
    other = ranking.assign(remark="x").set_index(pd.Index([7, 7, 7, 7, 7]))
    pd.testing.assert_frame_equal(checked_ranking(other), checked_ranking(ranking))


def test_none_counts_as_nan(ranking):
    ranking["pearson"] = ranking["pearson"].astype(object).where(ranking["proxy"] != "zen", None)
    assert checked_ranking(ranking)["pearson"].isna().tolist() == [False, True, False, False, False]


@pytest.mark.parametrize("column", RANKING_COLUMNS)
def test_a_missing_column_is_named(ranking, column):
    with pytest.raises(ScoresError, match=f"the ranking frame lacks: {column}. It needs: proxy, n, failed"):
        checked_ranking(ranking.drop(columns=column))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.iloc[:0], "the ranking frame is empty"),
        (lambda frame: pd.concat([frame, frame.iloc[[2, 3]]]), "more than one row for: nasi_trace, zen"),
        (lambda frame: frame.assign(spearman="high"), "column 'spearman' must hold numbers"),
        (lambda frame: frame.assign(n=np.nan), "column 'n' must hold whole numbers"),
    ],
)
def test_a_bad_ranking_is_explained(ranking, change, message):
    with pytest.raises(ScoresError, match=message):
        checked_ranking(change(ranking))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.iloc[:0], "the points frame is empty"),
        (lambda frame: frame.drop(columns=["score", "parameters"]), "the points frame lacks: score, parameters"),
        (lambda frame: frame.assign(score=np.nan), "column 'score' holds 20 NaN or infinite of 20 values"),
        (lambda frame: frame.assign(accuracy=np.inf), "column 'accuracy' holds 20 NaN or infinite"),
        (lambda frame: frame.replace("swap", "swpa"), "unknown proxy 'swpa'. Did you mean 'swap'"),
        (lambda frame: frame.iloc[1:], "proxy 'swap' has 9 points, but its ranking row says n = 10"),
    ],
)
def test_bad_points_are_explained(make_frames, change, message):
    points, ranking = make_frames({"swap": np.arange(10.0), "params": np.arange(10.0)})
    with pytest.raises(ScoresError, match=message):
        checked_points(change(points), checked_ranking(ranking))


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
    ranking[["best_accuracy", "top10_best"]] *= scale
    assert value_decimals(ranking) == decimals
