"""The learning curves of a release: their names, and their values in one record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.errors import TableError
from benchmarks.releases.kinds import SEEDS, SPLITS, Kind, Split
from benchmarks.releases.quantities import metric_column
from benchmarks.releases.records import Record
from benchmarks.releases.release import split_of


@dataclass(frozen=True)
class Curve:
    """A learning curve: one quantity after every epoch of one seed's training; `unit` is `pct` or `nats`.

    Its name is that of the table's column with its last value.
    """

    split: Split
    epochs: int
    unit: str
    seed: int

    @property
    def name(self) -> str:
        """Name of the curve, such as cifar10_test_200ep_pct_seed777."""
        return metric_column(self.split, self.epochs, self.unit, self.seed).name


def splits_named(names: Sequence[str]) -> tuple[Split, ...]:
    """Splits with names DATASET:SPLIT, without repetitions, in the releases' order; TableError for an unknown one."""
    chosen = set()
    for name in names:
        dataset, colon, split = name.partition(":")
        if not colon:
            known = ", ".join(f"{split.dataset}:{split.name}" for split in SPLITS)
            raise TableError(f"curves are named DATASET:SPLIT, not {name!r}. Known: {known}")
        chosen.add(split_of(dataset, split))
    return tuple(split for split in SPLITS if split in chosen)


def curves_of(kind: Kind, splits: Sequence[Split]) -> tuple[Curve, ...]:
    """All curves that a release of that kind can have on the given splits, in order."""
    return tuple(
        Curve(split, epochs, unit, seed)
        for epochs in kind.epochs
        for split in splits
        for seed in SEEDS
        for unit in ("pct", "nats")
    )


def curve_numbers(record: Record, curves: Sequence[Curve]) -> list[float]:
    """Values of the curves of one record, one after another; NaN for an epoch that was not measured.

    In the releases most sets are measured after every epoch, but some only after the last one: in the 200-epoch
    training of the topology space, `test` of `cifar10half`, and `valid` and `test` of `cifar100` and `imagenet16_120`.

    Raises:
        TableError: for an invalid or impossible value; the message names file, record and field.

    """
    return [value for curve in curves for value in _values(record, curve)]


def _values(record: Record, curve: Curve) -> Iterator[float]:
    dataset, name = curve.split.client_dataset, curve.split.client_set
    if curve.seed not in record.seeds(dataset, curve.epochs):
        yield from [math.nan] * curve.epochs
        return
    trial = record.trainings[curve.epochs].query(dataset, curve.seed)
    held: dict[object, Any]
    if name == "train":
        held = trial.train_acc1es if curve.unit == "pct" else trial.train_losses
    else:
        held = trial.eval_acc1es if curve.unit == "pct" else trial.eval_losses
    for epoch in range(curve.epochs):
        value = held.get(epoch if name == "train" else f"{name}@{epoch}", math.nan)
        field = f"{dataset}, {name}@{epoch}, seed {curve.seed}"
        yield record.percentage(value, field) if curve.unit == "pct" else record.positive(value, field)
