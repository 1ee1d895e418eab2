"""Measures of averaged predictions against their definitions, and paired intervals."""

import math

import numpy as np
import pytest
from scipy.special import ndtri, softmax
from sklearn.metrics import accuracy_score, log_loss

from harness.errors import ScoresError
from harness.stats.ensembles import (
    MEASURES,
    accuracy,
    calibration_error,
    disagreement,
    negative_log_likelihood,
    paired_difference,
)
from tests.reference import nesbs as reference


def drawn(count=500, classes=10, seed=0, sharpness=2.0):
    generator = np.random.default_rng(seed)
    probabilities = softmax(sharpness * generator.normal(size=(count, classes)), axis=1)
    return probabilities, np.array([generator.choice(classes, p=row) for row in probabilities])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("bins", [1, 10, 15])
def test_the_calibration_error_is_that_of_its_definition(seed, bins):
    probabilities, labels = drawn(seed=seed, sharpness=0.5 + seed)
    expected = reference.calibration_error(probabilities, labels, bins)
    assert calibration_error(probabilities, labels, bins) == pytest.approx(expected, rel=1e-12)


def test_the_calibration_error_of_known_cases():
    certain = np.eye(3)[[0, 1, 2, 0]]
    assert calibration_error(certain, np.array([0, 1, 2, 0])) == 0
    assert calibration_error(certain, np.array([1, 2, 0, 0])) == pytest.approx(0.75)
    half = np.full((4, 2), 0.5)
    assert calibration_error(half, np.array([0, 1, 0, 1])) == 0


def test_a_calibrated_model_has_a_small_error_and_an_overconfident_one_a_large():
    probabilities, labels = drawn(20_000)
    sharper = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert calibration_error(probabilities, labels) < 0.02
    assert calibration_error(sharper, labels) > 0.15


def test_accuracy_and_likelihood_are_those_of_scikit_learn():
    probabilities, labels = drawn()
    assert accuracy(probabilities, labels) == accuracy_score(labels, probabilities.argmax(axis=1))
    expected = log_loss(labels, probabilities, labels=range(10))
    assert negative_log_likelihood(probabilities, labels) == pytest.approx(expected, rel=1e-12)
    assert math.isfinite(negative_log_likelihood(np.eye(2)[[0, 0]], np.array([1, 1])))


def test_members_disagree_where_their_classes_differ():
    one, two, three = (np.eye(3)[classes] for classes in ([0, 1, 2, 0], [0, 1, 2, 1], [1, 1, 0, 1]))
    assert disagreement(np.stack([one, two])) == 0.25
    assert disagreement(np.stack([one, two, three])) == pytest.approx((0.25 + 0.75 + 0.5) / 3)
    assert math.isnan(disagreement(one[None]))


def test_a_paired_difference_of_accuracies_has_the_interval_of_mcnemar():
    """Of N images b are right in one alone and c in the other alone: the variance of the difference is known."""
    generator = np.random.default_rng(0)
    probabilities, labels = drawn(2000, seed=1)
    other = probabilities.copy()
    changed = generator.random(2000) < 0.2
    other[changed] = np.roll(other[changed], 1, axis=1)
    right = [(each.argmax(axis=1) == labels).astype(float) for each in (probabilities, other)]
    change = right[0] - right[1]
    margin = 1.96 * change.std() / math.sqrt(2000)
    found = paired_difference(accuracy, [probabilities], [other], labels, generator=np.random.default_rng(1))
    assert found.value == pytest.approx(change.mean())
    assert (found.low, found.high) == pytest.approx((change.mean() - margin, change.mean() + margin), abs=0.15 * margin)
    assert -ndtri(found.p / 2) == pytest.approx(abs(1.96 * change.mean() / margin), rel=0.1)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_repetitions_are_averaged_and_a_model_differs_in_nothing_from_itself(name):
    first, labels = drawn(seed=2)
    second, third = drawn(seed=3)[0], drawn(seed=4)[0]
    measure = MEASURES[name]
    found = paired_difference(
        measure, [first, second], [third, third], labels, generator=np.random.default_rng(0), resamples=20
    )
    expected = (measure(first, labels) + measure(second, labels)) / 2 - measure(third, labels)
    assert found.value == pytest.approx(expected)
    same = paired_difference(measure, [first], [first], labels, generator=np.random.default_rng(0), resamples=20)
    assert same == (0, 0, 0, 1)


def test_repetitions_that_are_no_pairs_are_refused():
    probabilities, labels = drawn(5)
    with pytest.raises(ScoresError, match="as many repetitions of both, got 0 and 1"):
        paired_difference(accuracy, [], [probabilities], labels, generator=np.random.default_rng(0))
