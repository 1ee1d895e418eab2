"""Where numbers come from: carried by frames, written next to CSV files, read back, not believed of other numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import benchmarks
import harness
from harness.report.files import write_csv, write_described_csv
from harness.scoring.files import read_scores
from harness.scoring.provenance import PROVENANCE, described_by, known_provenance
from harness.search.gradient.data import Images
from harness.search.gradient.presets import preset_setting
from harness.setting import Setting
from tests.workers import worker_threads

COLUMN = "cifar10_test_200ep_pct"


@pytest.fixture(scope="module")
def frame(space: Any, tiny: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    store = tmp_path_factory.mktemp("provenance") / "s"
    with worker_threads():
        return harness.run(space, space.sample(12), ["l2_norm", "params"], store=store, seeds=[3, 5], bn="eval", **tiny)


@pytest.fixture
def csv(frame: pd.DataFrame, tmp_path: Path) -> Path:
    return write_described_csv(frame, tmp_path / "scores.csv")


def test_a_frame_carries_what_made_it(frame: pd.DataFrame) -> None:
    carried = frame.attrs[PROVENANCE]
    assert carried["space"] == "nasbench201"
    settings = [Setting.from_json(json.dumps(values)) for values in carried["settings"]]
    assert [(setting.seed, setting.bn) for setting in settings] == [(3, "eval"), (5, "eval")]
    assert set(carried["proxies"]) == {"l2_norm", "params"}
    assert carried["torch"].startswith("2.")


def test_results_carry_the_table_too(frame: pd.DataFrame) -> None:
    table = benchmarks.open_table("nasbench201")
    ranking = harness.correlate(frame, table, COLUMN, resamples=10)
    expected = {"name": table.facts.name, "title": table.facts.title, "sha256": table.facts.sha256, "columns": [COLUMN]}
    for result in (ranking, harness.compare(ranking, resamples=10), harness.top(ranking)):
        carried = result.frame.attrs[PROVENANCE]
        assert (carried["scores"], carried["table"]) == (frame.attrs[PROVENANCE], expected)
        assert carried["bootstrap"] == {"resamples": 10, "confidence": 0.95, "seed": 0, "method": "percentile"}
    transfer = harness.transfer({"noise": frame[frame["seed"] == 3]}, table, [COLUMN], resamples=10)
    assert transfer.frame.attrs[PROVENANCE]["table"] == expected
    assert harness.table_searches(table, ["random"], runs=2).frame.attrs[PROVENANCE]["runs"] == 2


def searched() -> Any:
    images = Images("made", torch.zeros(8, 3, 8, 8), torch.tensor([0, 1] * 4))
    setting = preset_setting("darts", harness.open_space("nasbench201"), "laptop")
    return setting.changed({"epochs": 1, "width": 2, "depth": 1, "batch_size": 2, "steps_per_epoch": 1}), images


def of_searches() -> dict[str, pd.DataFrame]:
    space, (setting, images) = harness.open_space("nasbench201"), searched()
    one = harness.run_search(space, "darts", setting, data=images)
    return {"run_search": one.frame}


def of_rankings(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    table = benchmarks.open_table("analognasbench")
    ranking = harness.correlate(frame, table, COLUMN, resamples=5)
    of_seeds = {str(seed): part for seed, part in frame.groupby("seed")}
    noise = next(column.name for column in table.columns if column.name != COLUMN)
    return {
        "run": frame,
        "correlate": ranking.frame,
        "compare": harness.compare(ranking, resamples=5).frame,
        "beyond_size": harness.beyond_size(ranking, resamples=5).frame,
        "top": harness.top(ranking).frame,
        "stability": harness.stability(of_seeds, resamples=5).frame,
        "transfer": harness.transfer({"noise": of_seeds["3"]}, table, [COLUMN], resamples=5).frame,
        "trade_off": harness.trade_off(
            frame, harness.Quantity(table, noise), harness.Quantity(table, COLUMN), ["params"]
        ).frame,
        "table_searches": harness.table_searches(table, ["random"], runs=2).frame,
    }


def test_every_frame_says_in_memory_what_its_file_says(frame: pd.DataFrame, tmp_path: Path) -> None:
    """The same keys with the same values: versions, and all that made the numbers."""
    of_file_alone = {"file", "sha256", "command", "numbers"}
    for name, each in (of_rankings(frame) | of_searches()).items():
        carried = each.attrs[PROVENANCE]
        written = json.loads(described_by(write_described_csv(each, tmp_path / f"{name}.csv")).read_text("utf-8"))
        assert written["numbers"] == json.loads(json.dumps(carried)), name
        versions = set(written) - of_file_alone
        assert versions == {"nasinit", "python"}, name
        assert {key: carried[key] for key in versions} == {key: written[key] for key in versions}, name
        assert carried["nasinit"] == harness.__version__, name
        assert len(carried) > len(versions), name


def test_the_versions_of_older_files_are_read_from_where_they_stand(csv: Path, frame: pd.DataFrame) -> None:
    file = described_by(csv)
    content = json.loads(file.read_text())
    for name in ("nasinit", "python"):
        del content["numbers"][name]
    file.write_text(json.dumps({**content, "nasinit": "0.1.0"}))
    assert read_scores(csv).frame.attrs[PROVENANCE] == {**frame.attrs[PROVENANCE], "nasinit": "0.1.0"}


def test_a_csv_has_its_description_next_to_it(csv: Path, frame: pd.DataFrame) -> None:
    content = json.loads(described_by(csv).read_text(encoding="utf-8"))
    assert content["file"] == "scores.csv"
    assert content["sha256"] == hashlib.sha256(csv.read_bytes()).hexdigest()
    assert content["nasinit"] == harness.__version__
    assert content["numbers"] == frame.attrs[PROVENANCE]
    pd.testing.assert_frame_equal(pd.read_csv(csv)[["architecture", "score"]], frame[["architecture", "score"]])


def test_scores_read_back_know_their_setting(csv: Path, frame: pd.DataFrame) -> None:
    found = read_scores(csv)
    assert found.space == "nasbench201"
    assert found.setting is not None
    assert found.setting == Setting.from_json(frame.attrs["setting"])
    assert (found.setting.seed, found.setting.bn) == (3, "eval")
    assert "seeds 3, 5" in found.origin
    assert found.frame.attrs[PROVENANCE] == frame.attrs[PROVENANCE]


def test_a_page_of_scores_read_back_says_what_wrote_them(csv: Path, tmp_path: Path) -> None:
    ranking = harness.correlate(read_scores(csv).frame, benchmarks.open_table("analognasbench"), COLUMN, resamples=5)
    page = harness.report_page(ranking, tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"<dt>written by</dt><dd>nasinit {harness.__version__}</dd>" in page
    assert "<dt>bn</dt><dd>eval</dd>" in page


def changed(csv: Path) -> None:
    csv.write_text(csv.read_text().replace("ok", "ok", 1) + "\n")


def without(csv: Path) -> None:
    described_by(csv).unlink()


def no_json(csv: Path) -> None:
    described_by(csv).write_text("[" * 100_000)


def another_kind(csv: Path) -> None:
    described_by(csv).write_text("[1, 2]")


def no_numbers(csv: Path) -> None:
    file = described_by(csv)
    file.write_text(json.dumps({**json.loads(file.read_text()), "numbers": None}))


def large(csv: Path) -> None:
    described_by(csv).write_bytes(b" " * 2**23)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (changed, "of other numbers: the file was changed after it was written"),
        (without, "there is no scores.csv.json"),
        (no_json, "cannot be read"),
        (another_kind, "cannot be read"),
        (no_numbers, "says nothing of its numbers"),
        (large, "is too large"),
    ],
)
def test_what_is_not_known_is_said(spoil: Callable[[Path], None], reason: str, csv: Path) -> None:
    spoil(csv)
    assert known_provenance(csv)[0] == {}
    found = read_scores(csv)
    assert (found.space, found.setting) == (None, None)
    assert f"setting not known: {reason}" in found.origin or reason in found.origin
    assert reason in found.frame.attrs[PROVENANCE]["not_known"]


@pytest.mark.parametrize(
    "numbers", [{"space": "nasbench201"}, {"space": "x", "settings": [{"bn": 7}]}, {"space": "x", "settings": []}]
)
def test_numbers_without_a_setting_leave_it_unknown(numbers: dict[str, Any], csv: Path) -> None:
    file = described_by(csv)
    file.write_text(json.dumps({**json.loads(file.read_text()), "numbers": numbers}))
    found = read_scores(csv)
    assert (found.space, found.setting) == (None, None)
    assert "states none" in found.origin


def test_a_space_that_is_not_here_does_not_hinder(csv: Path) -> None:
    file = described_by(csv)
    content = json.loads(file.read_text())
    content["numbers"]["space"] = "elsewhere"
    file.write_text(json.dumps(content))
    assert read_scores(csv).space == "elsewhere"


def test_a_plain_csv_has_no_description(frame: pd.DataFrame, tmp_path: Path) -> None:
    assert not described_by(write_csv(frame, tmp_path / "scores.csv")).exists()
