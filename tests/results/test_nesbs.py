"""The committed outcome of the study of NESBS follows from its own files, and these from the table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import Table
from harness.report.tables.claims import claims_sheet
from harness.report.tables.nesbs import sweep_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.search.gradient.nesbs.posterior import most_likely
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.nesbs.claims import study_claims
from harness.studies.searches.nesbs.exact import (
    COORDINATES,
    SEARCH,
    Sizes,
    accuracy_cube,
    coordinate_ascent,
    divergence,
    set_values,
    table_search,
)

FOLDER = Path(__file__).parents[2] / "results" / "nesbs"
RECORD = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", float_precision="round_trip")


def test_the_claims_follow_from_the_frames() -> None:
    frames = [read(name) for name in ("posterior", "sweep", "differences")]
    expected = claims_frame(study_claims(*frames, RECORD["members"], RECORD["repetitions"]))
    pd.testing.assert_frame_equal(read("claims").fillna(""), expected)


def test_the_tables_are_those_of_the_frames() -> None:
    text = (FOLDER / "tables.md").read_text(encoding="utf-8")
    for sheet in (claims_sheet(read("claims")), sweep_sheet(read("sweep"))):
        assert sheet_markdown(sheet) in text


def test_the_sweep_is_that_of_the_study() -> None:
    sizes, sweep, posterior = Sizes(), read("sweep"), read("posterior")
    svgd = sweep[sweep["arm"] == "svgd"]
    assert len(svgd) == len(sizes.diversities) * len(sizes.stds) * len(sizes.members)
    assert set(svgd["sets"]) == {sizes.sets}
    assert posterior[posterior["how"] == SEARCH]["seed"].nunique() == sizes.seeds
    assert not RECORD["quick"]
    assert RECORD["table"]["name"] == "nasbench201-official"


def test_the_best_posterior_and_its_most_probable_cells_are_those_of_the_table(official: Table) -> None:
    from harness.evaluation.searches.fidelities import VALIDATION
    from harness.evaluation.searches.table_losses import table_losses

    losses, likelihood = table_losses(VALIDATION, official).losses, table_search().likelihood
    found = list(coordinate_ascent(losses, likelihood))
    values = [divergence(probabilities, losses, likelihood) for probabilities in found]
    kept = read("posterior")
    np.testing.assert_allclose(kept[kept["how"] == COORDINATES]["divergence_nats"], values, rtol=1e-9)
    cube = accuracy_cube(official)
    for row in read("sweep").query("arm == 'top'").to_dict("records"):
        cells = np.array([most_likely(int(row["members"]), found[-1])])
        expected = {name: float(value[0]) for name, value in set_values(cells, cube).items()}
        assert {name: row[name] for name in expected} == pytest.approx(expected)
