"""Fidelities: the columns of a table that a search queries through an oracle, and the seconds of each query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import Column, Table
from harness.errors import SearchError
from harness.evaluation.columns import SPACE, TESTS, is_accuracy

if TYPE_CHECKING:
    import numpy as np

    from harness.search.query.indexed import FloatArray
    from harness.search.query.oracle import Fidelity

VALIDATION = "cifar10_valid_12ep_pct"
"""The accuracy that the scripts of NAS-Bench-201 query."""

_IMAGES = {  # images of the training and of the evaluation; name of the training in a converted release
    ("cifar10", "valid"): (25_000, 25_000, "cifar10half"),
    ("cifar10", "test"): (50_000, 10_000, "cifar10"),
    ("cifar100", "valid"): (50_000, 5_000, "cifar100"),
    ("cifar100", "test"): (50_000, 5_000, "cifar100"),
    ("imagenet16_120", "valid"): (151_700, 3_000, "imagenet16_120"),
    ("imagenet16_120", "test"): (151_700, 3_000, "imagenet16_120"),
}


_SPLITS = ("valid", "test")


@dataclass(frozen=True)
class TableFidelities:
    """The fidelities that a table gives a search: accuracies after a short and after a long training.

    Attributes:
        columns: names of the accuracies that a search queries, the cheapest training first.
        fidelities: values and seconds of these columns for an oracle, over the cells in the order of the keys.
        notes: sentences on the values and seconds for readers of the results.
    """

    columns: tuple[str, ...]
    fidelities: tuple[Fidelity, ...]
    notes: tuple[str, ...]


def test_accuracies(table: Table, keys: Sequence[str]) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Test accuracies that every cell has, by column and of shape [C], and a note on each column that lacks some.

    They are those after 200 epochs or, in a table without these, those after the longest training: on the data sets of
    NAS-Bench-201, or, in a table without these, on each of its own.

    Raises:
        SearchError: no test accuracy that every cell has.
        TableError: a table that lacks cells.
    """
    import numpy as np

    found: dict[str, FloatArray] = {}
    notes = []
    for name in _judging(table):
        values = table.values(keys, name)
        if missing := int(np.isnan(values).sum()):
            notes.append(f"{name} of {table.facts.name} lacks {missing:,} of {len(keys):,} cells: left out")
        else:
            found[name] = values
    if not found:
        reason = f": {'; '.join(notes)}" if notes else ""
        raise SearchError(
            f"table {table.facts.name} has no test accuracy of all cells, which searches are judged by{reason}. It "
            f"needs one as {', '.join(TESTS.values())}"
        )
    return found, tuple(notes)


def _judging(table: Table) -> list[str]:
    """Names of the test accuracies by which searches are judged, one for each data set."""
    there = [name for name in TESTS.values() if name in table.column_names]
    if there:
        return there
    tests = [one for one in table.columns if one.split == "test" and one.name == _accuracy(one)]
    tests = [one for one in tests if one.dataset in TESTS] or tests
    longest: dict[str | None, Column] = {}
    for one in tests:
        longest[one.dataset] = max(longest.get(one.dataset, one), one, key=lambda each: each.epochs or 0)
    return [one.name for one in longest.values()]


def _accuracy(column: Column) -> str:
    """Name of the accuracy of the column's data set, split and training."""
    return f"{column.dataset}_{column.split}_{column.epochs}ep_pct"


def table_fidelities(
    table: Table, keys: Sequence[str], macs: FloatArray, column: str | None = None, *, trainings: int = 2
) -> TableFidelities:
    """The fidelities of a table: one accuracy, and that of the longest training on the same images.

    Args:
        table: a table of accuracies after trainings.
        keys: keys of all C cells of the space.
        macs: multiply-adds of the cells' networks for CIFAR-10, shape [C].
        column: name of the accuracy to query; by default the validation accuracy on CIFAR-10 after 12 epochs, or the
            test accuracy after 200 if the table has no other.
        trainings: number of trainings that the search queries, 1 or 2. The table's seconds are taken only if it has
            them for all of these, so that a search never adds tabulated seconds to modelled ones.

    Raises:
        SearchError: a column that is no accuracy, lacks values, or is of a training whose seconds are neither in the
            table nor known from its images; no column to query by default.
        TableError: an unknown column.
    """
    from harness.search.query.oracle import Fidelity

    first = table.column(column or _by_default(table))
    if not is_accuracy(table, first.name) or first.split not in _SPLITS or first.epochs is None:
        raise SearchError(f"column {first.name!r} is no accuracy that a search can ask for: give one as {VALIDATION}")
    queried = [first, *_longer_training(table, first)][:trainings]
    values, costs = [_values(table, keys, one) for one in queried], [_seconds(table, keys, one) for one in queried]
    tabulated = all(cost is not None for cost in costs)
    fidelities = []
    for one, value, cost in zip(queried, values, costs, strict=True):
        fidelities.append(Fidelity(value, _charged(table, one, macs, cost if tabulated else None)))
    notes = [] if first.name == VALIDATION else [_other_column_note(table, first, chosen=column is not None)]
    notes += [_seeds_note(one.name, len(value)) for one, value in zip(queried, values, strict=True)]
    notes.append(_seconds_note(table, queried, tabulated))
    return TableFidelities(tuple(one.name for one in queried), tuple(fidelities), tuple(notes))


def _by_default(table: Table) -> str:
    """Name of the accuracy that is queried by default."""
    for name in (VALIDATION, TESTS["cifar10"]):
        if name in table.column_names:
            return name
    raise SearchError(
        f"table {table.facts.name} has neither {VALIDATION} nor {TESTS['cifar10']} to ask for: name a column, one of "
        f"{', '.join(name for name in table.column_names if is_accuracy(table, name))}"
    )


def _longer_training(table: Table, first: Column) -> list[Column]:
    """The accuracy on the same images after the longest training, if that is longer than the first."""
    trainings = [
        one
        for one in table.columns
        if one.epochs is not None and one.name == f"{first.dataset}_{first.split}_{one.epochs}ep_pct"
    ]
    longest = max(trainings, key=lambda one: one.epochs or 0, default=first)
    return [longest] if (longest.epochs or 0) > (first.epochs or 0) else []


def _values(table: Table, keys: Sequence[str], column: Column) -> FloatArray:
    """Values of shape [S, C]: a row for each seed if the table has a seed of every cell, else the mean in one row."""
    import numpy as np

    names = [name for name in table.column_names if name.startswith(f"{column.name}_seed")]
    mean = table.values(keys, column.name)[None]
    seeds = np.array([table.values(keys, name) for name in names]) if names else mean
    values: FloatArray = mean if np.isnan(seeds).all(axis=0).any() else seeds
    if missing := int(np.isnan(values).all(axis=0).sum()):
        raise SearchError(
            f"{column.name} of {table.facts.name} has no value for {missing:,} of {len(keys):,} cells: a search needs "
            "all of them"
        )
    return values


def _seconds(
    table: Table, keys: Sequence[str], column: Column
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    """Tabulated seconds of the training behind a column, shape [C]; None where some are missing."""
    import numpy as np

    name = _seconds_column(column)
    if name not in table.column_names:
        return None
    seconds = table.values(keys, name)
    return None if np.isnan(seconds).any() else seconds


def _seconds_column(column: Column) -> str:
    """Name of the column with the seconds of the training behind an accuracy."""
    training = _IMAGES[_images(column)][2] if _images(column) in _IMAGES else column.dataset
    return f"{training}_{column.epochs}ep_train_s"


def _images(column: Column) -> tuple[str, str]:
    return column.dataset or "", column.split or ""


def _charged(table: Table, column: Column, macs: FloatArray, tabulated: FloatArray | None) -> FloatArray:
    """Seconds of a query, shape [C]: training, tabulated or modelled, and the pass over the images if it is known."""
    from harness.search.query.seconds import training_seconds, validation_seconds

    if _images(column) in _IMAGES:
        images, evaluated, _ = _IMAGES[_images(column)]
        training = training_seconds(macs, epochs=column.epochs or 0, images=images) if tabulated is None else tabulated
        return training + validation_seconds(macs, images=evaluated)
    if tabulated is None:
        raise SearchError(
            f"the seconds of a query of {column.name} are not known: {table.facts.name} has no column "
            f"{_seconds_column(column)} with those of its training, of every cell"
        )
    return tabulated


def _seconds_note(table: Table, queried: Sequence[Column], tabulated: bool) -> str:
    if not all(_images(one) in _IMAGES for one in queried):
        return "seconds of training as the table has them, without those of a pass over validation images"
    if tabulated:
        return "seconds of training as the table has them, those of the validation pass modelled from multiply-adds"
    whose = "" if table.facts.space == SPACE else f", cells of {SPACE}"
    return (
        "seconds modelled from multiply-adds, by three cells whose seconds are known: off by -15 % to +21 % for these"
        f"{whose}"
    )


def _seeds_note(column: str, seeds: int) -> str:
    scripts = column == VALIDATION
    if seeds > 1:
        cited = ", as in the scripts of NAS-Bench-201" if scripts else ""
        return f"a query answers {column} of one training seed, drawn anew{cited}"
    cited = "; the scripts of NAS-Bench-201 draw one training seed" if scripts else ""
    return f"a query answers {column} as the table has it{cited}"


def _other_column_note(table: Table, queried: Column, *, chosen: bool) -> str:
    """A note that another column than `VALIDATION` is queried, by choice or because the table has none."""
    why = "" if chosen else f"{table.facts.name} has no {VALIDATION}: "
    if queried.name in TESTS.values():
        accuracy = f"the test accuracy itself, {queried.name}, which they are judged by"
    elif queried.split == "test":
        accuracy = f"{queried.name}, an accuracy on the test images, which they are judged by"
    else:
        accuracy = f"{queried.name}, not for {VALIDATION} as the scripts of NAS-Bench-201 do"
    return f"{why}the searches ask for {accuracy}. Not comparable with published rows"
