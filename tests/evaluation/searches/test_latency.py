"""Predictors of tabulated latencies: their split, their errors, and the columns that they refuse."""

import itertools

import numpy as np
import pytest
import torch

from benchmarks import TableError, open_table
from harness.errors import SearchError
from harness.evaluation.searches import latency
from harness.evaluation.searches.latency import latency_columns, latency_predictor, predicted_for, with_latencies
from harness.search import SearchSetting
from harness.spaces import open_space
from harness.spaces.nasbench201.cell import OPERATIONS
from harness.spaces.nasbench201.derivation import GROUPS

SPACE = open_space("nasbench201")
COLUMN = "help_1080ti_batch1_latency_ms"


@pytest.fixture(autouse=True)
def _data(published_data, monkeypatch):
    monkeypatch.setenv("NASINIT_DATA", str(published_data))


@pytest.fixture(scope="module")
def table(published_data):
    if not (published_data / "nasbench201_hardware.csv.gz").is_file():
        pytest.skip("nasbench201_hardware.csv.gz is not in the data folder")
    return open_table(published_data / "nasbench201_hardware.csv.gz")


@pytest.fixture(scope="module")
def predictor(table):
    return latency_predictor(COLUMN, table, samples=300, seed=2)


def one_hot(cell):
    return {"cell": torch.eye(5)[[OPERATIONS.index(one) for one in cell.operations]]}


def test_the_error_is_that_of_the_cells_that_it_was_not_trained_on(table, predictor):
    cells = list(SPACE)
    order = np.random.default_rng(2).permutation(len(cells))
    others = [cells[place] for place in order[300:700]]
    values = table.values([SPACE.key(cell) for cell in others], COLUMN)
    found = np.array([float(predictor(one_hot(cell), GROUPS)) for cell in others])
    assert predictor.error == pytest.approx(np.mean(np.abs(found - values) / values), rel=0.1)
    assert predictor.error < 0.04
    assert predictor.median_error == pytest.approx(np.median(np.abs(found - values) / values), rel=0.15)
    assert predictor.median_error < predictor.error
    assert "300 random cells" in predictor.split
    assert "other 15,325" in predictor.split


def test_a_sum_over_operations_is_found_exactly(table):
    """The FPGA's latencies are sums of a look-up table of its authors."""
    column = "hwnas_cifar10_fpga_latency_ms"
    assert latency_predictor(column, table, model="linear", samples=100).error < 1e-4


def test_predictions_of_texts_are_those_of_weights(predictor):
    cells = SPACE.sample(5, seed=1)
    found = predicted_for(predictor, SPACE, [str(cell) for cell in cells])
    assert found == pytest.approx([float(predictor(one_hot(cell), GROUPS)) for cell in cells])


def test_a_log_has_predicted_and_tabulated_values_in_columns_of_their_own(table, predictor):
    import pandas as pd

    cells = SPACE.sample(3, seed=4)
    found = with_latencies(pd.DataFrame({"architecture": [str(cell) for cell in cells]}), predictor, SPACE)
    true = table.values([SPACE.key(cell) for cell in cells], COLUMN)
    assert found[f"{COLUMN}_for_the_record"].tolist() == true.tolist()
    assert found[f"{COLUMN}_predicted"].tolist() != true.tolist()


def test_latencies_and_energies_alone_are_offered(table):
    names = latency_columns(table)
    assert len(names) == 54
    assert all(name.endswith(("_ms", "_mj")) for name in names)


def test_cells_without_a_value_are_left_out(table):
    found = latency_predictor("hwnas_cifar10_edgetpu_latency_ms", table, samples=500)
    assert "other 10,426" in found.split  # the compiler refused 4,699 of 15,625 cells
    with pytest.raises(SearchError, match="has 10,926 cells: train on fewer"):
        latency_predictor("hwnas_cifar10_edgetpu_latency_ms", table, samples=10_926)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"column": "help_1080ti_batch_latency_ms"}, TableError, "help_1080ti_batch1_latency_ms"),
        ({"column": "hwnas_cifar10_eyeriss_arithmetic_intensity_ratio"}, TableError, "neither a latency nor an energy"),
        ({"column": COLUMN, "space": "darts"}, SearchError, "no table has a latency or an energy"),
        ({"column": COLUMN, "model": "linea"}, SearchError, "Did you mean 'linear'"),
        ({"column": COLUMN, "samples": 1}, SearchError, "latency_samples must be a whole number from 2"),
    ],
)
@pytest.mark.usefixtures("table")
def test_what_cannot_be_predicted_is_refused_in_a_line(arguments, kind, message):
    with pytest.raises(kind, match=message) as raised:
        latency_predictor(**arguments)
    assert "\n" not in str(raised.value)


def test_the_setting_names_its_predictor(table):
    setting = SearchSetting(
        objective="latency", latency_column=COLUMN, latency_model="linear", latency_samples=200, latency_weight=1
    )
    found = latency.opened_predictor(setting)
    assert (found.column, found.kind, found.unit) == (COLUMN, "linear", "ms")
    assert found.digest() == latency_predictor(COLUMN, table, model="linear", samples=200).digest()
    assert latency.opened_predictor(SearchSetting()) is None


def test_encodings_are_in_the_order_of_the_space(table):
    costs = latency.costs_of(table, COLUMN)
    cells = list(SPACE)
    for place in (0, 1, 5, 777, 15_624):
        assert costs.codes[place].tolist() == torch.cat(list(one_hot(cells[place])["cell"])).tolist()
    assert len(costs.codes) == len(list(itertools.islice(cells, None)))
