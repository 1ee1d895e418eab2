"""The committed outcome of wiring-evolution follows from its committed logs and costs."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.report.tables.claims import claims_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.studies.searches.claims import NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.wiring.claims import CLAIMS, NOT_HERE, Frames, study_claims
from harness.studies.searches.wiring.runs import ARMS
from harness.studies.searches.wiring.study import COSTS_FILE, SEARCHES_FILE

FOLDER = Path(__file__).parents[2] / "results" / "wiring-evolution"
pytestmark = pytest.mark.skipif(
    not (FOLDER / SEARCHES_FILE).is_file(), reason="the searches of the study are not finished, so nothing is committed"
)


@pytest.fixture(scope="module")
def frames() -> Frames:
    searches, costs = (pd.read_csv(FOLDER / name, float_precision="round_trip") for name in (SEARCHES_FILE, COSTS_FILE))
    return Frames(searches, costs)


def test_the_claims_follow_from_logs_and_costs(frames: Frames) -> None:
    claims = study_claims(frames)
    committed = pd.read_csv(FOLDER / "claims.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(claims.replace("", float("nan")), committed, check_dtype=False)
    assert (FOLDER / "tables.md").read_text(encoding="utf-8").startswith(sheet_markdown(claims_sheet(claims)))
    assert len(claims) == len(CLAIMS) + 1 + len(NOT_HERE)
    assert set(claims["verdict"]) <= {SHOWN, NOT_SHOWN, NOT_TESTABLE}


def test_the_record_has_every_arm_and_the_seconds(frames: Frames) -> None:
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert set(record["searches"]) == set(ARMS)
    assert record["seconds_of_processor"] == pytest.approx(frames.searches["cpu_seconds"].sum())
    assert set(frames.searches["arm"]) <= set(ARMS)
    ended = frames.searches.groupby(["arm", "seed"])["epoch"].max()
    assert all(ended[arm, seed] == record["searches"][arm]["epochs"] for arm, seed in ended.index)
