"""An official release in any container: its records and its numbers."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.errors import TableError, unknown
from benchmarks.releases.kinds import NASBENCH201, SEEDS, SPLITS, Kind, Split
from benchmarks.releases.record_files import RecordSource
from benchmarks.releases.records import MEAN, Record, Seed, checked_record
from benchmarks.shown import in_epochs, reason, shown


@dataclass(frozen=True)
class Release:
    """An official release of trained architectures.

    Attributes:
        kind: kind of the release.
        version: version of the release, such as "1.0".
        path: folder or file of the release.
        architectures: canonical strings in the order of the release; an architecture's position is its index.
        source: source of the records.
    """

    kind: Kind
    version: str
    path: Path
    architectures: tuple[str, ...]
    source: RecordSource

    def __len__(self) -> int:
        return len(self.architectures)

    def __repr__(self) -> str:
        return f"<Release {self.kind.name} {self.version}: {len(self):,} architectures, {self.path}>"

    def record(self, index: int) -> Record:
        """One architecture's record. In a single file, all records before it are read.

        Raises:
            TableError: for an unknown index, a missing or damaged record, or a record of another release.

        """
        place = _whole(index)
        if place is None or not 0 <= place < len(self):
            raise TableError(f"{self.path}: there is no record {shown(index)}; they run from 0 to {len(self) - 1}")
        where, state = self.source.state(place)
        return self._checked(place, where, state)

    def records(
        self, skip: Container[int] = (), skipped: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, Record | TableError]]:
        """Index and record, or the error of an unreadable one, for every existing record except those in `skip`.

        In a single file, a record is emptied when the next one is read, and skipped records have to be read too;
        `skipped` is called after each of them.

        Raises:
            TableError: for a truncated or damaged single file, where no later record can be read.

        """
        for index, where, state in self.source.states(skip, skipped):
            found: Record | TableError
            try:
                found = state if isinstance(state, TableError) else self._checked(index, where, state)
            except TableError as error:
                found = error
            except Exception as error:  # an unforeseen error in one record must not stop the others
                found = unreadable(where, index, error)
            yield index, found

    def accuracy(self, architecture: str | int, *, dataset: str, split: str, epochs: int, seed: Seed) -> float:
        """Accuracy of one architecture, computed by the release's own client; its record is read each time.

        Args:
            architecture: canonical string, or index in the release.
            dataset: `cifar10half` (networks trained on half of CIFAR-10's training images), `cifar10`, `cifar100` or
                `imagenet16_120`.
            split: `train`, `valid`, `test` or `validtest`; `valid` of `cifar10` is for the networks of `cifar10half`.
            epochs: length of the training, one of `kind.epochs`.
            seed: seed of the training, or "mean" for the mean over the available seeds.

        Returns:
            Accuracy in percent from 0 to 100; NaN only where the release has NaN.

        Raises:
            TableError: for an unknown argument (with the known ones), or a record that is missing, damaged or lacks the
                number.

        """
        chosen = split_of(dataset, split)
        epochs = _number(self.kind, "epochs", epochs)
        seed = MEAN if isinstance(seed, str) and seed == MEAN else _number(self.kind, "seed", seed)
        if epochs not in self.kind.epochs:
            raise TableError(f"{self.kind.name}: {unknown('number of epochs', epochs, map(str, self.kind.epochs))}")
        if seed not in (MEAN, *SEEDS):
            raise TableError(f"{self.kind.name}: {unknown('seed', seed, [MEAN, *map(str, SEEDS)])}")
        record = self.record(self.index(architecture) if isinstance(architecture, str) else architecture)
        seeds, trained = record.seeds(chosen.client_dataset, epochs), f"{dataset} after {in_epochs(epochs)}"
        if seed != MEAN and seed not in seeds:
            raise record.error(trained, unknown("seed", seed, [MEAN, *map(str, seeds)]))
        if not record.has(chosen, epochs):
            raise record.error(trained, f"this release did not measure the split {split!r}")
        return record.metrics(chosen, epochs, seed)[0]

    def index(self, architecture: str) -> int:
        """Index of an architecture in the release; TableError if the release does not have it."""
        try:
            return self._places[architecture]
        except KeyError:
            raise TableError(
                f"{self.path}: {architecture!r} is none of its {len(self):,} architectures, such as "
                f"{self.kind.example!r}"
            ) from None

    @cached_property
    def _places(self) -> dict[str, int]:
        return {architecture: index for index, architecture in enumerate(self.architectures)}

    def _checked(self, index: int, where: str, state: object) -> Record:
        if not 0 <= index < len(self):
            raise TableError(f"{where}: record {index} is none of the {len(self):,} of {self.kind.name}")
        record = checked_record(self.kind, index, self.architectures[index], where, state)
        if self.version and (found := version_of(record)) not in ("", self.version):
            raise record.error("less, dataset_seed", f"it is of version {found}, the release of {self.version}")
        return record


def unreadable(where: str, index: int, error: Exception) -> TableError:
    """Error for a record that could not be read for an unforeseen reason, with the type of that error."""
    return TableError(f"{where}, record {index}: it cannot be read ({reason(error)})")


def _whole(value: object) -> int | None:
    """The value as an int, also for numpy's integers; None for other values."""
    if isinstance(value, bool):
        return None
    return int(value) if isinstance(value, numbers.Integral) else None


def _number(kind: Kind, name: str, value: object) -> int:
    """The value as an int; TableError for other values, such as the text "200"."""
    if (number := _whole(value)) is not None:
        return number
    also = f" or {MEAN!r}" if name == "seed" else ""
    given = f"the text {shown(value)}" if isinstance(value, str) else shown(value)
    raise TableError(f"{kind.name}: {name} must be a whole number{also}, not {given}")


def split_of(dataset: str, split: str) -> Split:
    """The split of a data set by its names here; TableError, with the known names, for an unknown one."""
    names = list(dict.fromkeys(known.dataset for known in SPLITS))
    if dataset not in names:
        raise TableError(unknown("data set", dataset, names))
    splits = {known.name: known for known in SPLITS if known.dataset == dataset}
    if split not in splits:
        raise TableError(f"{dataset} has {unknown('split', split, splits)}")
    return splits[split]


def version_of(record: Record) -> str:
    """Version of a NAS-Bench-201 record; "" for others. In 1.0, the 12-epoch training has only `cifar10-valid`."""
    if record.kind is not NASBENCH201:
        return ""
    return "1.0" if set(record.trainings[12].dataset_seed) == {"cifar10-valid"} else "1.1"
