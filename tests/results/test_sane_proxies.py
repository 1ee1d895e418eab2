"""The committed outcome of the study sane-proxies follows from its trainings and scores."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.evaluation import Table, open_table
from harness.studies.restoration_proxies.scored import refused
from harness.studies.sane_proxies import results
from harness.studies.sane_proxies.protocol import QUICK, USUAL, genotypes_of, opened
from harness.studies.sane_proxies.scored import CLOSED_FORMS
from harness.studies.sane_proxies.supernets import as_proxies
from harness.studies.sane_proxies.tables import column_of
from harness.studies.searches.claims import claims_frame

FOLDER = Path(__file__).parents[2] / "results" / "sane-proxies"
RECORD = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
PROTOCOL = QUICK if RECORD["quick"] else USUAL
GRAPHS = list(RECORD["networks"])


@pytest.fixture(params=GRAPHS)
def graph(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def table(graph: str) -> Table:
    return open_table(FOLDER / f"sane-{graph}.parquet")


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, float_precision="round_trip")


def own(name: str, graph: str) -> pd.DataFrame:
    frame = read(name)
    return frame[frame["graph"] == graph].reset_index(drop=True)


def scores_of(graph: str) -> pd.DataFrame:
    return read(f"scores_{graph}.csv.gz")


def found_on(graph: str, resamples: int) -> results.Found:
    table = open_table(FOLDER / f"sane-{graph}.parquet")
    return results.found_on(scores_of(graph), own("supernet_scores.csv", graph), table, resamples=resamples)


def test_the_table_is_of_the_first_random_genotypes_with_the_means_of_their_trainings(graph: str, table: Table) -> None:
    assert table.facts.sha256 == RECORD["tables"][graph]["sha256"]
    assert len(table) == RECORD["networks"][graph]
    assert list(table.keys) == [
        key for key in genotypes_of(PROTOCOL.genotypes, RECORD["seed"]) if key in set(table.keys)
    ]
    trainings = own("trainings.csv", graph)
    trainings = trainings[trainings["setting"] == PROTOCOL.training.json()]
    assert len(trainings) == RECORD["trainings"][graph]
    for split, measure in (("valid", "validation_pct"), ("test", "test_pct")):
        means = trainings.groupby("architecture")[measure].mean()
        values = table.values(list(means.index), column_of(graph, split, PROTOCOL)).tolist()
        assert values == pytest.approx(means.tolist(), abs=1e-9)


def test_closed_forms_and_supernets_are_among_the_scores(graph: str, table: Table) -> None:
    scores = scores_of(graph).set_index(["proxy", "architecture"])["score"]
    for name, form in CLOSED_FORMS.items():
        assert scores[name].to_dict() == {key: form(opened().parse(key)) for key in table.keys}
    for row in as_proxies(own("supernet_scores.csv", graph)).to_dict("records"):
        assert scores[row["proxy"], row["architecture"]] == row["score"]


def test_the_coefficients_follow_from_the_scores(graph: str, table: Table) -> None:
    found, kept = found_on(graph, 1), read("coefficients.csv")
    both = found.coefficients.merge(kept, on=["table", "column", "proxy"], suffixes=("", "_kept"))
    assert len(both) == len(found.coefficients) == (kept["table"] == table.facts.name).sum()
    for name in ("n", "spearman", "kendall_tau_b"):
        assert both[name].tolist() == pytest.approx(both[f"{name}_kept"].tolist(), abs=1e-9, nan_ok=True)
    expected = own("between_supernets.csv", graph)
    assert found.supernets["spearman"].tolist() == pytest.approx(expected["spearman"].tolist(), nan_ok=True)
    reasons = read("refused.csv")
    again = refused(scores_of(graph).assign(message=""), table.facts.name).drop(columns="why")
    own_reasons = reasons[reasons["table"] == table.facts.name].drop(columns="why")
    pd.testing.assert_frame_equal(again, own_reasons.reset_index(drop=True))


@pytest.mark.slow
def test_the_claims_and_intervals_follow_from_tables_and_scores() -> None:
    found = {f"sane-{graph}": found_on(graph, 100 if RECORD["quick"] else 1000) for graph in GRAPHS}
    claims = claims_frame(results.study_claims(found, PROTOCOL.supernets))
    pd.testing.assert_frame_equal(claims, read("claims.csv").fillna(""), check_names=False)
    for graph in GRAPHS:
        for baseline, comparison in found[f"sane-{graph}"].against.items():
            kept = read(f"against_{baseline}_{graph}.csv").fillna({"verdict": ""})
            pd.testing.assert_frame_equal(comparison.frame, kept, check_names=False, rtol=1e-9)
