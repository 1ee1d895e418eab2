"""Columns of tables: their names in print, their labels and units, and the test accuracies that judge searches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import TableError
from harness.text.shown import in_epochs

if TYPE_CHECKING:
    from benchmarks import Table

SPACE = "nasbench201"
"""The space of the networks whose accuracies the columns below hold."""

DEFAULT_TABLE = "nasbench201"
"""The table that is opened by default."""

PRINTED: Mapping[str, str] = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16_120": "ImageNet16-120"}
"""Printed name of each data set, by its name in columns."""

TESTS: Mapping[str, str] = {name: f"{name}_test_200ep_pct" for name in PRINTED}
"""Column of the test accuracy after 200 epochs, by data set."""

FOR_THE_RECORD = "_for_the_record"
"""End of the name of a column in a log of a search that the search did not see."""

PREDICTED = "_predicted"
"""End of the name of a column of predictions, which stands beside that of the tabulated values, `…_for_the_record`."""

COUNTS, SCORES = ("index", "seeds"), ("score",)
UNMEASURED = COUNTS + SCORES
"""Units of columns that count or number, and of scores of proxies, which no training gave; nothing ranks by them."""

_UNITS = {"pct": "%", "ms": "ms", "mj": "mJ", "s": "s", "macs": "multiply-adds", "nats": "nats", "m": "M", "db": "dB"}


def dataset_title(column: str) -> str:
    """Printed name of the data set of a test or validation accuracy; the name of any other column unchanged.

    >>> dataset_title("cifar100_test_200ep_pct"), dataset_title("params_m")
    ('CIFAR-100', 'params_m')
    """
    return PRINTED.get(column.partition("_test")[0].partition("_valid")[0], column)


def unit_in_name(column: str) -> str:
    """The printed unit at the end of a column's name; empty where there is none.

    >>> unit_in_name("hwnas_cifar10_edgegpu_energy_mj"), unit_in_name("cifar10_test_200ep_pct_seed777")
    ('mJ', '%')
    """
    return _UNITS.get(column.partition("_seed")[0].rpartition("_")[2], "")


def axis_label(table: Table, column: str) -> str:
    """Label of a column for the axis of a figure: its description and its unit."""
    facts = table.column(column)
    if facts.epochs is not None and column == f"{facts.dataset}_{facts.split}_{facts.epochs}ep_pct":
        return (
            f"{PRINTED.get(facts.dataset or '', facts.dataset)} {facts.split} accuracy, {in_epochs(facts.epochs)} (%)"
        )
    unit = _UNITS.get(facts.unit)
    return f"{facts.description or column}{f' ({unit})' if unit else ''}"


def unit_in_print(table: Table, column: str) -> str:
    """The unit of a column as it is printed; its name in the table where there is no other."""
    unit = table.column(column).unit
    return _UNITS.get(unit, unit)


def is_accuracy(table: Table, column: str) -> bool:
    """Whether a column is an accuracy: a percentage where higher is better."""
    facts = table.column(column)
    return facts.unit == "pct" and facts.higher_is_better


def default_column(table: Table) -> str:
    """The column that a ranking is by where none is named: the only one that measures, or that of the papers."""
    measured = [column.name for column in table.columns if column.unit not in UNMEASURED]
    return measured[0] if len(measured) == 1 else TESTS["cifar10"]


def check_measured(table: Table, column: str) -> None:
    """Refuse a column that measures nothing.

    Raises:
        TableError: an unknown column, or one that counts or numbers, or holds scores of a proxy.
    """
    unit = table.column(column).unit
    if unit in COUNTS:
        raise TableError(f"column {column!r} of {table.facts.name} counts; it does not measure: nothing ranks by it")
    if unit in SCORES:
        raise TableError(
            f"column {column!r} of {table.facts.name} holds scores of a proxy, and no accuracy: nothing ranks by it. "
            f"To "
            "compare your proxies with it: --against-known, or harness.against_known"
        )


def table_of(column: str, table: Table | str | Path | None, space: str) -> Table:
    """A table as it is given, or opened by its name or path; for None the first table of a space with the column.

    Raises:
        TableError: no such table; for None, no table with the column.
    """
    import benchmarks

    if table is None:
        return benchmarks.table_with(column, space=space)
    return table if isinstance(table, benchmarks.Table) else benchmarks.open_table(table)


def table_facts(table: Table, *columns: str) -> dict[str, Any]:
    """What names a table and its columns: `name`, `title`, `sha256` of the file that was read, `columns`."""
    facts = table.facts
    return {"name": facts.name, "title": facts.title, "sha256": facts.sha256, "columns": list(columns)}
