"""Scores of each task's own network beside a classifier's: pandas, and a plain bootstrap, are the oracles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmarks
import harness
from benchmarks.table import Table
from harness.errors import SettingError
from harness.report.tables.sheet import sheet_markdown
from harness.report.tables.transnas_micro import own_coefficients_sheet, own_sheet
from harness.spaces import open_space
from harness.studies.kinds import Condition
from harness.studies.options import StudyOptions
from harness.studies.samples import finished_part
from harness.studies.transnas_micro import results, study
from harness.studies.transnas_micro.own import OWN, OwnNetwork
from harness.studies.transnas_micro.own_results import OwnResults, beside_scene, own_claims

TASK, RESAMPLES, CELLS = "autoencoder", 40, 30


@pytest.fixture(scope="module")
def table(published_data: Path) -> Table:
    path = published_data / "tables" / "transnasbench101_micro.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return benchmarks.open_table("transnasbench101-micro", path=path)


def scores_of(columns: dict[str, list[float]], keys: list[str]) -> pd.DataFrame:
    parts = [pd.DataFrame({"architecture": keys, "proxy": name, "score": score}) for name, score in columns.items()]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def made(table: Table) -> tuple[OwnResults, pd.DataFrame, list[str]]:
    """By the own network `good` is the task's value and `same` as by scenes; by scenes `good` is noise.

    `rare` has few scores, `flat` one value, and the last cell no score by `same`.
    """
    keys = [str(cell) for cell in results.networks(CELLS)]
    values = table.values(keys, results.task_columns(table)[TASK])
    generator = np.random.default_rng(0)
    noise, same = generator.normal(size=CELLS).tolist(), generator.normal(size=CELLS).tolist()
    rare = [1.0 * place if place < 9 else np.nan for place in range(CELLS)]
    same[-1] = np.nan
    shared = {"same": same, "rare": rare, "flat": [1.0] * CELLS, "params": noise}
    scene = scores_of({"good": noise, **shared}, keys)
    own = scores_of({"good": list(values), **shared}, keys)
    found = beside_scene({TASK: own}, scene, table, results.task_columns(table), {"all": keys}, resamples=RESAMPLES)
    frame = pd.DataFrame({"good": values, "noise": noise, "same": same, "value": values}, index=keys)
    return found, frame.iloc[:-1].sort_index(), keys


def test_coefficients_are_pandas_and_differences_theirs(
    made: tuple[OwnResults, pd.DataFrame, list[str]],
) -> None:
    found, expected, _ = made
    rows = found.frame.set_index("proxy")
    assert list(rows.index) == ["good", "same"]
    assert set(rows["n"]) == {CELLS - 1}
    spearman = expected.corr("spearman")["value"]
    for proxy, own, scene in (("good", "good", "noise"), ("same", "same", "same")):
        assert rows.loc[proxy, "own"] == pytest.approx(spearman[own], abs=1e-12)
        assert rows.loc[proxy, "scene"] == pytest.approx(spearman[scene], abs=1e-12)
        assert rows.loc[proxy, "difference"] == pytest.approx(spearman[own] - spearman[scene], abs=1e-12)
    assert rows.loc["good", "agreement"] == pytest.approx(expected.corr("spearman").loc["good", "noise"], abs=1e-12)
    assert rows.loc["same", "agreement"] == pytest.approx(1)
    assert rows.loc["good", "verdict"] == "better"
    assert (rows.loc["same", ["difference", "difference_low", "difference_high"]] == 0).all()
    assert rows.loc["same", "p_holm"] == 1
    assert rows.loc["same", "verdict"] == "not distinguishable"


def test_intervals_are_those_of_a_plain_bootstrap_of_the_cells(
    made: tuple[OwnResults, pd.DataFrame, list[str]],
) -> None:
    found, frame, _ = made
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLES):
        part = frame.iloc[generator.integers(len(frame), size=len(frame))]
        spearman = part.corr("spearman")["value"]
        drawn.append(spearman["good"] - spearman["noise"])
    row, mean = found.frame.set_index("proxy").loc["good"], found.means.iloc[0]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((low, high), abs=1e-12)
    # of two proxies one does not differ at all
    assert [mean[f"difference{end}"] for end in ("", "_low", "_high")] == pytest.approx(
        [row["difference"] / 2, low / 2, high / 2], abs=1e-12
    )
    assert (mean["proxies"], mean["n"]) == (2, CELLS - 1)


def test_sheets_and_claims_say_what_the_frames_hold(made: tuple[OwnResults, pd.DataFrame, list[str]]) -> None:
    found = made[0]
    gains = sheet_markdown(own_sheet(found.frame, found.means, "all", "all networks"))
    row = found.frame.set_index("proxy").loc["good"]
    assert f"| `good` | {row['difference']:.2f} [" in gains
    assert "]* |" in next(line for line in gains.splitlines() if line.startswith("| `good`"))
    assert f"Cells: {TASK} {CELLS - 1}." in gains
    both = sheet_markdown(own_coefficients_sheet(found.frame, "all", "all networks"))
    assert "| `good` | its own | 1.00 [1.00, 1.00] |" in both
    claimed = OwnResults(found.frame.assign(pool="valid"), found.means.assign(pool="valid"))
    mean, some = own_claims(claimed)
    assert (mean.published, some.published) == ("", "")
    assert all(one.claim.endswith("(our own question)") for one in (mean, some))
    assert some.ours.startswith(
        f"1 of 2 better, 0 worse after correction for all tasks; most gains good, {row['difference']:+.2f}"
    )
    assert some.verdict == "shown"
    assert mean.ours.startswith(f"a difference of {row['difference'] / 2:+.2f} (")


def test_too_few_cells_in_common_are_no_comparison(table: Table) -> None:
    keys = [str(cell) for cell in results.networks(2)]
    few = scores_of({"good": [1.0, 2.0]}, keys)
    found = beside_scene({TASK: few}, few, table, results.task_columns(table), {"all": keys}, resamples=5)
    assert found.frame.empty
    assert found.means.empty


def test_without_a_comparison_the_frames_have_their_columns_and_nothing_is_claimed(table: Table) -> None:
    nothing = pd.DataFrame({"architecture": ["a"], "proxy": ["grad_norm"], "score": [1.0]})
    found = beside_scene({"jigsaw": nothing}, nothing, table, {"jigsaw": "jigsaw"}, {"valid": [], "all": []})
    assert found.frame.empty
    assert {"pool", "difference_low", "verdict"} <= {*found.frame.columns}
    assert not list(own_claims(found))


def test_every_task_has_the_smaller_size_and_the_loss_of_its_own() -> None:
    assert set(OWN) == {"jigsaw", "normal", "autoencoder", "segmentsemantic", "room_layout"}
    losses = {}
    for task, one in OWN.items():
        setting, space = one.condition.setting(0), open_space(one.condition.space)
        losses[task] = setting.loss
        shrunk = {name: space.shape[name].default // setting.shape[name] for name in ("width", "image_size")}
        assert set(shrunk.values()) == {4}, task
        assert set(one.refused) < set(study.PROXIES)
    assert losses == {
        "jigsaw": "cross_entropy", "normal": "mean_absolute_error", "autoencoder": "mean_absolute_error",
        "segmentsemantic": "cross_entropy", "room_layout": "mean_squared_error",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("task", OWN)
def test_proxies_that_are_not_asked_for_do_not_apply(task: str) -> None:
    one = OWN[task]
    space = open_space(one.condition.space)
    frame = harness.run(space, results.networks(1), one.refused, setting=one.condition.setting(0), store=":memory:")
    assert set(frame["status"]) == {"not_applicable"}, frame[["proxy", "status", "message"]].to_string()


SMALL = {"width": 2, "image_size": 8, "batch_size": 4}
CHEAP = ("l2_norm", "synflow", "params")


def test_what_is_finished_ends_at_the_first_cell_without_all_scores(tmp_path: Path) -> None:
    condition = Condition("small", SMALL, space="transnas-micro")
    options = StudyOptions(out=tmp_path, say=print)
    cells = results.networks(6)
    assert finished_part(condition, CHEAP, cells, options) == []
    setting, store = condition.setting(0), tmp_path / "scores.sqlite"
    for proxies, scored in ((CHEAP, cells[:3]), (CHEAP, cells[4:]), (CHEAP[:1], cells[3:4])):
        harness.run(open_space("transnas-micro"), scored, proxies, setting=setting, store=store)
    assert finished_part(condition, CHEAP, cells, options) == cells[:3]
    assert finished_part(condition, CHEAP[:1], cells, options) == cells


@pytest.mark.slow
def test_a_small_study_with_its_tasks_is_made_again_of_what_is_finished(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published_data: Path
) -> None:
    monkeypatch.setenv("NASINIT_DATA", str(published_data))
    monkeypatch.setattr(study, "CONDITION", Condition("small", SMALL, space="transnas-micro"))
    monkeypatch.setattr(study, "PROXIES", ("jacob_cov", "l2_norm", "params"))
    small = {
        "segmentsemantic": OwnNetwork(
            Condition("s", {"width": 4, "image_size": 32, "batch_size": 4}, space="transnas-micro-segmentation"), ()
        ),
        "room_layout": OwnNetwork(Condition("l", SMALL, space="transnas-micro-room-layout"), ("l2_norm",)),
    }
    monkeypatch.setattr(study, "OWN", small)
    options = {"workers": 1, "say": lambda words: None, "store": tmp_path / "scores.sqlite"}
    with pytest.raises(SettingError, match="fewer than 3 networks are scored"):
        harness.run_study("transnas-micro", tmp_path / "none", sample=24, finished=True, **options)  # type: ignore[arg-type]
    harness.run_study("transnas-micro", tmp_path / "one", sample=24, **options)  # type: ignore[arg-type]
    frame = pd.read_csv(tmp_path / "one" / "own_scores.csv.gz")
    assert frame.groupby("task")["architecture"].nunique().to_dict() == {"segmentsemantic": 6, "room_layout": 6}
    assert (tmp_path / "one" / "own.png").is_file()
    assert "our own question" in (tmp_path / "one" / "tables.md").read_text(encoding="utf-8")
    harness.run_study("transnas-micro", tmp_path / "two", sample=40, finished=True, **options)  # type: ignore[arg-type]
    for name in ("by_task", "own", "own_means", "claims"):
        one, two = (pd.read_csv(tmp_path / folder / f"{name}.csv") for folder in ("one", "two"))
        pd.testing.assert_frame_equal(one, two)
