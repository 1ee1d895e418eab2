"""The study of MoD-NAS in small: its files, and what is made again."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from harness.errors import SearchError
from harness.studies.study import run_study

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    for package in ("skimage", "torchmetrics"):
        pytest.importorskip(package, reason=f"{package} is not installed (the extra restoration has it)")
    folder = tmp_path_factory.mktemp("study") / "out"
    lines = []
    run_study("mod-nas-denoising", folder, quick=True, say=lines.append)
    return folder, lines


def test_its_frames_follow_from_each_other(made):
    folder, lines = made
    searches = pd.read_csv(folder / "searches.csv")
    assert list(searches["arm"]) == ["guided", "unguided"]
    assert (searches["gap_db"] - (searches["supernet_psnr_db"] - searches["derived_psnr_db"])).abs().max() < 1e-9
    quality = pd.read_csv(folder / "quality.csv")
    assert set(quality["set"]) == {"photographs, sigma 25", "photographs, sigma 15"}
    for _, rows in quality.groupby(["kind", "network", "set"]):
        means = rows[rows["image"] == "mean"]["psnr_db"].iloc[0]
        assert means == pytest.approx(rows[rows["image"] != "mean"]["psnr_db"].mean())
    assert lines[0] == "trained on photographs, tested on photographs"
    assert json.loads((folder / "study.json").read_text())["training_images"] == "photographs"
    assert all((folder / name).is_file() for name in ("tables.md", "crops.png", "collapse.svg", "claims.csv"))


def test_the_same_command_makes_nothing_again_and_gives_the_same_bytes(made):
    folder, _ = made
    names = ["searches.csv", "collapse.csv", "quality.csv", "comparison.csv", "claims.csv", "crops.png", "tables.md"]
    before = {name: (folder / name).read_bytes() for name in names}
    lines = []
    run_study("mod-nas-denoising", folder, quick=True, finished=True, say=lines.append)
    assert not [line for line in lines if line.startswith(("search ", "training "))]
    assert {name: (folder / name).read_bytes() for name in names} == before


def test_nothing_is_shown_before_a_search_is_over(tmp_path):
    with pytest.raises(SearchError, match=r"no search with data consistency in .* is over"):
        run_study("mod-nas-denoising", tmp_path, quick=True, finished=True)
