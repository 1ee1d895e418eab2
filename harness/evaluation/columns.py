"""Columns of tables: what they are called in print, what they measure, and which ones searches are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks import Table

SPACE = "nasbench201"
"""The space of the networks whose trainings the columns below are of."""

DEFAULT_TABLE = "nasbench201"
"""The table that is opened where none is named."""

PRINTED: Mapping[str, str] = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16_120": "ImageNet16-120"}
"""Name in a column to name in print."""

TESTS: Mapping[str, str] = {name: f"{name}_test_200ep_pct" for name in PRINTED}
"""Test accuracy after 200 epochs of each."""

UNMEASURED = ("index", "seeds")
"""Units of columns that count or number; nothing ranks by them."""

_UNITS = {"pct": "%", "ms": "ms", "mj": "mJ", "s": "s", "macs": "multiply-adds", "nats": "nats", "m": "M"}


def dataset_title(column: str) -> str:
    """The data set of a test or validation accuracy, in print; any other column as it is.

    >>> dataset_title("cifar100_test_200ep_pct"), dataset_title("params_m")
    ('CIFAR-100', 'params_m')
    """
    return PRINTED.get(column.partition("_test")[0].partition("_valid")[0], column)


def axis_label(table: Table, column: str) -> str:
    """What a column measures, in words and with its unit, for the axis of a figure."""
    facts = table.column(column)
    if facts.epochs is not None and column == f"{facts.dataset}_{facts.split}_{facts.epochs}ep_pct":
        return f"{PRINTED.get(facts.dataset or '', facts.dataset)} {facts.split} accuracy, {facts.epochs} epochs (%)"
    unit = _UNITS.get(facts.unit)
    return f"{facts.description or column}{f' ({unit})' if unit else ''}"


def is_accuracy(table: Table, column: str) -> bool:
    """Whether a column is an accuracy: a percentage of which more is better."""
    facts = table.column(column)
    return facts.unit == "pct" and facts.higher_is_better
