"""Arrays of any kind: taken as the numbers that they are, or refused; never another number in silence."""

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness import stats
from harness.errors import ScoresError
from harness.evaluation.checked_scores import checked_scores
from harness.proxies.combined import rank_sum
from harness.stats.real_numbers import real_numbers

FOUR = [3.0, 1.0, 4.0, 2.0]
LARGE = [2**53 + 1, 2**53, 1, 2]
TAKEN = {
    "list": FOUR,
    "series": pd.Series(FOUR),
    "fractions": [Fraction(value) for value in FOUR],
    "nothing masked": np.ma.masked_array(FOUR, mask=[False] * 4),
    "tensor with gradient": torch.tensor(FOUR, requires_grad=True),
    "list of such": [torch.tensor(value, requires_grad=True) for value in FOUR],
    "bfloat16": torch.tensor(FOUR, dtype=torch.bfloat16),
    "whole tensor": torch.tensor([3, 1, 4, 2]),
    "parameter": torch.nn.Parameter(torch.tensor(FOUR)),
    "nullable": pd.Series([3, 1, 4, 2], dtype="Int64"),
    "texts": [str(value) for value in FOUR],
    "decimals": [Decimal(str(value)) for value in FOUR],
    "long": np.array(FOUR, dtype=np.longdouble),
    "unsigned": np.array([3, 1, 4, 2], dtype=np.uint8),
}
REFUSED = {
    "masked": (np.ma.masked_array(FOUR, mask=[True, False, False, False]), "1 of 4 values are masked"),
    "complex": (np.array(FOUR) + 0j, "complex128"),
    "complex list": ([1j, 1, 2, 3], "complex128"),
    "complex tensor": (torch.tensor(FOUR) + 0j, "complex64"),
    "large": (LARGE, str(LARGE[0])),
    "large tensor": (torch.tensor(LARGE), str(LARGE[0])),
    "large array": (np.array([2**63 + 1, 1, 2, 3], dtype=np.uint64), str(2**63 + 1)),
    "larger": ([2**70 + 1, 1, 2, 3], str(2**70 + 1)),
    "large texts": ([str(value) for value in LARGE], str(LARGE[0])),
    "large texts with a point": ([f"{value}.0" for value in LARGE], str(LARGE[0])),
    "large decimals": ([Decimal(value) for value in LARGE], str(LARGE[0])),
    "large fractions": ([Fraction(value) for value in LARGE], str(LARGE[0])),
    "large NumPy objects": (np.array([np.int64(value) for value in LARGE], dtype=object), str(LARGE[0])),
    "large long": (np.array(LARGE, dtype=np.longdouble), str(LARGE[0])),
    "dates": (np.array(["2020"] * 4, dtype="datetime64[Y]"), "datetime64"),
    "durations": (np.array([1, 2, 3, 4], dtype="timedelta64[s]"), "timedelta64"),
    "text": (["a", "b", "c", "d"], "must be numbers"),
    "nothing": (None, "must be numbers|one-dimensional|shape"),
    "on no device": (torch.empty(4, device="meta"), "must be numbers"),
    "missing": (pd.Series([3, 1, None, 2], dtype="Int64"), "must be numbers|NaN"),
}
ENTRANCES = {
    "coefficients": lambda values: stats.coefficients(values, FOUR),
    "coefficients, accuracies": lambda values: stats.coefficients(FOUR, values),
    "resampled": lambda values: stats.resampled_coefficients([values], FOUR, generator=rng(), resamples=3),
    "stability": lambda values: stats.rank_stability([values, FOUR], generator=rng(), resamples=3),
    "change": lambda values: stats.change_of_ranking(values, FOUR, FOUR, generator=rng(), resamples=3),
    "trainings": lambda values: stats.training_agreement([values, FOUR]),
    "best": lambda values: stats.best_by_score(values, FOUR, 1),
    "front": lambda values: stats.pareto_front(values, FOUR),
    "within": lambda values: stats.kendall_within(values, FOUR, [1, 1, 1, 2], generator=rng(), resamples=3),
    "partial": lambda values: stats.partial_correlations([values], FOUR, [FOUR], generator=rng(), resamples=3),
    "precision": lambda values: stats.precision_at(values, FOUR, 2),
}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_taken_are_its_numbers(kind: str) -> None:
    assert real_numbers(TAKEN[kind], "scores").tolist() == FOUR


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_every_entrance_refuses_the_rest(entrance: str, kind: str) -> None:
    values, message = REFUSED[kind]
    if (entrance, kind) == ("trainings", "missing"):
        pytest.skip("an architecture may lack a training")
    with pytest.raises(ScoresError, match=message):
        ENTRANCES[entrance](values)


@pytest.mark.parametrize("kind", TAKEN)
@pytest.mark.parametrize("entrance", ENTRANCES)
def test_every_entrance_takes_what_is_taken(entrance: str, kind: str) -> None:
    np.testing.assert_equal(ENTRANCES[entrance](TAKEN[kind]), ENTRANCES[entrance](FOUR))


@given(st.lists(st.integers(-(2**80), 2**80), min_size=1, max_size=4))
def test_whole_numbers_are_exact_or_refused(values: list[int]) -> None:
    try:
        found = real_numbers(values, "scores")
    except ScoresError:
        assert any(int(float(value)) != value for value in values)
    else:
        assert [int(value) for value in found] == values


@pytest.mark.parametrize(
    "column",
    [
        np.array([1 + 0j, 2, 3, 4]),
        LARGE,
        pd.array([LARGE[0], 2, None, 3], dtype="Int64"),
        [str(value) for value in LARGE],
        [Decimal(value) for value in LARGE],
        [Fraction(value) for value in LARGE],
        np.array(LARGE, dtype=np.longdouble),
        np.array(LARGE, dtype=np.longdouble).astype(object),
        pd.array([str(value) for value in LARGE], dtype="string"),
        pd.to_datetime(["2020"] * 4),
        [torch.ones(2)] * 4,
    ],
    ids=[
        "complex", "large", "large and missing", "texts", "decimals", "fractions", "long", "long objects", "strings",
        "dates", "vectors",
    ],
)  # fmt: skip
def test_a_frame_of_scores_is_right_or_refused(column: object) -> None:
    frame = pd.DataFrame({"architecture": list("abcd"), "proxy": "mine", "score": column})
    with pytest.raises(ScoresError):
        checked_scores(frame)


def test_tensors_in_a_frame_are_their_numbers() -> None:
    scores = [torch.tensor(value, requires_grad=True) for value in FOUR]
    frame = pd.DataFrame({"architecture": list("abcd"), "proxy": "mine", "score": scores})
    assert checked_scores(frame)["score"].tolist() == FOUR


@pytest.mark.parametrize(
    "column",
    [["1e30", "1", "2", "-3.5e40"], np.array([2.0**60, 1, 2, 3], dtype=np.longdouble), [str(2**60), "1", "2", "3"]],
)
def test_large_scores_that_float64_holds_or_that_are_rounded_already_are_taken(column: object) -> None:
    frame = pd.DataFrame({"architecture": list("abcd"), "proxy": "mine", "score": column})
    assert checked_scores(frame)["score"].tolist() == [float(value) for value in frame["score"]]


@pytest.mark.parametrize("kind", ["Int64", "Float64"])
def test_missing_scores_of_nullable_columns_are_missing(kind: str) -> None:
    score = pd.array([1, 2, None, 4], dtype=kind)
    found = checked_scores(pd.DataFrame({"architecture": list("abcd"), "proxy": "mine", "score": score}))
    np.testing.assert_equal(found["score"].tolist(), [1.0, 2.0, np.nan, 4.0])


def test_combined_scores_refuse_what_float64_rounds() -> None:
    with pytest.raises(harness.HarnessError, match=re.escape("column 'a': float64 would round")):
        rank_sum(pd.DataFrame({"a": LARGE, "b": FOUR}), ("a", "b"))
