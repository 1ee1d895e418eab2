"""The study of SANE's genotypes in small: its files, and what is made again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.errors import SettingError
from harness.evaluation import open_table
from harness.scoring.runner import run
from harness.studies.sane_proxies import scored
from harness.studies.searches.sane import kept
from harness.studies.study import run_study

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def _in_this_process() -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scored, "run", partial(run, executor=ThreadPoolExecutor(1)))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "out"
    run_study("sane-proxies", folder, quick=True, workers=1, say=lambda _: None)
    return folder


def test_the_table_has_what_the_trainings_gave(made: Path) -> None:
    trainings = pd.read_csv(made / "trainings.csv", float_precision="round_trip")
    assert trainings["seed"].value_counts().to_dict() == {0: 9, 1: 3}
    table = open_table(made / "sane-noise-0.parquet")
    first = trainings[trainings["seed"] == 0].set_index("architecture")["test_pct"]
    assert table.values(first.index, "noise-0_test_3ep_pct_seed0").tolist() == first.tolist()


def test_what_applies_is_ranked_and_the_others_have_a_reason(made: Path) -> None:
    ranked, refused = (pd.read_csv(made / f"{name}.csv") for name in ("coefficients", "refused"))
    assert {"grad_norm", "synflow", "params", "depth", "one_shot_likelihood_0", "log_ratio_1"} <= set(ranked["proxy"])
    assert {"another training", "validation accuracy"} <= set(ranked["proxy"])
    assert {"nwot", "zen"} <= set(refused["proxy"])


def test_the_same_command_trains_nothing_again(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [*(file.name for file in made.glob("*.csv*")), "sane-noise-0.parquet", "tables.md", "sane_proxies.png"]
    before = {name: (made / name).read_bytes() for name in names if not name.startswith("scores")}

    def never(*given: Any, **named: Any) -> None:
        raise AssertionError("everything is there")

    monkeypatch.setattr(kept, "train_nodes", never)
    run_study("sane-proxies", made, quick=True, finished=True, workers=1, say=lambda _: None)
    assert {name: (made / name).read_bytes() for name in before} == before


def test_nothing_that_is_over_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="nothing of this study is finished"):
        run_study("sane-proxies", tmp_path, quick=True, finished=True, say=lambda _: None)
