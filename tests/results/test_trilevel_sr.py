"""The committed outcome of the study of the trilevel search follows from its own files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.studies.searches.claims import claims_frame
from harness.studies.searches.restored.summary import MEAN, comparison_frame, differences_frame
from harness.studies.searches.restored.trainings import COLUMNS
from harness.studies.searches.trilevel.sizes import MAIN, small_space
from harness.studies.searches.trilevel.summary import study_claims
from harness.studies.searches.trilevel.trained import BICUBIC, KINDS
from harness.text.foreign import for_spreadsheet

FOLDER = Path(__file__).parents[2] / "results" / "trilevel-sr"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", float_precision="round_trip")


def test_means_differences_and_claims_follow_from_the_quality_and_the_searches() -> None:
    quality, seeds = read("quality"), json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))["seeds"]
    assert list(quality.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(read("comparison"), comparison_frame(quality, KINDS))
    pd.testing.assert_frame_equal(read("differences"), differences_frame(quality, KINDS))
    expected = claims_frame(study_claims(read("searches"), read("differences"), seeds))
    written = expected.map(for_spreadsheet)
    pd.testing.assert_frame_equal(read("claims").fillna(""), written)


def test_means_of_sets_are_those_of_their_images_and_bicubic_is_the_published_one() -> None:
    quality = read("quality")
    for _, rows in quality.groupby(["kind", "seed", "network", "set"]):
        images, mean = rows[rows["image"] != MEAN], rows[rows["image"] == MEAN]
        assert len(images) == {"Set5": 5, "Set14": 14}[rows["set"].iloc[0]]
        assert mean["psnr_db"].iloc[0] == pytest.approx(images["psnr_db"].mean())
    bicubic = quality[(quality["kind"] == BICUBIC) & (quality["image"] == MEAN)].set_index("set")["psnr_db"]
    assert (round(bicubic["Set5"], 2), round(bicubic["Set14"], 2)) == (33.66, 30.23)


def test_the_searches_are_of_the_space_and_the_supernet_of_the_main_arm_is_its_network() -> None:
    searches = read("searches")
    for row in searches.to_dict("records"):
        architecture = small_space().parse(row["architecture"])
        assert small_space().sizes(architecture).parameters == row["parameters"]
        assert (architecture.path.count(0), architecture.path.count(1)) == (row["cells"], row["upsamplings"])
    assert searches.loc[searches["arm"] == MAIN, "gap_db"].abs().max() < 1e-3


def test_along_a_search_sparsestmax_ends_with_one_weight_and_softmax_keeps_all() -> None:
    sparsity = read("sparsity")
    last = sparsity[sparsity["epoch"] == sparsity["epoch"].max()]
    assert (last["radius"] == 1).all()
    assert (last.loc[last["function"] == "sparsestmax", "support"] == 1).all()
    softmax = sparsity[sparsity["function"] == "softmax"].groupby("group")["support"]
    assert softmax.nunique().eq(1).all()
    assert softmax.first().to_dict() == {"nodes": 9, "operations": 4}
