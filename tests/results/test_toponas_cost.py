"""The committed outcome of toponas-cost follows from its committed steps and chosen cells."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.evaluation import TableError, open_table
from harness.evaluation.searches.fidelities import test_accuracies as accuracies_of
from harness.report.tables.claims import claims_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.report.tables.toponas import READ, arms_sheet, changes_sheet, cost_sheet
from harness.spaces import open_space
from harness.spaces.listed import all_architectures
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.toponas.changes import arms_frame, changes_frame
from harness.studies.searches.toponas.claims import study_claims
from harness.studies.searches.toponas.cost import cost_frame, sharing_differences
from harness.studies.searches.toponas.published import BY_METHOD

FOLDER = Path(__file__).parents[2] / "results" / "toponas-cost"

SEARCHED = pytest.mark.skipif(not (FOLDER / "chosen.csv").is_file(), reason="no search of it is finished")


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, float_precision="round_trip", keep_default_na=True)


def test_costs_follow_from_the_rounds() -> None:
    pd.testing.assert_frame_equal(cost_frame(read("cost_rounds.csv")), read("cost.csv"), rtol=1e-12)


@SEARCHED
def test_chosen_cells_are_the_last_of_the_logs() -> None:
    log = pd.read_csv(io.BytesIO(gzip.decompress((FOLDER / "searches.csv.gz").read_bytes())))
    last = log.groupby(["method", "arm", "seed"], sort=False).tail(1)
    chosen = read("chosen.csv")
    assert list(last["architecture"]) == list(chosen["architecture"])
    assert set(last["epoch"]) == {20}, "the laptop preset's"


@SEARCHED
def test_tables_follow_from_the_chosen_cells() -> None:
    try:
        table = open_table("nasbench201-official")
    except TableError:
        pytest.skip("the official table is not here")
    space, chosen = open_space("nasbench201"), read("chosen.csv")
    columns, _ = accuracies_of(table, [space.key(cell) for cell in all_architectures(space)])
    for name in columns:
        np.testing.assert_allclose(table.values(list(chosen["architecture"]), name), chosen[name])
    changes = changes_frame(chosen, columns, 0)
    pd.testing.assert_frame_equal(changes, read("changes.csv"), check_dtype=False)
    pd.testing.assert_frame_equal(
        arms_frame(chosen, columns),
        read("arms.csv").assign(arm=lambda frame: frame["arm"].fillna("")),
        check_dtype=False,
    )
    cost = read("cost.csv")
    claims = claims_frame(study_claims(cost, changes, sharing_differences(0)))
    assert list(claims["verdict"]) == list(read("claims.csv")["verdict"])
    published = {name: entry.cost_ratio for name, entry in BY_METHOD.items()}
    sheets = [
        claims_sheet(read("claims.csv"), [READ]),
        cost_sheet(cost, published),
        arms_sheet(arms_frame(chosen, columns)),
    ]
    sheets.append(changes_sheet(changes))
    assert "\n\n".join(map(sheet_markdown, sheets)) + "\n" == (FOLDER / "tables.md").read_text(encoding="utf-8")


def test_verdicts_on_costs_follow_from_the_costs() -> None:
    claims, nothing = read("claims.csv"), changes_frame(pd.DataFrame(columns=["method", "arm", "seed"]), {}, 0)
    again = claims_frame(study_claims(read("cost.csv"), nothing, sharing_differences(0)))
    for name in ("claim", "ours", "verdict"):
        assert list(again[name])[1:5] == list(claims[name])[1:5]


def test_the_record_has_the_command_and_the_searches() -> None:
    record = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert record["command"].startswith("nasinit study toponas-cost --data cifar-10-batches-bin")
    chosen = (
        read("chosen.csv") if (FOLDER / "chosen.csv").is_file() else pd.DataFrame(columns=["method", "arm", "seed"])
    )
    names = [
        f"{method}{'' if arm == 'plain' else f', {arm}'}, seed {seed}"
        for method, arm, seed in zip(chosen["method"], chosen["arm"], chosen["seed"], strict=True)
    ]
    assert record["finished"] == names
