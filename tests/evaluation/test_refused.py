"""What is no ranking: scores that contradict each other, columns and architectures that are not there."""

import math
import re

import pandas as pd
import pytest

from benchmarks import TableError
from harness.errors import ScoresError, SpaceError
from tests.evaluation.ranked import ACCURACY, KEYS, OUTSIDE, SEED_1, rank, scored


def test_scores_that_stand_twice_and_differ_are_refused(table, noisy):
    frame = pd.concat([scored(noisy), scored(noisy[:2] + 1), scored(noisy[2:3], keys=KEYS[2:3])])
    message = (
        f"2 scores stand twice and differ, the first is mine for {KEYS[0]} "
        f"({noisy[0]:.10g} and {noisy[0] + 1:.10g}): give the scores of one setting"
    )
    with pytest.raises(ScoresError, match=re.escape(message)):
        rank(frame, table)


@pytest.mark.parametrize("again", [math.nan, 1e9])
def test_a_score_that_differs_in_another_spelling_is_refused(table, noisy, again):
    frame = pd.concat([scored(noisy), scored([again], keys=[f"{KEYS[0]} "])])
    with pytest.raises(ScoresError, match="1 scores stand twice and differ"):
        rank(frame, table)


@pytest.mark.parametrize(
    ("name", "spelt", "hint"),
    [
        ("architecture", "architectures", " Did you mean 'architectures'?"),
        ("proxy", "proxi", " Did you mean 'proxi'?"),
        ("score", "scores", " Did you mean 'scores'?"),
        ("score", "value", ""),
    ],
)
def test_a_missing_column_is_refused_with_the_nearest(table, noisy, name, spelt, hint):
    message = f"unknown column of the scores: wanted '{name}'.{hint} Known: "
    with pytest.raises(ScoresError, match=re.escape(message)):
        rank(scored(noisy).rename(columns={name: spelt}), table)


@pytest.mark.parametrize("text", ["high", "", "1,5", "nan?"])
def test_text_for_a_score_is_refused_with_its_place(table, noisy, text):
    scores = [*noisy[:-1].tolist(), text]
    message = f"the score {text!r} of mine for {KEYS[29]} is not a number"
    with pytest.raises(ScoresError, match=re.escape(message)):
        rank(scored(scores), table)


def test_an_empty_frame_is_refused(table):
    with pytest.raises(ScoresError, match="there are no scores to rank: the frame has no rows"):
        rank(scored([]), table)


def test_no_architecture_of_the_table_is_refused(table, noisy):
    message = f"none of the 3 scored architectures has a value of {ACCURACY} in made"
    with pytest.raises(ScoresError, match=message):
        rank(scored(noisy[:3], keys=OUTSIDE), table)


def test_no_architecture_with_a_value_of_this_seed_is_refused(table, noisy):
    with pytest.raises(ScoresError, match=f"none of the 1 scored architectures has a value of {SEED_1} in made"):
        rank(scored(noisy[:1]), table, SEED_1)


def test_an_unknown_column_of_the_table_is_refused_with_the_nearest(table, noisy):
    with pytest.raises(TableError, match=re.escape("unknown column 'cifar10_test'. Did you mean")) as error:
        rank(scored(noisy), table, "cifar10_test")
    assert ACCURACY in str(error.value)


@pytest.mark.parametrize("architecture", ["|nor_conv_3x3~0|", "", math.nan, None])
def test_an_architecture_that_is_none_is_refused(table, noisy, architecture):
    frame = scored(noisy, keys=[*KEYS[:-1], architecture])
    with pytest.raises(SpaceError, match=re.escape(f"malformed NAS-Bench-201 cell {str(architecture)!r}")):
        rank(frame, table)


@pytest.mark.parametrize("options", [{"resamples": 0}, {"confidence": 1.0}, {"confidence": 0.0}])
def test_intervals_that_cannot_be_are_refused(table, noisy, options):
    with pytest.raises(ScoresError, match=next(iter(options))):
        rank(scored(noisy), table, **options)
