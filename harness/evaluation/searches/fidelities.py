"""Fidelities: the columns of a table that a search asks an oracle for, and the seconds that each answer costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import Column, Table
from harness.errors import SearchError
from harness.evaluation.columns import TESTS, is_accuracy

if TYPE_CHECKING:
    import numpy as np

    from harness.search.query.indexed import FloatArray
    from harness.search.query.oracle import Fidelity

VALIDATION = "cifar10_valid_12ep_pct"
"""What the scripts of NAS-Bench-201 ask for."""

_IMAGES = {  # of the training and of the evaluation, and the name of the training in a converted release
    ("cifar10", "valid"): (25_000, 25_000, "cifar10half"),
    ("cifar10", "test"): (50_000, 10_000, "cifar10"),
    ("cifar100", "valid"): (50_000, 5_000, "cifar100"),
    ("cifar100", "test"): (50_000, 5_000, "cifar100"),
    ("imagenet16_120", "valid"): (151_700, 3_000, "imagenet16_120"),
    ("imagenet16_120", "test"): (151_700, 3_000, "imagenet16_120"),
}


@dataclass(frozen=True)
class TableFidelities:
    """The fidelities that a table gives a search: accuracies after a short and after a long training.

    Attributes:
        columns: names of the accuracies that a search asks for, the cheapest training first.
        fidelities: values and seconds of these columns for an oracle, over the cells in the order of the keys.
        notes: sentences that a reader of the results must know on their values and seconds.
    """

    columns: tuple[str, ...]
    fidelities: tuple[Fidelity, ...]
    notes: tuple[str, ...]


def test_accuracies(table: Table, keys: Sequence[str]) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Test accuracies that every cell has, by column and of shape [C], and a note on each column that lacks some.

    Raises:
        SearchError: there is none.
        TableError: a table that lacks cells.
    """
    import numpy as np

    found: dict[str, FloatArray] = {}
    notes = []
    for name in TESTS.values():
        if name not in table.column_names:
            continue
        values = table.values(keys, name)
        if missing := int(np.isnan(values).sum()):
            notes.append(f"{name} of {table.facts.name} lacks {missing:,} of {len(keys):,} cells: left out")
        else:
            found[name] = values
    if not found:
        reason = f": {'; '.join(notes)}" if notes else ""
        raise SearchError(
            f"table {table.facts.name} has no test accuracy of all cells, which searches are judged by{reason}. It "
            f"needs one of {', '.join(TESTS.values())}; its columns: {', '.join(table.column_names)}"
        )
    return found, tuple(notes)


def table_fidelities(
    table: Table, keys: Sequence[str], macs: FloatArray, column: str | None = None, *, trainings: int = 2
) -> TableFidelities:
    """The fidelities of a table: one accuracy, and that of the longest training on the same images.

    Args:
        table: of NAS-Bench-201.
        keys: all cells of the space, C of them.
        macs: multiply-adds of their networks for CIFAR-10, shape [C].
        column: the accuracy to ask for; by default the validation accuracy on CIFAR-10 after 12 epochs, or the test
            accuracy after 200 where a table has no other.
        trainings: how many of the two the search asks for. Only these decide whether the table's seconds are taken, so
            that a search never pays tabulated seconds for one training and modelled ones for the other.

    Raises:
        SearchError: a column that is no accuracy after a training whose images are known, or lacks values; none to ask
            for by default.
        TableError: an unknown column.
    """
    from harness.search.query.oracle import Fidelity

    first = table.column(column or _by_default(table))
    if not is_accuracy(table, first.name) or (first.dataset, first.split) not in _IMAGES or first.epochs is None:
        raise SearchError(f"column {first.name!r} is no accuracy that a search can ask for: give one as {VALIDATION}")
    asked = [first, *_longer_training(table, first)][:trainings]
    values, costs = [_values(table, keys, one) for one in asked], [_seconds(table, keys, one) for one in asked]
    tabulated = all(cost is not None for cost in costs)
    fidelities = []
    for one, value, cost in zip(asked, values, costs, strict=True):
        training, validation = _modelled(one, macs)
        fidelities.append(Fidelity(value, (cost if tabulated and cost is not None else training) + validation))
    notes = [] if first.name == VALIDATION else [_other_column_note(table, first, chosen=column is not None)]
    notes += [_seeds_note(one.name, len(value)) for one, value in zip(asked, values, strict=True)]
    notes.append(_seconds_note(tabulated))
    return TableFidelities(tuple(one.name for one in asked), tuple(fidelities), tuple(notes))


def _by_default(table: Table) -> str:
    """The column that is asked for where none is named."""
    for name in (VALIDATION, TESTS["cifar10"]):
        if name in table.column_names:
            return name
    raise SearchError(
        f"table {table.facts.name} has neither {VALIDATION} nor {TESTS['cifar10']} to ask for: name a column, one of "
        f"{', '.join(name for name in table.column_names if is_accuracy(table, name))}"
    )


def _longer_training(table: Table, first: Column) -> list[Column]:
    """The accuracy on the same images after the longest training, if that is longer."""
    trainings = [
        one
        for one in table.columns
        if one.epochs is not None and one.name == f"{first.dataset}_{first.split}_{one.epochs}ep_pct"
    ]
    longest = max(trainings, key=lambda one: one.epochs or 0, default=first)
    return [longest] if (longest.epochs or 0) > (first.epochs or 0) else []


def _values(table: Table, keys: Sequence[str], column: Column) -> FloatArray:
    """Shape [S, C]: a row a seed where the table has seeds of every cell, else their mean in one row."""
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

    _, _, training = _IMAGES[column.dataset or "", column.split or ""]
    name = f"{training}_{column.epochs}ep_train_s"
    if name not in table.column_names:
        return None
    seconds = table.values(keys, name)
    return None if np.isnan(seconds).any() else seconds


def _modelled(column: Column, macs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Modelled seconds of the training and of the pass over the validation images, shape [C] each."""
    from harness.search.query.seconds import training_seconds, validation_seconds

    images, evaluated, _ = _IMAGES[column.dataset or "", column.split or ""]
    return (
        training_seconds(macs, epochs=column.epochs or 0, images=images),
        validation_seconds(macs, images=evaluated),
    )


def _seconds_note(tabulated: bool) -> str:
    if tabulated:
        return "seconds of training as the table has them, those of the validation pass modelled from multiply-adds"
    return (
        "seconds modelled from multiply-adds, by three cells whose seconds are known: off by -15 % to +21 % for these"
    )


def _seeds_note(column: str, seeds: int) -> str:
    scripts = column == VALIDATION
    if seeds > 1:
        cited = ", as in the scripts of NAS-Bench-201" if scripts else ""
        return f"a query answers {column} of one training seed, drawn anew{cited}"
    cited = "; the scripts of NAS-Bench-201 draw one training seed" if scripts else ""
    return f"a query answers {column} as the table has it{cited}"


def _other_column_note(table: Table, asked: Column, *, chosen: bool) -> str:
    """What it means that not `VALIDATION` is asked for, by choice or because there is none."""
    why = "" if chosen else f"{table.facts.name} has no {VALIDATION}: "
    if asked.name in TESTS.values():
        what = f"the test accuracy itself, {asked.name}, which they are judged by"
    elif asked.split == "test":
        what = f"{asked.name}, an accuracy on the test images, which they are judged by"
    else:
        what = f"{asked.name}, not for {VALIDATION} as the scripts of NAS-Bench-201 do"
    return f"{why}the searches ask for {what}. Not comparable with published rows"
