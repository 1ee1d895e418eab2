"""The parts of the study of proxies on restoring networks. Oracles: scipy's coefficients, and tables made by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.errors import SettingError
from harness.evaluation import Table, open_table
from harness.evaluation.matching import recognised_space
from harness.report.tables.restoration_proxies import proxies_sheet, psnr_matrix, refused_sheet
from harness.report.tables.sheet import sheet_markdown
from harness.scoring.scorer import NOT_APPLICABLE, OK
from harness.studies.options import StudyOptions
from harness.studies.restoration_proxies import results, scored, tables, trained
from harness.studies.restoration_proxies.protocols import PROTOCOLS, architectures_of, images_of, setting_of
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, SHOWN
from harness.studies.study import run_study

TRILEVEL, MOD_NAS = PROTOCOLS
VALUES = (31.0, 33.0, 32.0, 35.0, 34.0)
AGAIN = (31.5, 32.0, 33.5)


def options(out: Path, **given: Any) -> StudyOptions:
    return StudyOptions(out, lambda line: None, workers=1, **given)


def trainings(keys: Sequence[str], values: Mapping[int, Sequence[float]], sets: Sequence[str]) -> pd.DataFrame:
    rows = [
        (TRILEVEL.table, keys[place], seed, 100 + place, 10, 1.5, name, value + shift, value / 100)
        for seed, of_seed in values.items()
        for shift, name in enumerate(sets)
        for place, value in enumerate(of_seed)
    ]
    return pd.DataFrame(rows, columns=list(trained.COLUMNS))


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """A table of five architectures, of which three were trained twice."""
    keys = [str(each) for each in architectures_of(TRILEVEL, len(VALUES), 0)]
    frame = trainings(keys, {0: VALUES, 1: AGAIN}, ("t91_valid", "set5_test"))
    (tmp_path / TRILEVEL.table).mkdir()
    made = {"nasinit": "1", "torch": "2", "begun": "2026-12-01", "cpu": "a processor"}
    (tmp_path / TRILEVEL.table / trained.MADE).write_text(json.dumps(made))
    path = tables.write_table(TRILEVEL, frame, options(tmp_path))
    first = path.read_bytes()
    assert tables.write_table(TRILEVEL, frame, options(tmp_path)).read_bytes() == first
    return open_table(path)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.table)
def test_architectures_are_different_canonical_ones_and_fewer_are_the_first_of_more(protocol) -> None:
    found = architectures_of(protocol, 60, 0)
    assert len({protocol.opened.key(each) for each in found}) == 60
    assert [protocol.opened.canonical(each) for each in found] == found
    assert architectures_of(protocol, 7, 0) == found[:7]
    assert architectures_of(protocol, 7, 1) != found[:7]


def test_after_each_third_architecture_one_of_the_first_is_trained_by_another_seed(tmp_path: Path) -> None:
    found = trained.trainings_of(TRILEVEL, 7, options(tmp_path, seed=4))
    assert [(each.name, each.seed) for each in found] == [
        ("001", 4), ("002", 4), ("003", 4), ("001", 5), ("004", 4), ("005", 4), ("006", 4), ("002", 5), ("007", 4),
    ]  # fmt: skip
    assert found[3].text == found[0].text
    assert found[3].folder(tmp_path) != found[0].folder(tmp_path)
    assert found[0].setting == setting_of(TRILEVEL, options(tmp_path)) == TRILEVEL.setting
    assert len(trained.trainings_of(TRILEVEL, 60, options(tmp_path))) == 80


def test_what_validates_is_never_trained_on(published_data: Path) -> None:
    pytest.importorskip("skimage", reason="skimage is not installed (the extra restoration has it)")
    if not (published_data / "restoration").is_dir():
        pytest.skip("the folder restoration is absent")
    found = images_of(TRILEVEL, published_data, quick=False)
    assert {name: len(images) for name, images in found.tests.items()} == {
        "t91_valid": 13, "set5_test": 5, "set14_test": 14,
    }  # fmt: skip
    held = {image.pixels.tobytes() for image in found.tests["t91_valid"]}
    assert len(found.training) == 91 - 13
    assert held.isdisjoint(image.pixels.tobytes() for image in found.training)


def test_photographs_stand_in_for_the_sets(tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="skimage is not installed (the extra restoration has it)")
    found = images_of(MOD_NAS, None, quick=True)
    assert {name: len(images) for name, images in found.tests.items()} == {
        "photographs_valid": 1, "photographs_test": 2,
    }  # fmt: skip
    assert len(found.training) == 3
    assert max(found.tests["photographs_valid"][0].pixels.shape) == 48


def test_the_table_has_means_over_the_trainings_and_each_training(table: Table) -> None:
    keys = list(table.keys)
    own = table.values(keys, "set5_test_psnr_db_seed0")
    assert own.tolist() == [value + 1 for value in VALUES]
    again = table.values(keys, "set5_test_psnr_db_seed1")
    assert again[:3].tolist() == [value + 1 for value in AGAIN]
    assert np.isnan(again[3:]).all()
    mean = table.values(keys, "set5_test_psnr_db")
    assert mean.tolist() == [*((own[:3] + again[:3]) / 2), *own[3:]]
    assert table.values(keys, "params").tolist() == [100, 101, 102, 103, 104]
    assert (table.facts.name, table.facts.space, table.facts.epochs) == (
        "trilevel-small",
        "trilevel-small",
        "1000 steps",
    )
    assert table.facts.seeds == "seed 0, of 3 architectures a second one"
    assert "16 crops of 16 x 16 pixels" in table.facts.note
    assert "on t91, of which each 7th image is held out" in table.facts.note
    assert results.psnr_columns(table) == ["t91_valid_psnr_db", "set5_test_psnr_db"]
    assert results.main_column(table) == "set5_test_psnr_db"


def test_proxies_sizes_and_another_training_have_scipys_coefficients(table: Table) -> None:
    keys, scores = list(table.keys), [3.0, 1.0, 2.0, 5.0, 4.0]
    frame = pd.DataFrame({"architecture": keys, "proxy": "mine", "score": scores, "status": OK})
    rankings = results.rankings_of(frame, table, resamples=20)
    assert rankings["set5_test_psnr_db"].label == "PSNR on test images, set5, mean over the images (dB)"
    found = results.coefficients(rankings, "trilevel-small").set_index(["column", "proxy"])
    psnr = table.values(keys, "set5_test_psnr_db")
    expected = stats.spearmanr(scores, psnr).statistic
    assert found.loc[("set5_test_psnr_db", "mine"), "spearman"] == pytest.approx(expected)
    macs = [TRILEVEL.opened.sizes(TRILEVEL.opened.parse(key)).macs for key in keys]
    assert found.loc[("set5_test_psnr_db", "flops"), "spearman"] == pytest.approx(stats.spearmanr(macs, psnr).statistic)
    known = results.known_values(table, resamples=20).set_index(["column", "proxy"])
    again = known.loc[("set5_test_psnr_db", results.AGAIN)]
    assert (again["n"], again["spearman"]) == (3, pytest.approx(stats.spearmanr(VALUES[:3], AGAIN).statistic))
    assert known.loc[("set5_test_psnr_db", results.VALIDATION), "spearman"] == pytest.approx(1)
    assert ("t91_valid_psnr_db", results.VALIDATION) not in known.index


def test_scores_without_a_space_are_of_the_one_of_the_table(table: Table) -> None:
    frame = pd.DataFrame({"architecture": table.keys, "proxy": "mine", "score": VALUES})
    assert recognised_space(frame) == "trilevel"
    assert recognised_space(frame, ["", "a space of nobody", "mod-nas", "trilevel-small"]) == "trilevel-small"


def test_a_second_training_of_two_networks_ranks_nothing(tmp_path: Path, table: Table) -> None:
    frame = trainings(list(table.keys), {0: VALUES, 1: AGAIN[:2]}, ("t91_valid", "set5_test"))
    found = results.known_values(open_table(tables.write_table(TRILEVEL, frame, options(tmp_path))), resamples=20)
    again = found[found["proxy"] == results.AGAIN]
    assert again["n"].tolist() == [2, 2]
    assert again["spearman"].isna().all()


def test_what_has_half_of_its_scores_is_ranked_and_the_others_have_their_reason() -> None:
    frame = pd.DataFrame(
        [
            *(("half", score, OK if score > 1 else NOT_APPLICABLE, "no score") for score in range(4)),
            *(("fewer", score, OK if score > 2 else NOT_APPLICABLE, "singular") for score in range(4)),
            *(("constant", 7, OK, "") for _ in range(4)),
        ],
        columns=["proxy", "score", "status", "message"],
    )
    assert scored.ranked_proxies(frame) == ["half"]
    found = scored.refused(frame, "a table")
    assert found.to_dict("list") == {
        "table": ["a table", "a table"],
        "proxy": ["fewer", "constant"],
        "without": [0.75, 0.0],
        "why": ["singular", "the score is the same on all networks"],
    }
    assert "`fewer` | 75 | singular |" in sheet_markdown(refused_sheet(found))


def _both(first: Sequence[float], second: Sequence[float]) -> pd.DataFrame:
    names = ["a", "b", "c", "same as c", "d", "e", "params"]
    return pd.DataFrame({"proxy": names, "one": [*first, 0.9], "other": [*second, -0.9]})


def test_equal_coefficients_count_once_and_sizes_not_between_the_spaces() -> None:
    both = _both([0.1, 0.2, 0.3, 0.3, 0.4, 0.5], [0.1, 0.3, 0.2, 0.2, 0.5, 0.6])
    value, p = results.between_spaces(both)
    expected = stats.spearmanr([0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.3, 0.2, 0.5, 0.6])
    assert (value, p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    assert all(map(math.isnan, results.between_spaces(both.head(2))))


def test_claims_hold_only_where_their_numbers_do(table: Table) -> None:
    keys = list(table.keys)
    frame = pd.DataFrame({"architecture": keys, "proxy": "mine", "score": [1.0, 2, 3, 5, 4], "status": OK})
    comparison = results.against_params(
        results.rankings_of(frame, table, resamples=20)["set5_test_psnr_db"], resamples=20
    )
    column = "set5_test_psnr_db"
    row = {"table": "t", "column": column, "proxy": results.AGAIN, "n": 20, "spearman": 1.0, "spearman_high": 1.0}
    known = pd.DataFrame([{**row, "spearman_low": 1.1}])
    strong = _both([0.1, 0.2, 0.3, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.3, 0.4, 0.5])
    first, second, third = results.study_claims({"t": comparison}, known, {"t": column}, strong)
    assert first.verdict == NOT_SHOWN
    assert first.ours.startswith("0 of 1 after correction for all pairs; the highest is mine ")
    assert (second.verdict, third.verdict) == (SHOWN, SHOWN)
    assert "over the coefficients of 5 different proxies" in third.ours
    lower = known.assign(spearman_low=-1.0)
    _, second, third = results.study_claims({"t": comparison}, lower, {"t": column}, strong.head(2))
    assert (second.verdict, third.verdict) == (NOT_SHOWN, NOT_FINISHED)
    _, second, _ = results.study_claims({"t": comparison}, known.head(0), {"t": column}, strong)
    assert (second.verdict, second.ours) == (NOT_FINISHED, "too few second trainings")


def test_the_matrix_has_the_best_first_and_what_is_known_last(table: Table) -> None:
    keys = list(table.keys)
    frames = [
        pd.DataFrame({"architecture": keys, "proxy": name, "score": scores, "status": OK})
        for name, scores in (("bad", [5.0, 3, 4, 1, 2]), ("good", [1.0, 2, 3, 5, 4]))
    ]
    found = results.coefficients(results.rankings_of(pd.concat(frames), table, resamples=20), "trilevel-small")
    every = pd.concat([found, results.known_values(table, resamples=20)], ignore_index=True)
    matrix = psnr_matrix(every, [*results.BASELINES, results.VALIDATION, results.AGAIN])
    assert list(matrix.frame.index) == ["good", "bad", "params", "flops", "validation PSNR", "another training"]
    assert list(matrix.frame.columns) == ["trilevel-small, t91_valid", "trilevel-small, set5_test"]
    own = every[every["column"] == "set5_test_psnr_db"].assign(against_params="")
    assert "another training" in sheet_markdown(proxies_sheet(own, "PSNR"))


def test_too_few_networks_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="--sample must be at least 3, got 2"):
        run_study("restoration-proxies", tmp_path, sample=2)
