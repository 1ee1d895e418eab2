"""Means of a few values with Student's interval."""

import math

import numpy as np
import pytest
from scipy import stats

from harness.stats.mean import student_interval, welch_interval


@pytest.mark.parametrize("count", [2, 3, 5, 30])
def test_the_interval_is_that_of_scipy(count):
    values = np.random.default_rng(count).normal(3, 2, count)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = student_interval(values.tolist())
    assert found == pytest.approx((values.mean(), expected.low, expected.high), rel=1e-12)


def test_one_value_has_no_interval_and_none_has_no_mean():
    assert student_interval([4.0])[:1] == (4.0,)
    assert all(map(math.isnan, student_interval([4.0])[1:]))
    assert all(map(math.isnan, student_interval([])))


def test_a_missing_value_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        student_interval([1.0, math.nan])


def test_a_difference_has_welchs_interval() -> None:
    generator = np.random.default_rng(3)
    first, second = generator.normal(2, 1, 5), generator.normal(0, 3, 4)
    ends = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    found = welch_interval(first.tolist(), second.tolist())
    assert found == pytest.approx((first.mean() - second.mean(), ends.low, ends.high))
    constant = welch_interval([1.0, 1.0], [3.0, 4.0, 5.0])
    assert constant == pytest.approx((-3, *(-3 + end for end in stats.t.interval(0.95, 2, scale=3**-0.5))))
    assert welch_interval([1.0, 1.0], [3.0, 3.0]) == (-2, -2, -2)
    few = welch_interval([1.0], [3.0, 4.0])
    assert few.mean == -2.5
    assert math.isnan(few.low)
    assert math.isnan(few.high)
    with pytest.raises(ValueError, match="NaN"):
        welch_interval([1.0, math.nan], [3.0, 4.0])
