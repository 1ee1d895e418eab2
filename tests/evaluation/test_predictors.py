"""Predictors on a table: which cells they see and rank, what is measured, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import harness
from harness.errors import ScoresError, SearchError
from harness.evaluation import predictor_inputs, predictors
from harness.evaluation.predictors import PREDICTORS, measured, predict
from harness.prediction import seminas
from harness.prediction.encoder_predictor_decoder import Sizes
from harness.search.query.indexed import choices_of
from harness.spaces.nasbench201 import NasBench201
from harness.spaces.nasbench_graph.encoding import OPERATIONS
from tests.studies.made_tables import KEYS, made_table

COLUMN = "cifar10_test_200ep_pct"
CHOICES = choices_of(NasBench201.choices, np.arange(len(KEYS)))
SUM = 50 + np.random.default_rng(0).normal(0, 3, (6, 5))[np.arange(6), CHOICES].sum(axis=1)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = seminas.SEMINAS._replace(pretraining=3, updates=3, unlabelled=6, batch=8, sizes=Sizes(4, 4))
    monkeypatch.setattr(seminas, "SEMINAS", quick)
    monkeypatch.setattr(seminas, "NAO", quick._replace(unlabelled=0))


@pytest.fixture(scope="module")
def table() -> harness.evaluation.Table:
    return made_table({COLUMN: SUM})


def test_coefficients_are_scipys_and_the_best_are_the_best() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=300).round(1)
    guesses = (values + generator.normal(size=300)).round(1)
    found = measured(guesses, values)
    assert found["kendall_tau_b"] == pytest.approx(stats.kendalltau(guesses, values).statistic)
    assert found["spearman"] == pytest.approx(stats.spearmanr(guesses, values).statistic)
    ordered = sorted(zip(-guesses, values, strict=True), key=lambda pair: pair[0])
    assert found["top_mean"] == pytest.approx(np.mean([value for _, value in ordered[:100]]))
    lowest = sorted(zip(guesses, values, strict=True), key=lambda pair: pair[0])
    assert measured(guesses, values, -1.0)["top_mean"] == pytest.approx(np.mean([value for _, value in lowest[:100]]))
    assert np.isnan(measured(np.zeros(300), values)["kendall_tau_b"])


def test_a_sum_over_edges_is_learned_and_more_cells_rank_better(table: harness.evaluation.Table) -> None:
    found = predict(table, COLUMN, ["linear", "pairwise"], samples=[100, 15], draws=2)
    frame = found.frame.set_index(["predictor", "samples"])
    assert frame.loc[("linear", 100), "kendall_tau_b"] > 0.99
    assert frame.loc[("linear", 15), "kendall_tau_b"] < frame.loc[("linear", 100), "kendall_tau_b"]
    assert set(frame["draws"]) == {2}
    for (name, count), row in frame.iterrows():
        part = found.draws[(found.draws["predictor"] == name) & (found.draws["samples"] == count)]
        assert row["spearman"] == pytest.approx(part["spearman"].mean())
        low, high = stats.t.interval(0.95, 1, part["spearman"].mean(), stats.sem(part["spearman"]))
        assert (row["spearman_low"], row["spearman_high"]) == pytest.approx((max(low, -1), min(high, 1)))
    assert "Kendall" in found.to_text()
    (axes,) = found.plot().axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["linear", "pairwise"]


def test_all_see_the_same_cells_smaller_samples_are_among_larger_ones_and_twins_are_not_ranked(
    table: harness.evaluation.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[set[int], int]] = []

    def watch(inputs: object, chosen: np.ndarray, values: np.ndarray, seed: int) -> np.ndarray:
        assert values.tolist() == SUM[chosen].tolist()
        seen.append((set(chosen.tolist()), seed))
        return SUM

    monkeypatch.setattr(predictors, "PREDICTORS", {"one": watch, "other": watch})
    found = predict(table, COLUMN, samples=[10, 30], draws=2, seed=4)
    (a, b, c, d, e, *_) = [cells for cells, _ in seen]
    assert a == b < c == d
    assert (len(a), len(c)) == (10, 30)
    assert e != a
    assert seen[0][1] == seen[1][1] != seen[4][1]
    space = NasBench201()
    graphs = [space.key(space.canonical(space.parse(key))) for key in KEYS]
    known = {graphs[cell] for cell in c}
    rest = [cell for cell, graph in enumerate(graphs) if graph not in known]
    assert found.draws["rest"][2] == len(rest) < len(KEYS) - 30
    assert found.draws["kendall_tau_b"].tolist() == pytest.approx([1.0] * 8)


@pytest.mark.slow
def test_every_predictor_fits_and_seeds_reproduce(table: harness.evaluation.Table) -> None:
    one = predict(table, COLUMN, samples=[12], draws=1, seed=2).draws
    assert one["predictor"].tolist() == list(PREDICTORS)
    alone = predict(table, COLUMN, ["seminas"], samples=[12], draws=1, seed=2).draws
    row = one.set_index("predictor").loc["seminas"]
    assert alone["kendall_tau_b"].tolist() == [row["kendall_tau_b"]]
    assert np.isfinite(one["kendall_tau_b"]).all()


def test_scores_are_read_by_a_forest_and_cells_without_one_are_left_out(table: harness.evaluation.Table) -> None:
    scores = pd.DataFrame({"architecture": KEYS[::20], "proxy": "mine", "score": SUM[::20]})
    found = predict(table, COLUMN, ["proxies_forest"], samples=[100], draws=1, scores=scores)
    assert found.draws["kendall_tau_b"][0] > 0.9
    assert 3 <= found.draws["rest"][0] <= 682
    assert found.notes[0].startswith(f"782 of 15,625 cells of nasbench201 have {COLUMN} and the scores mine")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"predictors": ["seminsa"]}, "unknown predictor 'seminsa'. Did you mean 'seminas'"),
        ({"samples": []}, "samples must be from 2 to 15,622"),
        ({"samples": [15_623]}, "samples must be from 2 to 15,622"),
        ({"samples": [1]}, "samples must be"),
        ({"draws": 0}, "draws must be"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, object], message: str, table: harness.evaluation.Table) -> None:
    with pytest.raises(SearchError, match=message):
        predict(table, COLUMN, **given)


def test_scores_without_a_value_are_refused(table: harness.evaluation.Table) -> None:
    nothing = pd.DataFrame({"architecture": KEYS[:3], "proxy": "mine", "score": np.nan})
    with pytest.raises(ScoresError, match="have no value"):
        predict(table, COLUMN, scores=nothing)


@pytest.fixture(scope="module")
def genotypes() -> harness.evaluation.Table:
    """Twelve genotypes with a value: the number of skips and, less, of parameters."""
    space = harness.open_space("darts")
    keys = [space.key(each) for each in space.sample(12)]
    values = np.array([key.count("skip_connect") for key in keys], dtype=np.float64)
    column = harness.evaluation.Column(COLUMN, "cifar10", "test", 200, "pct", "mean", "made here", False)
    facts = replace(made_table({COLUMN: SUM}).facts, space="darts")
    return harness.evaluation.Table(keys, [column], [values], facts)


def test_of_a_space_that_cannot_be_listed_the_architectures_of_the_table_are_taken(
    genotypes: harness.evaluation.Table,
) -> None:
    found = predict(genotypes, COLUMN, ["linear", "proxies_forest", "seminas"], samples=[7], draws=1)
    assert set(found.draws["rest"]) == {5}
    assert found.draws["predictor"].tolist() == ["linear", "proxies_forest", "seminas"]
    assert found.notes[0].startswith(f"12 of 12 cells of darts have {COLUMN} and the scores params, flops")
    with pytest.raises(SearchError, match="samples must be from 2 to 9"):
        predict(genotypes, COLUMN, ["linear"], samples=[10])
    with pytest.raises(SearchError, match="GRAF's features are of cells of at most 8 operations"):
        predict(genotypes, COLUMN, ["graf_forest"], samples=[7])


def test_what_cannot_read_a_space_is_left_out_by_default(
    genotypes: harness.evaluation.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name: lambda inputs, chosen, values, seed: inputs.scores[:, 0] for name in PREDICTORS}
    monkeypatch.setattr(predictors, "PREDICTORS", known)
    found = predict(genotypes, COLUMN, samples=[7], draws=1).draws["predictor"].tolist()
    assert found == [name for name in PREDICTORS if name != "graf_forest"]


def test_where_an_architecture_has_several_encodings_one_of_them_is_read() -> None:
    space = harness.open_space("nasbench-graph")
    known = predictor_inputs.known_architectures(space, made_table({COLUMN: SUM}))
    assert len(known.keys) == len(known.choices) == len(space)
    for place in range(0, len(space), 4001):
        read, operations = known.choices[place, :3].tolist(), known.choices[place, 3:].tolist()
        text = f"0{''.join(map(str, read))}:{':'.join(OPERATIONS[number] for number in operations)}"
        assert space.key(space.parse(text)) == known.keys[place]
