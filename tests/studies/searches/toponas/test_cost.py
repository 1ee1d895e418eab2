"""Costs of the study toponas-cost: the supernet path by path, measured steps, their ratios."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

from harness.evaluation.columns import SPACE
from harness.spaces.nasbench201.supernet import NasBench201Supernet
from harness.studies.options import StudyOptions
from harness.studies.searches.toponas.arms import ARMS, METHODS, ONE_PATH, OWN_KERNELS, arm_of, runs_of_study
from harness.studies.searches.toponas.cost import (
    PATH_BY_PATH,
    QUICK_SIZES,
    SIZES,
    Size,
    cost_frame,
    cost_rounds,
    methods_measured,
    sharing_differences,
)
from harness.studies.searches.toponas.path_by_path import PathSupernet
from tests.spaces.supernets import edge_weights, gradients, images, mask, positive


@pytest.mark.parametrize("partial", [1, 2])
def test_path_by_path_is_the_plain_supernet(partial: int) -> None:
    size = {"classes": 3, "width": 8, "depth": 1, "partial": partial}
    own = PathSupernet(**size).double()
    plain = NasBench201Supernet(**size).double()
    plain.load_state_dict(own.state_dict())
    weights, edges = positive("nasbench201"), edge_weights("nasbench201")
    found, expected = own(images(), weights, edges), plain(images(), weights, edges)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    for one, other in zip(
        gradients(found, list(own.parameters())), gradients(expected, list(plain.parameters())), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)
    active = mask("nasbench201")
    torch.testing.assert_close(
        own(images(), weights, active=active), plain(images(), weights, active=active), rtol=1e-10, atol=1e-10
    )


def test_a_measured_step_has_seconds_and_bytes_of_every_arm() -> None:
    size = Size(SPACE, 8, 1, 16, 8, 2)
    rounds = cost_rounds(size, "darts", 0)
    assert list(rounds["arm"]) == 2 * [PATH_BY_PATH, *ARMS]
    assert (rounds["cpu_seconds"] > 0).all()
    saved = rounds.pivot(index="round", columns="arm", values="saved_bytes")
    assert (saved.nunique() == 1).all(), "bytes do not depend on the values"
    assert saved.loc[0, "own kernels"] < saved.loc[0, "plain"] < saved.loc[0, PATH_BY_PATH]


def test_an_architecture_step_keeps_what_can_be_counted_by_hand() -> None:
    """With no batch norm of their own, paths of a simplified edge keep one convolution's output less."""
    features = 8 * 4 * 16 * 16 * 32  # bytes of 32 images of 8 channels; N = 1 has stages of 8, 16, 32 channels
    rounds = cost_rounds(Size(SPACE, 8, 1, 16, 32, 1), "darts", 0).set_index("arm")["saved_bytes"]
    less = rounds["plain"] - rounds["own kernels"]
    edges = 6
    outputs = edges * features * (1 + 1 / 2 + 1 / 4)
    kernels = 4 * (9 + 1) * edges * (8**2 + 16**2 + 32**2)
    assert outputs - 6 * kernels < less < outputs


def test_ratios_are_medians_of_the_rounds_own() -> None:
    size = Size(SPACE, 8, 1, 16, 8, 3)
    seconds = {PATH_BY_PATH: [2.0, 4.0, 8.0], "plain": [1.0, 4.0, 2.0], "simplified": [1.0, 1.0, 1.0]}
    rounds = pd.DataFrame(
        {
            **size._asdict(), "method": "darts", "arm": arm, "round": number, "cpu_seconds": value,
            "saved_bytes": 100 - number,
        }
        for arm, values in seconds.items()
        for number, value in enumerate(values)
    )  # fmt: skip
    row = cost_frame(rounds).set_index("arm").loc["simplified"]
    assert row["cpu_seconds"] == 1.0
    assert row["cpu_seconds_to_path_by_path"] == 0.25
    assert (row["cpu_seconds_to_path_by_path_low"], row["cpu_seconds_to_path_by_path_high"]) == (0.125, 0.5)
    assert row["cpu_seconds_to_plain"] == 0.5
    assert row["saved_bytes_to_plain"] == 1.0
    without = cost_frame(rounds[rounds["arm"] != PATH_BY_PATH]).set_index("arm").loc["simplified"]
    assert pd.isna(without["cpu_seconds_to_path_by_path"])


def test_one_convolution_for_two_is_exact_without_batch_norm_alone() -> None:
    exact, own, unit = sharing_differences(0).values()
    assert exact < 1e-14
    assert min(own, unit) > 0.05


def test_sizes_measure_every_method_in_both_spaces() -> None:
    for sizes in (SIZES, QUICK_SIZES):
        assert {method for size in sizes for method in methods_measured(size)} == set(METHODS)
        assert {size.space for size in sizes} == {SPACE, "darts"}


def test_searches_are_those_of_all_arms_seed_by_seed(tmp_path: Path) -> None:
    runs = runs_of_study(StudyOptions(tmp_path, print))
    assert len({run.own_folder for run in runs}) == len(runs) == 3 * (4 * 3 - len(ONE_PATH))
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)
    assert not any(arm_of(run) == OWN_KERNELS and run.method in ONE_PATH for run in runs)
    for run in runs:
        fields = ARMS[arm_of(run)]
        assert run.setting.simplify == bool(fields)
        assert run.setting.kernel_normalisation == fields.get("kernel_normalisation", True)
