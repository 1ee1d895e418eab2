"""Spearman's coefficient inside classes of parameters; its oracle is scipy on each class."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.errors import ScoresError
from harness.evaluation.ranking import Ranking
from harness.evaluation.size_classes import size_classes


def test_coefficients_are_scipys_in_each_class(sized_ranking: Ranking) -> None:
    found = size_classes(sized_ranking, 3)
    points = sized_ranking.points[sized_ranking.points["proxy"] == "close"]
    seen = 0
    for row in found.frame[found.frame["proxy"] == "close"].to_dict("records"):
        inside = points[points["parameters"].between(row["low"], row["high"])]
        assert row["n"] == len(inside)
        assert row["spearman"] == pytest.approx(stats.spearmanr(inside["score"], inside["accuracy"]).statistic)
        assert row["spearman_low"] <= row["spearman"] <= row["spearman_high"]
        seen += row["n"]
    assert seen == len(points)


def test_classes_do_not_overlap_and_hold_about_as_many(sized_ranking: Ranking) -> None:
    first = size_classes(sized_ranking, 3).frame.drop_duplicates("class")
    assert first["class"].tolist() == [1, 2, 3]
    assert (first["low"].to_numpy()[1:] > first["high"].to_numpy()[:-1]).all()


def test_a_proxy_that_is_constant_in_a_class_has_no_coefficient(sized_ranking: Ranking) -> None:
    """Such as the parameters, where a class has one number of them."""
    many = size_classes(sized_ranking, 50).frame
    single = many[(many["proxy"] == "params") & (many["low"] == many["high"])]
    assert len(single)
    assert single["spearman"].isna().all()


def test_the_matrix_has_a_row_a_proxy_and_a_column_a_class(sized_ranking: Ranking) -> None:
    found = size_classes(sized_ranking, 3)
    frame = found.matrix().frame
    order = sized_ranking.frame.sort_values("spearman", ascending=False)["proxy"].tolist()
    assert frame.index.tolist() == order
    assert frame.shape[1] == 3
    assert np.nanmax(frame.to_numpy()) == found.frame["spearman"].max()


def test_fewer_than_two_classes_are_refused(sized_ranking: Ranking) -> None:
    for wrong in (1, True, 2.0):
        with pytest.raises(ScoresError, match="classes must be a whole number from 2"):
            size_classes(sized_ranking, wrong)  # type: ignore[arg-type]
