"""The data sets that NAS-Bench-201 was trained on: in print, and the columns that their searches are judged by."""

from __future__ import annotations

from collections.abc import Mapping

PRINTED: Mapping[str, str] = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16_120": "ImageNet16-120"}
"""Name in a column to name in print."""

TESTS: Mapping[str, str] = {name: f"{name}_test_200ep_pct" for name in PRINTED}
"""Test accuracy after 200 epochs of each."""


def printed_dataset(column: str) -> str:
    """The data set of a test or validation accuracy, in print; any other column as it is.

    >>> printed_dataset("cifar100_test_200ep_pct"), printed_dataset("params_m")
    ('CIFAR-100', 'params_m')
    """
    return PRINTED.get(column.partition("_test")[0].partition("_valid")[0], column)
