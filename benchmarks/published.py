"""The published tables that are read from files: facts, columns, names of the files, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.keys import KEY
from benchmarks.readers import darts, hardware, nasbench201, official, robustness, training_seconds, transnasbench
from benchmarks.table import Column, Facts, Table


@dataclass(frozen=True)
class PublishedTable:
    """A published table and its files.

    Attributes:
        facts: facts of the published table.
        columns: all columns that its files may have.
        files: names of its files below the data folder, in the order of preference.
        read: reads one of these files.
        key: name of the column of keys in the files.
    """

    facts: Facts
    columns: tuple[Column, ...]
    files: tuple[str, ...]
    read: Callable[[Path], Table]
    key: str = KEY


def _unzipped_too(file: str) -> tuple[str, ...]:
    return file, file.removesuffix(".gz")


def _in_tables_too(file: str) -> tuple[str, ...]:
    names = _unzipped_too(file)
    return (*names, *(f"tables/{name}" for name in names))


SOURCES: Mapping[str, PublishedTable] = {
    source.facts.name: source
    for source in (
        PublishedTable(nasbench201.FACTS, nasbench201.COLUMNS, official.FILES, official.read_official),
        PublishedTable(
            hardware.FACTS, hardware.COLUMNS, _unzipped_too("nasbench201_hardware.csv.gz"), hardware.read_hardware
        ),
        PublishedTable(
            robustness.FACTS,
            robustness.COLUMNS,
            _unzipped_too("nasbench201_robustness_cifar10.csv.gz"),
            robustness.read_robustness,
        ),
        PublishedTable(
            training_seconds.FACTS,
            training_seconds.COLUMNS,
            _in_tables_too("nasbench201_12epochs_seconds.csv.gz"),
            training_seconds.read_training_seconds,
            key=training_seconds.KEY,
        ),
        PublishedTable(
            darts.RANDOM_FACTS,
            darts.RANDOM_COLUMNS,
            ("darts_random214_cifar10.csv",),
            darts.read_random214,
            key=darts.RANDOM_KEY,
        ),
        PublishedTable(
            darts.SURROGATE_FACTS, darts.SURROGATE_COLUMNS, ("nasbench301_500.csv",), darts.read_surrogate500
        ),
        PublishedTable(
            darts.THOUSAND_FACTS,
            darts.THOUSAND_COLUMNS,
            _in_tables_too("darts_1000_cifar10.csv.gz"),
            darts.read_1000,
        ),
        PublishedTable(
            transnasbench.FACTS,
            transnasbench.COLUMNS,
            _in_tables_too("transnasbench101_micro.csv.gz"),
            transnasbench.read_transnasbench,
            key=transnasbench.KEY,
        ),
    )
}
"""The published tables by name."""
