"""What every listed table keeps to: names that say what they hold, filled facts, directions."""

import re

import pytest

from benchmarks import list_tables, open_table
from benchmarks.readers.user_table import column_of
from benchmarks.registry import NAMES
from benchmarks.table import POSITIVE_UNITS, SCORE, UNITS

SHELL_SAFE = re.compile(r"[a-z][a-z0-9_.]*")


def listed(name):
    return next(listing for listing in list_tables() if listing.name == name)


@pytest.fixture(params=sorted(NAMES))
def listing(request):
    """Each listed table, as it is listed where only the packages are."""
    return listed(request.param)


def test_facts_are_filled_in(listing):
    facts = listing.facts
    for field in ("name", "space", "title", "source", "licence", "note", "splits", "epochs", "seeds"):
        assert getattr(facts, field), field
    assert facts.rows is not None
    assert facts.rows > 0
    assert listing.columns
    assert listing.reason


def test_columns_have_different_shell_safe_names(listing):
    names = [column.name for column in listing.columns]
    assert len(set(names)) == len(names)
    assert [name for name in names if not SHELL_SAFE.fullmatch(name)] == []


def test_a_columns_name_and_its_fields_say_the_same(listing):
    for column in listing.columns:
        assert column.unit in UNITS
        assert column.unit in re.split(r"_", column.name), column.name
        assert column.description
        if column.epochs is not None:
            first, second = column.split, f"{column.epochs}ep"
            if column.unit == "s":  # as a converted release calls the seconds of a training
                first, second = second, first
            assert column.name.startswith(f"{column.dataset}_{first}_{second}_")
        elif column.dataset is not None:
            assert column.dataset in column.name


def test_directions_and_units_are_those_that_the_name_alone_would_give(listing):
    """So that a table of the user's own, made from a listed one, means the same."""
    for column in listing.columns:
        by_name = column_of(column.name)
        if column.unit == SCORE:  # a user's own column of that name may measure something
            assert not listing.measures
            assert column.higher_is_better
            continue
        assert (by_name.unit, by_name.higher_is_better) == (column.unit, column.higher_is_better), column.name
        assert (by_name.split, by_name.epochs) == (column.split, column.epochs), column.name
        if column.unit in POSITIVE_UNITS:
            assert not column.higher_is_better


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_opens_with_the_listed_columns_and_facts(name, data_folder, monkeypatch):
    monkeypatch.setenv("NASINIT_DATA", str(data_folder))
    if not listed(name).available:
        pytest.skip(f"{name} is not here: {listed(name).reason}")
    table, listing = open_table(name), listed(name)
    assert set(table.columns) == set(listing.columns)
    assert (table.facts.space, table.facts.title, table.facts.path) == (
        listing.facts.space, listing.facts.title, listing.facts.path,
    )  # fmt: skip
    assert len(table) == table.facts.rows == listing.facts.rows
    assert all(part in table.describe() for part in (table.facts.title, table.facts.licence, table.facts.note))
