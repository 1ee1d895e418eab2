"""The committed outcome of the study of DAAS follows from its own files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from harness.studies.searches.claims import claims_frame
from harness.studies.searches.daas.claims import study_claims
from harness.studies.searches.daas.sizes import LAPTOP, POLICIES
from harness.studies.searches.daas.study import interaction_of
from harness.studies.searches.daas.trainings import accuracies_by_place, read, table_trainings

FOLDER = Path(__file__).parents[2] / "results" / "daas"
COLUMN = "cifar10_test_200ep_pct"


def frame(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, float_precision="round_trip")


def test_the_claims_follow_from_the_trainings_and_searches() -> None:
    done, cells = read(FOLDER / "trained.csv"), [str(cell) for cell in frame("places.csv")["cell"]]
    wanted = table_trainings(cells, LAPTOP, 0)
    tested = interaction_of(accuracies_by_place(done, cells, LAPTOP, 0), 0)
    over = (sum(training in done for training in wanted), len(wanted))
    expected = claims_frame(study_claims(tested, over, frame("chosen.csv"), frame("shares.csv"), COLUMN))
    pd.testing.assert_frame_equal(frame("claims.csv").fillna(""), expected)


def test_what_searches_found_is_trained_under_its_own_policy() -> None:
    done, chosen = read(FOLDER / "trained.csv"), frame("chosen.csv")
    found = {(training.policy, training.seed): ended for training, ended in done.items() if training.part == "found"}
    for row in chosen.to_dict("records"):
        ended = found.get((str(row["arm"]), int(row["seed"])))
        assert ended is None or ended.accuracy_pct == row["trained_pct"]


def test_the_record_is_of_this_size() -> None:
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert (record["quick"], record["full"]) == (False, False)
    assert record["sizes"]["images"] == LAPTOP.images
    assert record["table"]["name"] == "nasbench201-official"
    assert set(frame("trained.csv")["policy"]) <= {*(policy.name for policy in POLICIES), *record["searches"]}
