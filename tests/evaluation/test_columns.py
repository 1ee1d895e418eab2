"""What columns are called in print and what they measure."""

import pandas as pd
import pytest

from benchmarks import Column, Facts, Table
from harness.evaluation.columns import PRINTED, TESTS, axis_label, dataset_title, is_accuracy
from harness.evaluation.ranking import correlate
from harness.spaces import open_space

KEYS = [str(cell) for cell in open_space("nasbench201").sample(3, seed=3)]


def column(name, unit="ratio", higher_is_better=True, **facts):
    given = {"dataset": None, "split": None, "epochs": None, "description": "made here", **facts}
    return Column(name, unit=unit, seeds="none", may_be_missing=True, higher_is_better=higher_is_better, **given)


def trained(name, dataset, split, epochs):
    return column(name, "pct", dataset=dataset, split=split, epochs=epochs)


def table_of(what):
    facts = Facts("made", "nasbench201", "A table of this test", "nowhere", "none", None, None, None, "No limits.")
    return Table(KEYS, [what], [[1.0, 2.0, 3.0]], facts)


@pytest.mark.parametrize(
    ("what", "value_name"),
    [
        (column("value", "pct"), "accuracy"),
        (column("value", "pct", higher_is_better=False), "value"),
        (column("value", "ms", higher_is_better=False), "value"),
        (column("value", "ratio"), "value"),
    ],
)
def test_only_a_percentage_of_which_more_is_better_is_an_accuracy(what, value_name):
    table = table_of(what)
    assert is_accuracy(table, what.name) is (value_name == "accuracy")
    frame = pd.DataFrame({"architecture": KEYS, "proxy": "mine", "score": [1.0, 2.0, 3.0]})
    assert correlate(frame, table, what.name, resamples=2).value_name == value_name


@pytest.mark.parametrize(
    ("what", "label"),
    [
        (trained("cifar100_valid_12ep_pct", "cifar100", "valid", 12), "CIFAR-100 valid accuracy, 12 epochs (%)"),
        (trained("mine_test_200ep_pct", "mine", "test", 200), "mine test accuracy, 200 epochs (%)"),
        (trained("cifar10_test_200ep_pct_seed1", "cifar10", "test", 200), "made here (%)"),
        (column("a", "ms"), "made here (ms)"),
        (column("a", "mj"), "made here (mJ)"),
        (column("a", "m"), "made here (M)"),
        (column("a", "params"), "made here"),
        (column("a", "ratio"), "made here"),
        (column("a", "s", description=""), "a (s)"),
    ],
)
def test_an_axis_is_labelled_in_words_with_its_unit(what, label):
    assert axis_label(table_of(what), what.name) == label


def test_the_accuracies_that_searches_are_judged_by_are_titled_as_their_data_sets():
    assert [dataset_title(name) for name in TESTS.values()] == list(PRINTED.values())
    assert [dataset_title(name) for name in ("cifar10_valid_12ep_pct", "mine")] == ["CIFAR-10", "mine"]
