"""The committed outcome of the study of SANE follows from its own files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.studies.searches.claims import claims_frame
from harness.studies.searches.sane.designs import USUAL, human_designs
from harness.studies.searches.sane.summary import RANDOM, Group, study_claims, table_frame
from harness.training.nodes import NodeAccuracy

FOLDER = Path(__file__).parents[2] / "results" / "sane-table"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", float_precision="round_trip")


def accuracies(frame: pd.DataFrame) -> list[NodeAccuracy]:
    return [NodeAccuracy(*row) for row in frame[list(NodeAccuracy._fields)].itertuples(index=False)]


def test_rows_of_one_architecture_are_the_means_of_their_trainings() -> None:
    table, trainings = read("table"), read("trainings")
    plain = trainings[trainings["setting"] == USUAL.training.json()]
    names = human_designs(USUAL.human)
    for row in table[table["kind"] == "human"].to_dict("records"):
        assert row["architecture"] == names[row["name"]]
        own = plain[(plain["graph"] == row["graph"]) & (plain["architecture"] == row["architecture"])]
        assert sorted(own["seed"]) == list(range(row["trainings"]))
        group = Group(row["graph"], "human", row["name"], row["architecture"], accuracies(own))
        (expected,) = table_frame([group]).to_dict("records")
        assert {name: row[name] for name in expected} == pytest.approx(expected, nan_ok=True)


def test_what_is_said_of_random_and_searched_architectures_follows_from_their_trainings() -> None:
    trainings, genotypes = read("trainings"), read("genotypes")
    plain = trainings[trainings["setting"] == USUAL.training.json()].groupby(["graph", "architecture"])
    for row in genotypes.to_dict("records"):
        own = plain.get_group((row["graph"], row["architecture"]))
        assert len(own) == USUAL.seeds
        assert row["test_pct"] == pytest.approx(own["test_pct"].mean())
        assert row["validation_pct"] == pytest.approx(own["validation_pct"].mean())
    assert set(genotypes["kind"]) <= {RANDOM, "SANE"}


def test_the_claims_follow_from_the_tables() -> None:
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert not record["quick"]
    supernets = read("supernets").fillna({"architecture": ""})
    expected = claims_frame(study_claims(read("table"), read("genotypes"), supernets, record["unfinished"]))
    pd.testing.assert_frame_equal(read("claims").fillna(""), expected)


def test_nothing_is_derived_from_a_supernet_that_has_not_learnt() -> None:
    supernets = read("supernets").fillna({"architecture": ""})
    last = supernets.groupby(["graph", "setting", "seed"]).tail(1)
    learnt = last["validation_accuracy_pct"] > last["majority_pct"]
    assert (learnt == (last["architecture"] != "")).all()
