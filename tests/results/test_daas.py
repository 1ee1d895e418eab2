"""The committed outcome of the study of DAAS follows from its own files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from harness.studies.options import StudyOptions
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.daas.claims import study_claims
from harness.studies.searches.daas.kept import PARTS
from harness.studies.searches.daas.searched import chosen_frame, judged, runs_of_study, shares_frame
from harness.studies.searches.daas.sizes import LAPTOP, POLICIES
from harness.studies.searches.daas.study import interaction_of
from harness.studies.searches.daas.trainings import accuracies_by_place, read, table_trainings
from harness.studies.searches.files import read_logs
from harness.studies.searches.frame import preset_of
from harness.studies.searches.runs import Outcome, Run

FOLDER = Path(__file__).parents[2] / "results" / "daas"
COLUMN = "cifar10_test_200ep_pct"


def frame(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, float_precision="round_trip")


def finished() -> dict[Run, Outcome]:
    """The searches, from their committed logs."""
    options = StudyOptions(FOLDER, print, data=Path("cifar-10-batches-bin"))
    runs, log = {(run.preset, run.seed): run for run in runs_of_study(options, LAPTOP)}, read_logs(FOLDER)
    parts = [part for _, part in log.groupby(["how", "seed"], sort=False)]
    return {runs[preset_of(part["how"].iloc[0]), int(part["seed"].iloc[0])]: Outcome(part, {}) for part in parts}


def test_the_claims_follow_from_the_trainings_and_searches() -> None:
    done, cells = read(FOLDER / "trained.csv"), [str(cell) for cell in frame("places.csv")["cell"]]
    wanted = table_trainings(cells, LAPTOP)
    tested = interaction_of(accuracies_by_place(done, cells, LAPTOP), 0)
    over = (sum(training in done for training in wanted), len(wanted))
    frames = frame("chosen.csv"), frame("shares.csv")
    expected = claims_frame(study_claims(tested, over, *frames, COLUMN, LAPTOP.runs))
    pd.testing.assert_frame_equal(frame("claims.csv").fillna(""), expected)


def test_what_was_found_follows_from_the_logs_of_the_searches() -> None:
    ended, done, chosen = finished(), read(FOLDER / "trained.csv"), frame("chosen.csv")
    assert len(ended) == 4 * LAPTOP.runs
    accuracies = {str(row["architecture"]): float(row[COLUMN]) for row in chosen.to_dict("records")}
    pd.testing.assert_frame_equal(chosen, chosen_frame(ended, done, accuracies, COLUMN))
    pd.testing.assert_frame_equal(frame("shares.csv"), shares_frame(ended))


def test_what_searches_found_is_trained_under_its_own_policy() -> None:
    found = {training for training in read(FOLDER / "trained.csv") if training.part == "found"}
    assert found == {judged(run, outcome)[0] for run, outcome in finished().items()}


def test_the_record_is_of_this_size() -> None:
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert (record["quick"], record["full"]) == (False, False)
    assert record["sizes"]["images"] == LAPTOP.images
    policies = json.loads((FOLDER / PARTS).read_text(encoding="utf-8"))["policies"]
    assert policies == {policy.name: policy.digest for policy in POLICIES}
    assert record["table"]["name"] == "nasbench201-official"
    assert set(frame("trained.csv")["policy"]) <= {
        *policies,
        *(name.removeprefix("daas, ") for name in record["searches"]),
    }
