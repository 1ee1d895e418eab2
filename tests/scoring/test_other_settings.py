"""The other settings of a store, by what is different in them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.errors import StoreError
from harness.scoring.other_settings import other_settings
from harness.scoring.runner import run
from harness.scoring.store import Store
from harness.setting import Setting
from harness.spaces import open_space

SPACE = open_space("nasbench201")
TINY = Setting(width=4, depth=1, image_size=8, batch_size=4)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of seed 1, one of eval mode and seed 2, and the newest, of the usual setting."""
    path = tmp_path_factory.mktemp("settings") / "scores.sqlite"
    cells = SPACE.sample(4)
    with ThreadPoolExecutor(1) as pool:  # no process has to start
        for part, changes in ((cells[:2], {"seed": 1}), (cells[2:], {"seed": 1}), (cells, {"seed": 2, "bn": "eval"})):
            run(SPACE, part, ["grad_norm"], setting=replace(TINY, **changes), store=path, executor=pool)
        run(SPACE, cells, ["grad_norm"], setting=TINY, store=path, executor=pool)
    return path


def test_settings_are_named_by_what_differs_the_newest_first(store: Path) -> None:
    record, frames = other_settings(store)
    assert (record.number, record.setting.seed) == (4, 0)
    assert list(frames) == ["bn eval, seed 2", "seed 1"]
    assert len(frames["seed 1"]) == 4, "of all runs in a setting"
    with Store(store) as opened:
        expected = opened.frame(3)
    pd.testing.assert_frame_equal(frames["bn eval, seed 2"], expected)


def test_another_run_has_other_others(store: Path) -> None:
    record, frames = other_settings(store, 3)
    assert record.setting.bn == "eval"
    assert list(frames) == ["bn train, seed 0", "bn train, seed 1"]


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_text("no store")
    with pytest.raises(StoreError):
        other_settings(tmp_path / "a.sqlite")
