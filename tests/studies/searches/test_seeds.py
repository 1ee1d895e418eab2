"""One search under several seeds, from Python."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import benchmarks
import harness
from harness.errors import HarnessError, RunError, SearchError, SettingError
from harness.search import SearchSetting
from harness.studies.searches import seeds as module

TINY = SearchSetting(epochs=2, batch_size=8, width=4, depth=1, image_size=8, images=64, augment=False,
                     evaluation_batches=1, candidates=3)  # fmt: skip
SPACE = harness.open_space("nasbench201")
COLUMN = "cifar10_test_200ep_pct"


@pytest.mark.slow
def test_each_seed_is_a_search_of_its_own(tmp_path: Path) -> None:
    table = benchmarks.open_table("nasbench201")
    found = harness.run_searches(
        SPACE, "rsps", TINY, seeds=[3, 0], data="digits", out=tmp_path, workers=2, table=table, columns=[COLUMN]
    )
    assert found.frame["seed"].tolist() == [3, 0]
    assert found.failed == {}
    for seed in (0, 3):
        alone = harness.run_search(SPACE, "rsps", TINY, data="digits", seed=seed)
        own = found.log[found.log["seed"] == seed].reset_index(drop=True)
        columns = alone.log.columns.drop(["seconds", "cpu_seconds"])
        pd.testing.assert_frame_equal(own[columns], alone.log[columns])
        row = found.frame.set_index("seed").loc[seed]
        assert row["architecture"] == str(alone.architecture)
        assert row[f"{COLUMN}_for_the_record"] == table.values([str(alone.architecture)], COLUMN)[0]
        assert (tmp_path / f"seed_{seed}" / "checkpoint.pt").is_file()


@pytest.mark.slow
def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(module.tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path)
    assert len(harness.run_searches(SPACE, "nasi", TINY, seeds=[0]).frame) == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"seeds": []}, SettingError, "no seeds given"),
        ({"seeds": [-1]}, SettingError, "seed must be a whole number from 0"),
        ({"workers": 0}, SearchError, "workers must be a whole number from 1"),
        ({"threads": 0}, SearchError, "threads must be a whole number from 1"),
        ({"method": "drts"}, SearchError, "Did you mean 'darts'"),
        ({"data": "nowhere"}, SearchError, "no data_batch"),
        ({"device": "tpu"}, SearchError, "device must be"),
        ({"checkpoint_minutes": -2}, SearchError, "checkpoint_minutes must be a number from 0"),
    ],
)
def test_bad_arguments_are_refused_before_a_process_begins(
    changes: dict[str, Any], error: type[HarnessError], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "run_all", lambda *_, **__: pytest.fail("a search began"))
    arguments: dict[str, Any] = {"method": "rsps", "data": "digits", "seeds": [0], **changes}
    with pytest.raises(error, match=message):
        harness.run_searches(SPACE, arguments.pop("method"), TINY, **arguments)


@pytest.mark.slow
def test_where_every_seed_fails_there_is_no_result(tmp_path: Path) -> None:
    diverging = TINY.changed({"weight_lr": 1e30, "weight_lr_min": 1e30, "gradient_clip": 1e30})
    with pytest.raises(RunError, match=r"every search failed. rsps, seed 0: rsps: the loss is"):
        harness.run_searches(SPACE, "rsps", diverging, seeds=[0], data="digits", out=tmp_path)
