"""Tables of readings, variants, marginals and null models, against plain loops over cells."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.errors import ScoresError
from harness.spaces import open_space
from harness.spaces.listed import all_architectures
from harness.studies.searches.nasi.cells import Accuracies, most_frequent, null_models, short_name
from harness.studies.searches.nasi.grid import NAMED, grid_readings, readings_table
from harness.studies.searches.nasi.marginals import OBJECTIVES, marginals, marginals_table, traces_of
from harness.studies.searches.nasi.readings import Reading, choice
from harness.studies.searches.nasi.steps import Steps
from harness.studies.searches.nasi.variant_table import READINGS, by_reading, variants_table

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
SPACE = open_space("nasbench201")
CELLS = list(all_architectures(SPACE))
VALUES = np.random.default_rng(0).random((len(CELLS), 2))
ACCURACIES = Accuracies(("a", "b"), VALUES)
BY_CELL = {cell.operations: values for cell, values in zip(CELLS, VALUES, strict=True)}


def looked_up(cell):
    return BY_CELL[tuple(OPERATIONS[operation] for operation in cell)]


def searches(seeds, count=8):
    for seed in seeds:
        generator = np.random.default_rng(seed)
        yield Steps(seed, generator.exponential(100, count), generator.normal(size=(count, 6, 5)))


def test_accuracies_are_those_of_the_cell():
    chosen = np.random.default_rng(1).integers(5, size=(50, 6))
    np.testing.assert_array_equal(ACCURACIES.of_cells(chosen), [looked_up(cell) for cell in chosen])
    row = ACCURACIES.row(chosen)
    assert row["runs"] == 50
    assert row["b_std"] == pytest.approx(np.std([looked_up(cell)[1] for cell in chosen], ddof=1))
    assert np.isnan(ACCURACIES.row([])["a_mean"])
    assert np.isnan(ACCURACIES.row(chosen[:1])["a_std"])


def test_null_models_are_all_cells_of_convolutions():
    found = null_models()
    whole = {cell for cell in product(range(5), repeat=6) if all(2 <= operation <= 3 for operation in cell)}
    cut = {
        cell for cell in product(range(5), repeat=6) if cell[3] == 0 and all(2 <= cell[e] <= 3 for e in (0, 1, 2, 4, 5))
    }
    assert (len(whole), len(cut)) == (64, 32)
    assert set(found["convolutions alone"]) == whole
    assert len(found["convolutions alone"]) == 64
    assert set(found["convolutions, none at 0>3"]) == cut
    assert len(found["convolutions, none at 0>3"]) == 32


def test_names_are_short():
    assert short_name([0, 1, 2, 3, 4, 3]) == "none,skip,c1,c3,pool,c3"
    assert most_frequent([np.array([0, 0, 1, 1, 2, 2]), np.array([1, 1, 1, 1, 1, 1])]) == "none,none,skip,skip,c1,c1"
    assert most_frequent([]) == ""


def test_every_reading_is_there_once_with_none_and_without():
    readings = grid_readings()
    assert len(set(readings)) == len(readings)
    assert {reading._replace(none=True) for reading in readings} == {r for r in readings if r.none}
    assert {named.reading for named in NAMED} <= set(readings)


def test_a_row_is_over_all_windows():
    found = list(searches([3, 4]))
    readings = [NAMED[0].reading, Reading(50, 2, none=False)]
    table = readings_table(found, ACCURACIES, readings, windows=(4, 9))
    assert table["steps"].tolist() == [4, 4], "no search has nine steps"
    assert table["name"].tolist() == [NAMED[0].label, ""]
    for (_, row), reading in zip(table.iterrows(), readings, strict=True):
        chosen = [choice(*window, reading) for one in found for window in one.windows(4)]
        cells = [one.operations for one in chosen if one.operations is not None]
        assert row["runs"] == len(cells)
        assert row["a_mean"] == pytest.approx(np.mean([looked_up(cell)[0] for cell in cells]))
        assert row["effective_steps"] == pytest.approx(np.mean([one.effective_steps for one in chosen]))
        assert row["above_nu0"] == pytest.approx(np.mean([one.traces > reading.nu for one in found]))
        assert row["cells"] == len({tuple(cell) for cell in cells})


def test_variants_are_read_with_a_mean_bound_from_their_first_trace():
    found = {"base": list(searches([0, 1, 2])), "none removed": list(searches([5, 6]))}
    table = variants_table(found, ACCURACIES)
    own = table[table["variant"] == "base"].set_index("reading")
    cells = [
        choice(one.traces, one.gradients, Reading(one.traces[0], 2, adaptive=True, none=False)).operations
        for one in found["base"]
    ]
    assert own.loc["out, mean ν, μ 2", "b_mean"] == pytest.approx(np.mean([looked_up(cell)[1] for cell in cells]))
    assert own["trace_50"].iloc[0] == pytest.approx(np.median([one.traces for one in found["base"]]))
    removed = table[table["variant"] == "none removed"].set_index("reading")
    assert removed["runs"].tolist() == [0 if label.startswith("in") else 2 for label in READINGS]
    wide = by_reading(table, "a").set_index("variant")
    assert wide.loc["base", "out, no bound_mean"] == own.loc["out, no bound", "a_mean"]
    assert np.isnan(wide.loc["none removed", "in, no bound_mean"])


def scores(count, seed=0):
    chosen = np.random.default_rng(seed).choice(len(CELLS), count, replace=False)
    traces = np.random.default_rng(seed + 1).lognormal(3, 2, count)
    return pd.DataFrame(
        {"architecture": [str(CELLS[place]) for place in chosen], "proxy": "nasi_trace", "score": traces}
    )


def test_marginals_are_means_over_the_cells_that_have_the_operation():
    frame = scores(60)
    frame.loc[[3, 7], "score"] = [np.nan, 0.0]
    cells, traces = traces_of(frame)
    kept = [SPACE.parse(text).operations for text in frame["architecture"].drop([3, 7])]
    assert [tuple(OPERATIONS[place] for place in cell) for cell in cells] == kept
    found = marginals(cells, traces)
    for edge, operation in product(range(6), range(5)):
        own = [t for cell, t in zip(kept, traces, strict=True) if cell[edge] == OPERATIONS[operation]]
        assert found[edge, operation] == pytest.approx(np.mean(own))
    table = marginals_table(cells, traces, ACCURACIES)
    penalised = [t - 2 * max(0, t - 100) for t in traces]
    row = table[(table["objective"] == "R, ν 100, μ 2") & (table["none"] == "out")].iloc[0]
    means = marginals(cells, np.array(penalised))
    chosen = [max(range(1, 5), key=lambda operation, edge=edge: means[edge, operation]) for edge in range(6)]
    assert row["choice"] == short_name(chosen)
    assert row["a"] == looked_up(chosen)[0]
    ours = [BY_CELL[operations][0] for operations in kept]
    assert row["spearman"] == pytest.approx(stats.spearmanr(penalised, ours).statistic)
    assert len(table) == 2 * len(OBJECTIVES)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (scores(40).assign(proxy="nwot"), "must hold scores by nasi_trace"),
        (scores(3), "must have a trace of a cell with .* on each edge"),
        (scores(40).assign(score=np.nan), "must have a trace of a cell with none on each edge"),
    ],
)
def test_scores_without_what_the_marginals_need_are_refused(frame, message):
    with pytest.raises(ScoresError, match=message):
        traces_of(frame)
