"""Predictors of latencies of one's own: a file of some architectures, of a listed space or of DARTS genotypes."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from harness.errors import SearchError
from harness.evaluation.searches.encodings import costs_of, encodings
from harness.evaluation.searches.latency import latency_predictor, opened_predictor, predicted_for, with_latencies
from harness.search import METHODS, run_search
from harness.search.gradient.latency import DISCRETE, MEAN
from harness.spaces import open_space
from harness.spaces.darts.derivation import GROUPS, OPERATIONS

DARTS = open_space("darts")
COLUMN = "latency_cpu_ms"


def planted(genotype) -> float:
    """A latency that is a sum over operations, those of the reduction cell and of wider kernels costing more."""
    cost = {name: 0.3 + 0.1 * place for place, name in enumerate(OPERATIONS)}
    return 5 + sum(cost[name] for name, _ in genotype.normal) + 2 * sum(cost[name] for name, _ in genotype.reduce)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    cells = DARTS.sample(400, seed=0)
    made = tmp_path_factory.mktemp("own") / "own.csv"
    frame = pd.DataFrame({"architecture": list(map(str, cells)), COLUMN: [planted(cell) for cell in cells]})
    frame.to_csv(made, index=False)
    return made


def test_a_sum_over_the_operations_of_genotypes_is_found(path):
    found = latency_predictor(COLUMN, path, model="linear", samples=300)
    assert found.error < 1e-3
    assert (found.space, found.shapes, found.unit) == ("darts", ((14, 8), (14, 8)), "ms")
    assert "300 random cells of own.csv, seed 0; error on the other 100" in found.split


def test_predictions_of_genotypes_are_those_of_their_weights(path):
    found = latency_predictor(COLUMN, path, model="linear", samples=300)
    for cell in DARTS.sample(5, seed=9):
        weights = {name: torch.tensor(rows).double() for name, rows in DARTS.discrete_weights(cell).items()}
        (of_text,) = predicted_for(found, DARTS, [str(cell)])
        assert float(found(weights, GROUPS)) == pytest.approx(of_text)
        assert of_text == pytest.approx(planted(cell), rel=5e-3)


def test_encodings_are_those_of_the_texts_as_they_are_written(path):
    from benchmarks import open_table

    costs = costs_of(open_table(path), COLUMN)
    texts = list(pd.read_csv(path)["architecture"])
    rows = [np.concatenate([np.ravel(rows) for rows in DARTS.discrete_weights(DARTS.parse(text)).values()])
            for text in texts]  # fmt: skip
    assert costs.codes.tolist() == np.array(rows).tolist() == encodings(DARTS, texts).tolist()
    assert costs.values.tolist() == pd.read_csv(path, float_precision="round_trip")[COLUMN].tolist()
    assert set(costs.codes.sum(axis=1)) == {16}


def test_a_search_of_genotypes_descends_latencies_of_ones_own(path):
    setting = METHODS["darts"].setting(DARTS, "laptop").changed(
        {"epochs": 1, "steps_per_epoch": 2, "width": 2, "depth": 2, "batch_size": 4, "image_size": 8,
         "objective": "latency", "latency_column": COLUMN, "latency_table": str(path), "latency_samples": 300,
         "latency_model": "linear",
         "latency_weight": 0.1}
    )  # fmt: skip
    predictor = opened_predictor(setting, "darts")
    found = run_search(DARTS, "darts", setting, data="noise", seed=0, predictor=predictor)
    assert found.memory[MEAN].isfinite().all()
    (last,) = predicted_for(predictor, DARTS, [str(found.architecture)])
    assert float(found.memory[DISCRETE][-1, -1]) == pytest.approx(last)
    log = with_latencies(found.log, predictor, DARTS, str(path))
    assert log[f"{COLUMN}_predicted"].iloc[-1] == pytest.approx(last)
    assert log[f"{COLUMN}_for_the_record"].isna().all()  # of 10^18 genotypes, the file has 400


def test_a_file_of_some_cells_is_enough_and_one_of_another_space_is_refused(path, tmp_path):
    space = open_space("nasbench201")
    cells = space.sample(60, seed=1)
    random.Random(0).shuffle(cells)
    own = tmp_path / "cells.csv"
    values = [space.sizes(cell).macs / 1e7 for cell in cells]
    pd.DataFrame({"architecture": list(map(str, cells)), COLUMN: values}).to_csv(own, index=False)
    assert latency_predictor(COLUMN, own, model="linear", samples=50).error < 0.01
    setting = (
        METHODS["darts"]
        .setting(DARTS, "laptop")
        .changed({"objective": "latency", "latency_column": COLUMN, "latency_table": str(own), "latency_samples": 50})
    )
    with pytest.raises(SearchError, match="has latencies of the space nasbench201, not of darts"):
        opened_predictor(setting, "darts")
    with pytest.raises(SearchError, match="measure some with `nasinit measure latency`"):
        opened_predictor(setting.changed({"latency_table": ""}), "darts")
