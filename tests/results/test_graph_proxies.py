"""The committed outcome of the study graph-proxies follows from its scores, and these have their networks' sizes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.evaluation import TableError, open_table
from harness.spaces import open_space
from harness.spaces.nasbench_graph import cost, parse
from harness.studies.graph_proxies import results
from harness.studies.graph_proxies.conditions import CONDITIONS, PROXIES, SPACE
from harness.studies.graph_proxies.scored import GraphScores

FOLDER = Path(__file__).parents[2] / "results" / "graph-proxies"
RECORD = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _installed() -> None:
    try:
        open_table("nasbench-graph-cora")
    except TableError as error:
        pytest.skip(str(error))


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, float_precision="round_trip")


def scores(name: str) -> GraphScores:
    frame = read(f"scores_{name}.csv.gz")
    return GraphScores(frame, frame.iloc[:0])


@pytest.mark.parametrize("name", RECORD["networks"])
def test_the_coefficients_follow_from_the_scores(name: str) -> None:
    condition, own = CONDITIONS[name], scores(name)
    table = open_table(condition.table)
    ranked = {name: results.ranking_of(own, table, condition.column, resamples=1)}
    validation = {name: results.ranking_of(own, table, condition.validation, resamples=1)}
    found = results.coefficients(ranked, validation)
    kept = read("coefficients.csv")
    kept = kept[kept["condition"] == name].reset_index(drop=True)
    for column in ("proxy", "n"):
        assert found[column].tolist() == kept[column].tolist()
    for column in ("spearman", "kendall_tau_b", "spearman_valid"):
        assert found[column].tolist() == pytest.approx(kept[column].tolist(), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", RECORD["networks"])
def test_the_networks_are_a_random_sample_with_their_own_sizes(name: str) -> None:
    frame = scores(name).frame
    keys = frame["architecture"].drop_duplicates().tolist()
    assert len(keys) == RECORD["networks"][name]
    assert set(keys) == {str(one) for one in open_space(SPACE).sample(len(keys), RECORD["seed"])}
    assert set(frame["proxy"]) == {*PROXIES, "depth", "hops"}
    sizes = cost.PROTOCOLS[CONDITIONS[name].dataset]._asdict()
    params = frame[frame["proxy"] == "params"].set_index("architecture")["score"]
    assert params.to_dict() == {key: cost.parameter_count(parse(key), **sizes) for key in keys}


def test_agreement_follows_from_the_scores() -> None:
    found = results.between_graphs({name: scores(name) for name in RECORD["networks"]})
    kept = read("agreement.csv")
    assert found[["proxy", "first", "second", "n"]].equals(kept[["proxy", "first", "second", "n"]])
    assert found["spearman"].tolist() == pytest.approx(kept["spearman"].tolist(), abs=1e-9, nan_ok=True)
