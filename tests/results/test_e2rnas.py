"""The committed outcome of the study of E2RNAS follows from its own files, and these from the table of robustness."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import Table, open_table
from harness.report.tables.claims import claims_sheet
from harness.report.tables.robust import arms_sheet, attacks_sheet, parameters_sheet, proxies_sheet, volumes_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.studies.searches.claims import claims_frame
from harness.studies.searches.robust.cells import CLEAN, OBJECTIVES, PGD, cells_of
from harness.studies.searches.robust.claims import Parts, study_claims
from harness.studies.searches.robust.published import parameters_frame
from harness.studies.searches.robust.tabled import ARMS, GRID_SEEDS, PAIRS, SEEDS, SHARES, STALLED, with_fronts
from harness.studies.searches.robust.volumes import volumes_frame

FOLDER = Path(__file__).parents[2] / "results" / "e2rnas"
WORDS = {name: arm.words for name, arm in ARMS.items()}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", float_precision="round_trip")


@pytest.fixture(scope="module")
def table(published_data: Path) -> Table:
    path = published_data / "nasbench201_robustness_cifar10.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in {published_data}")
    return open_table(path)


def test_the_claims_follow_from_the_frames() -> None:
    parts = Parts(*(read(name) for name in Parts._fields))
    pd.testing.assert_frame_equal(read("claims").fillna(""), claims_frame(study_claims(parts)))


def test_the_tables_are_those_of_the_frames() -> None:
    text = (FOLDER / "tables.md").read_text(encoding="utf-8")
    sheets = [
        claims_sheet(read("claims")), arms_sheet(read("arms"), WORDS), volumes_sheet(read("volumes")),
        attacks_sheet(read("attacks")), proxies_sheet(read("proxies")), parameters_sheet(read("parameters")),
    ]  # fmt: skip
    for sheet in sheets:
        assert sheet_markdown(sheet) in text


def test_the_study_is_whole() -> None:
    assert not json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))["quick"]
    arms, grid, stall = read("arms"), read("grid"), read("stall")
    assert arms.groupby("arm").size().to_dict() == dict.fromkeys(ARMS, SEEDS)
    assert len(grid) == len(PAIRS) * len(SHARES) * GRID_SEEDS
    assert stall.groupby("form")["seed"].nunique().to_dict() == dict.fromkeys(STALLED, GRID_SEEDS)
    pd.testing.assert_frame_equal(read("parameters"), parameters_frame())


@pytest.mark.slow
def test_the_objectives_fronts_and_hypervolumes_are_those_of_the_table(table: Table) -> None:
    cells, arms, grid = cells_of(table), read("arms"), read("grid")
    pd.testing.assert_frame_equal(arms, with_fronts(arms[["arm", "seed", "architecture"]], cells))
    assert len(cells.front(tuple(OBJECTIVES))) == 107
    pd.testing.assert_frame_equal(read("volumes"), volumes_frame(arms, grid, cells, 0))


def test_clean_and_robust_accuracies_have_the_correlations_of_the_table(table: Table) -> None:
    attacks = read("attacks").set_index(["column", "cells"])
    clean, pgd = (pd.Series(table.values(table.keys, name)) for name in (CLEAN, PGD))
    assert attacks.loc[(PGD, "all"), "spearman"] == pytest.approx(clean.corr(pgd, method="spearman"), abs=1e-12)
    better = clean > 90
    expected = clean[better].corr(pgd[better], method="spearman")
    assert attacks.loc[(PGD, "above 90 %"), "spearman"] == pytest.approx(expected, abs=1e-12)
    assert attacks.loc[(PGD, "all"), "highest"] == 58.8
    assert np.isfinite(attacks[["low", "high"]]).all(axis=None)
