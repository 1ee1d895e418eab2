"""Losses of all cells from a column of a table."""

from dataclasses import replace

import pytest

from benchmarks import Column, Table, TableError, open_table
from harness.errors import SearchError
from harness.evaluation.searches.table_losses import opened_data, table_losses
from harness.search import run_search
from harness.spaces import open_space
from harness.spaces.nasbench201.cell import OPERATIONS

ACCURACY = "cifar10_test_200ep_pct"
SPACE = open_space("nasbench201")


def places(cell):
    return tuple(OPERATIONS.index(one) for one in cell.operations)


@pytest.fixture(scope="module")
def table():
    return open_table("analognasbench")


def test_each_cell_has_its_own_loss(table):
    losses = table_losses(ACCURACY, table).losses
    for cell in SPACE.sample(50, seed=3):
        (accuracy,) = table.values([str(cell)], ACCURACY)
        assert float(losses[places(cell)]) == pytest.approx(1 - accuracy / 100, abs=1e-12)


def test_less_of_a_quantity_where_less_is_better_is_less_of_a_loss(table):
    keys = [str(cell) for cell in SPACE]
    macs = [SPACE.sizes(cell).macs for cell in SPACE]
    own = Table(
        keys,
        [Column("work_macs", None, None, None, "macs", "", "multiply-adds", higher_is_better=False)],
        [macs],
        replace(table.facts, name="work"),
    )
    losses = table_losses("work_macs", own).losses
    for cell in SPACE.sample(50, seed=4):
        assert float(losses[places(cell)]) == pytest.approx(max(SPACE.sizes(cell).macs / max(macs), 1e-6), rel=1e-12)


def test_darts_without_weight_sharing_finds_a_cell_near_the_best(table):
    found = run_search(SPACE, "darts", data=table_losses(ACCURACY, table))
    (accuracy,) = table.values([str(found.architecture)], ACCURACY)
    every = table.values([str(cell) for cell in SPACE], ACCURACY)
    assert (every > accuracy).mean() < 0.01


def test_the_words_of_the_command_line():
    assert opened_data("digits") == "digits"
    assert opened_data(f"table:{ACCURACY}").losses.shape == (5,) * 6
    with pytest.raises(TableError, match="no column"):
        opened_data("table:no_such_column")


def test_a_space_without_choices_is_refused():
    with pytest.raises(SearchError, match="choices"):
        table_losses("cifar10_test_600ep_error_pct", "darts-published")


@pytest.mark.parametrize("values", [[-1.0, *[2.0] * 15_624], [0.0] * 15_625])
def test_values_that_make_no_losses_are_refused(table, values):
    column = Column("odd", None, None, None, "ratio", "", "a ratio")
    own = Table([str(cell) for cell in SPACE], [column], [values], replace(table.facts, name="odd"))
    with pytest.raises(SearchError, match="no losses are made of it"):
        table_losses("odd", own)


def test_two_columns_of_one_table(table):
    losses = table_losses(ACCURACY, table, robust=ACCURACY)
    assert losses.robust is not None
    assert bool((losses.robust == losses.losses).all())
    assert losses.name == f"{ACCURACY} and {ACCURACY} of {table.facts.name}"
    assert opened_data(f"table:{ACCURACY},{ACCURACY}").robust.shape == (5,) * 6
    with pytest.raises(TableError, match=f"Did you mean '{ACCURACY}'"):
        table_losses(ACCURACY, table, robust=ACCURACY[:-1])
