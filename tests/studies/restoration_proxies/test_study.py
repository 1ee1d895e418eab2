"""The study of proxies on restoring networks in small: its tables and files, and what is made again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from harness.errors import DivergedError, SettingError
from harness.evaluation import open_table
from harness.scoring.runner import run
from harness.studies.restoration_proxies import scored, trained
from harness.studies.study import run_study

pytestmark = pytest.mark.slow
NAMES = ("trilevel-small", "mod-nas-small")


@pytest.fixture(autouse=True, scope="module")
def _in_this_process() -> None:
    for package in ("skimage", "torchmetrics"):
        pytest.importorskip(package, reason=f"{package} is not installed (the extra restoration has it)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scored, "run", partial(run, executor=ThreadPoolExecutor(1)))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder, lines = tmp_path_factory.mktemp("study") / "out", list[str]()
    run_study("restoration-proxies", folder, quick=True, workers=1, say=lines.append)
    return folder, lines


def test_the_tables_have_what_the_trainings_gave(made: tuple[Path, list[str]]) -> None:
    folder, lines = made
    trainings = pd.read_csv(folder / "trainings.csv", float_precision="round_trip")
    assert len([line for line in lines if ": training " in line]) == 24
    for name in NAMES:
        table = open_table(folder / f"{name}.parquet")
        own = trainings[(trainings["table"] == name) & (trainings["set"] == "photographs_test")]
        first = own[own["seed"] == 0].set_index("architecture")["psnr_db"]
        assert table.values(first.index, "photographs_test_psnr_db_seed0").tolist() == first.tolist()
        assert own["seed"].value_counts().to_dict() == {0: 9, 1: 3}
        quality = pd.read_csv(folder / name / "trainings" / "seed-0" / "001" / "quality.csv")
        images = quality[(quality["set"] == "photographs_test") & (quality["image"] != "mean")]
        assert first.iloc[0] == pytest.approx(images["psnr_db"].mean())


def test_proxies_are_ranked_or_have_a_reason(made: tuple[Path, list[str]]) -> None:
    folder, _ = made
    ranked, refused = (pd.read_csv(folder / f"{name}.csv") for name in ("coefficients", "refused"))
    for name in NAMES:
        known = set(ranked.loc[ranked["table"] == name, "proxy"])
        others = refused[refused["table"] == name]
        assert {"grad_norm", "synflow", "nwot", "meco", "zico", "ntk_trace"} <= known | set(others["proxy"])
        assert {"grad_norm", "synflow", "params", "flops", "another training", "validation PSNR"} <= known
        assert "classes" in others.set_index("proxy").loc["epe_nas", "why"]


def test_the_same_command_trains_and_scores_nothing_again(made: tuple[Path, list[str]]) -> None:
    folder, _ = made
    names = [
        "trilevel-small.parquet", "mod-nas-small.parquet", "trainings.csv", "coefficients.csv", "claims.csv",
        "agreement.csv", "tables.md", "restoration_proxies.png",
    ]  # fmt: skip
    before = {name: (folder / name).read_bytes() for name in names}
    lines = list[str]()
    run_study("restoration-proxies", folder, quick=True, finished=True, workers=1, say=lines.append)
    assert not [line for line in lines if ": training " in line]
    assert {name: (folder / name).read_bytes() for name in names} == before


def test_a_training_without_a_finite_loss_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverged(*given: object) -> None:
        raise DivergedError("the loss of a training is nan")

    monkeypatch.setattr(trained, "quality_of", diverged)
    lines = list[str]()
    with pytest.raises(SettingError, match="fewer than 3 networks of trilevel-small are trained"):
        run_study("restoration-proxies", tmp_path, quick=True, workers=1, say=lines.append)
    assert lines[1].endswith("is left out: the loss of a training is nan")
