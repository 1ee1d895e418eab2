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
from harness.studies import record
from harness.studies.options import StudyOptions
from harness.studies.restoration_proxies import resampled, results, scored, tables, trained
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
    (tmp_path / TRILEVEL.table / record.MADE).write_text(json.dumps(made))
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


def _scores(keys: Sequence[str], rows: dict[str, Sequence[float]]) -> pd.DataFrame:
    """Scores of proxies that are all there."""
    return pd.DataFrame(
        [
            {"architecture": key, "proxy": name, "score": score, "status": OK}
            for name, row in rows.items()
            for key, score in zip(keys, row, strict=True)
        ]
    )


def test_spaces_agree_by_the_coefficients_of_proxies_that_both_have(table: Table) -> None:
    column, generator = "set5_test_psnr_db", np.random.default_rng(0)
    rows = {name: generator.normal(size=5).tolist() for name in "abcdef"}
    scores = {"one": _scores(table.keys, {**rows, "params": [1, 2, 3, 4, 5], "here alone": [3, 1, 2, 4, 5]})}
    backwards = {name: row[::-1] for name, row in rows.items()}
    scores["other"] = _scores(table.keys, {**backwards, "params": [5, 4, 3, 2, 1]})
    both, columns = {"one": table, "other": table}, {"one": column, "other": column}
    found = resampled.between_spaces(scores, both, columns, ("params",), resamples=50)
    psnr = table.values(table.keys, column)
    ones, others = ([stats.spearmanr(row[::step], psnr).statistic for row in rows.values()] for step in (1, -1))
    assert found.value == pytest.approx(stats.spearmanr(ones, others).statistic)
    assert (found.number, found.best) == (6, "")
    assert found.low <= found.value <= found.high
    few = {name: frame[frame["proxy"].isin(["a", "b"])] for name, frame in scores.items()}
    nothing = resampled.between_spaces(few, both, columns, (), resamples=5)
    assert math.isnan(nothing.value)


def test_another_training_is_compared_with_the_best_proxy_of_the_same_networks(tmp_path: Path, table: Table) -> None:
    column = "set5_test_psnr_db"
    frame = trainings(list(table.keys), {0: VALUES, 1: AGAIN[:4]}, ("t91_valid", "set5_test"))
    twice = open_table(tables.write_table(TRILEVEL, frame, options(tmp_path)))
    known = [
        key
        for key, value in zip(twice.keys, twice.values(twice.keys, f"{column}_seed1"), strict=True)
        if value == value
    ]
    first, second = (twice.values(known, f"{column}_seed{seed}") for seed in (0, 1))
    rows = {"good": [1.0, 2, 3, 5, 4], "bad": [5.0, 3, 4, 1, 2], "params": [1, 1, 2, 3, 4]}
    found = resampled.above_every_proxy(_scores(twice.keys, rows), twice, column, ("params",), resamples=50)
    place = [list(twice.keys).index(key) for key in known]
    values = {name: stats.spearmanr(np.take(rows[name], place), first).statistic for name in ("good", "bad")}
    best = max(values, key=lambda name: values[name])
    assert (found.number, found.best) == (len(known), best)
    assert found.value == pytest.approx(stats.spearmanr(second, first).statistic - values[best])
    assert found.low <= found.value <= found.high


def test_claims_hold_only_where_their_numbers_do(table: Table) -> None:
    keys, column = list(table.keys), "set5_test_psnr_db"
    frame = _scores(keys, {"mine": [1.0, 2, 3, 5, 4]})
    comparison = results.against_params(results.rankings_of(frame, table, resamples=20)[column], resamples=20)
    ahead, agreed = resampled.Resampled(0.5, 0.1, 0.7, 20, "mine"), resampled.Resampled(0.6, 0.2, 0.8, 5)
    first, second, third = results.study_claims({"t": comparison}, {"t": ahead}, agreed)
    assert first.verdict == NOT_SHOWN
    assert first.ours.startswith("0 of 1 after correction for all pairs; the highest is mine ")
    assert (second.verdict, third.verdict) == (SHOWN, SHOWN)
    assert second.ours == "by +0.50 (+0.10 to +0.70) against mine, the best of all, on 20 networks trained twice"
    assert not any(claim.published for claim in (first, second, third))
    lower, nothing = ahead._replace(low=-0.1), resampled.Resampled(math.nan, math.nan, math.nan, 2)
    _, second, third = results.study_claims({"t": comparison}, {"t": lower}, nothing)
    assert (second.verdict, third.verdict) == (NOT_SHOWN, NOT_FINISHED)
    _, second, third = results.study_claims({"t": comparison}, {"t": nothing}, agreed._replace(low=-0.1))
    assert (second.verdict, second.ours, third.verdict) == (NOT_FINISHED, "too few second trainings", NOT_SHOWN)


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
