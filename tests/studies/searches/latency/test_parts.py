"""The parts of the study of LA-DARTS: errors, sweep, fronts, and claims."""

import math

import numpy as np
import pandas as pd
import pytest

from benchmarks import open_table
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.latency.claims import Parts, over_columns, study_claims
from harness.studies.searches.latency.errors import QUICK, TEST, devices, errors_frame, means_frame, transfer_frame
from harness.studies.searches.latency.fronts import Cells, all_cells, savings_frame, volumes_frame
from harness.studies.searches.latency.searched import COLUMN, DEVICES, sweep_frame, with_truth


@pytest.fixture(scope="module")
def hardware(published_data):
    path = published_data / "nasbench201_hardware.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in {published_data}")
    return open_table(path)


FPGA = "hwnas_cifar10_fpga_latency_ms"


@pytest.fixture(scope="module")
def table():
    return open_table("analognasbench")


@pytest.fixture(scope="module")
def measured(hardware):
    return devices(hardware)


@pytest.fixture(scope="module")
def swept(table, hardware):
    return sweep_frame(table, hardware, seed=0, quick=True)


def test_columns_with_equal_numbers_are_one_device(measured):
    names = [name for device in measured for name in device.same]
    assert len(names) == len(set(names)) == 45
    repeated = next(device for device in measured if "help_pixel3_latency_ms" in device.same)
    assert repeated.column == "hwnas_cifar10_pixel3_latency_ms"


def test_errors_are_those_of_cells_that_no_model_has_seen(measured):
    some = [device for device in measured if device.column in (FPGA, *DEVICES)]
    frame = errors_frame(some, QUICK._replace(mlp=()), 0)
    assert set(frame["model"]) == {"linear", "pairwise"}
    fpga = frame[(frame["column"] == FPGA) & (frame["model"] == "linear") & (frame["training_cells"] == 200)]
    assert (fpga["mean_relative_error"] < 1e-3).all()  # a sum of a look-up table
    rows = over_columns(means_frame(frame))
    assert (rows["below"] <= rows["columns"]).all()
    assert TEST + max(QUICK.sizes) < 15_625


def test_a_predictor_ranks_its_own_device_best(measured):
    some = [device for device in measured if device.column in DEVICES]
    frame = transfer_frame(some, 300, 0).set_index(["predictor_of", "device"])
    own, other = frame.loc[(DEVICES[0], DEVICES[0])], frame.loc[(DEVICES[0], DEVICES[1])]
    assert own["spearman"] > 0.95
    assert own["spearman_of_latencies"] == pytest.approx(1)
    assert other["spearman"] < own["spearman"]


def test_the_sweep_has_predicted_and_true_latencies(swept, hardware):
    assert set(swept["kind"]) == {"weight", "target"}
    for row in swept.to_dict("records"):
        (true,) = hardware.values([row["architecture"]], row["device"])
        assert row["true_ms"] == true != row["predicted_ms"]
        assert row["predicted_ms"] == pytest.approx(true, rel=0.5)
    assert (swept[swept["relative"] == 0]["share"] == 0).all()


@pytest.mark.slow
def test_hypervolumes_are_shares_of_the_exact_front(swept, table, hardware):
    frame = volumes_frame(swept, table, hardware, 0)
    assert frame["share"].between(0, 1).all()
    assert frame["null_share"].between(0, 1).all()
    assert (frame["null_low"] <= frame["null_high"]).all()
    more = pd.concat([swept, swept.assign(relative=9)])
    assert (volumes_frame(more, table, hardware, 0)["null_share"] > frame["null_share"]).all()


def test_savings_are_against_the_search_of_the_same_seed(table, hardware):
    """A planted sweep: the cell at λ = 0, one that loses too much, and one that is kept."""
    cells: Cells = all_cells(table, hardware, DEVICES[0])
    best = int(np.argmax(cells.accuracies))
    near = np.flatnonzero(cells.accuracies >= cells.accuracies[best] - 0.2)
    kept = int(near[np.argmin(cells.latencies[near])])
    rows = [
        {"device": DEVICES[0], "kind": "weight", "relative": relative, "seed": seed, "true_ms": cells.latencies[place],
         COLUMN: cells.accuracies[place]}
        for seed in (0, 1)
        for relative, place in ((0.0, best), (0.1, kept), (0.2, int(np.argmin(cells.latencies))))
    ]  # fmt: skip
    frame = savings_frame(pd.DataFrame(rows), table, hardware).set_index("tolerance")
    wanted = 1 - cells.latencies[kept] / cells.latencies[best]
    assert frame.loc[0.2, "saving"] == pytest.approx(wanted) == pytest.approx(frame.loc[0.2, "front"])
    assert frame["null"].between(0, 1).all()
    assert frame["null"].is_monotonic_increasing


def parts(error=0.05, saving=0.3, target=1.0):
    means = pd.DataFrame(
        {"column": "a", "model": ["mlp", "mlp", "pairwise"], "training_cells": [100, 1000, 1000],
         "mean_relative_error": [2 * error, error, 0.03], "median_relative_error": error, "spearman": 0.99}
    )  # fmt: skip
    transfer = pd.DataFrame(
        {"predictor_of": ["a", "a"], "device": ["a", "b"], "spearman": [1, 0.9], "spearman_of_latencies": [1, 0.905]}
    )
    sweep = pd.DataFrame(
        {
            "device": "a",
            "kind": "target",
            "value": 1.0,
            "true_ms": [target, target + 1e-9],
            "relative": 1,
            "seed": 0,
            "predicted_ms": [0.999, 1.001] if target == 1 else 0.98,
            "architecture": ["x", "y"],
        }
    )
    volumes = pd.DataFrame(
        [{"device": "a", "kind": "weight", "cells": 2, "share": 0.8, "low": 0.7, "high": 0.9, "null_share": 0.5,
          "null_low": 0.1, "null_high": 0.8}]
    )  # fmt: skip
    savings = pd.DataFrame(
        [{"device": "a", "tolerance": 0.2, "saving": saving, "low": saving - 0.05, "high": saving + 0.05, "front": 0.4,
          "null": 0.01, "seeds": 5}]
    )  # fmt: skip
    chosen = pd.DataFrame(
        {"device": "a", "weight": [0.0, 0.1], "seed": 0, "finished": False, "true_ms": math.nan, COLUMN: math.nan}
    )
    genotype_means = pd.DataFrame(
        {"model": ["constant", "mlp"], "training_genotypes": 240, "mean_relative_error": [0.3, error]}
    )
    noise = pd.DataFrame({"clock": "thread", "genotypes": [300], "mean_difference": [0.02]})
    return Parts(means, transfer, sweep, volumes, savings, chosen, genotype_means, noise)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (parts(), [SHOWN, NOT_TESTABLE, SHOWN, NOT_FINISHED, SHOWN, NOT_TESTABLE, SHOWN, SHOWN, SHOWN, SHOWN]),
        (
            parts(0.2, 0.22, 1.2),
            [
                NOT_SHOWN,
                NOT_TESTABLE,
                NOT_SHOWN,
                NOT_FINISHED,
                NOT_SHOWN,
                NOT_TESTABLE,
                SHOWN,
                NOT_SHOWN,
                NOT_SHOWN,
                SHOWN,
            ],
        ),
    ],
)
def test_verdicts_follow_from_the_numbers(given, expected):
    found = list(study_claims(given))
    assert [claim.verdict for claim in found] == expected
    assert "2 of 2 searches are not finished" in found[3].ours
    assert "constant 30.0 %; one genotype timed twice differs by 2.0 %" in found[4].ours


def test_an_error_below_the_noise_is_not_told_from_it():
    given = parts(0.2)
    assert list(study_claims(given))[4].verdict == NOT_SHOWN
    noisy = given._replace(genotype_noise=given.genotype_noise.assign(mean_difference=0.12))
    assert list(study_claims(noisy))[4].verdict == NOT_TESTABLE


def test_searches_on_images_are_paired_by_seed():
    chosen = pd.DataFrame(
        {
            "device": "a", "weight": [0.0, 0.1, 0.0, 0.1], "seed": [0, 0, 1, 1], "finished": True,
            "true_ms": [10.0, 7.0, 10.0, 6.0], COLUMN: [94.0, 93.9, 94.0, 80.0],
        }
    )  # fmt: skip
    claim = list(study_claims(parts()._replace(chosen=chosen)))[3]
    assert claim.ours.startswith("15.0 %")  # 30 % of the first seed; the second loses too much
    assert claim.verdict == NOT_SHOWN


def test_searches_on_images_are_judged_when_all_are_over():
    """One λ of one seed is missing, without which the least latency of that seed is not known."""
    chosen = pd.DataFrame(
        {
            "device": "a", "weight": [0.0, 0.1, 1.0] * 3, "seed": np.repeat([0, 1, 2], 3), "finished": True,
            "true_ms": [10.0, 7.0, 5.0] * 3, COLUMN: 94.0,
        }
    )  # fmt: skip
    assert list(study_claims(parts()._replace(chosen=chosen)))[3].verdict == SHOWN
    half = chosen.assign(finished=[*[True] * 8, False])
    claim = list(study_claims(parts()._replace(chosen=half)))[3]
    assert (claim.verdict, claim.ours) == (NOT_FINISHED, "1 of 9 searches are not finished")


def test_columns_with_too_few_cells_are_named():
    given = parts()
    more = pd.concat([given.means, given.means.iloc[:1].assign(column="few_cells_ms")])
    claim = next(study_claims(given._replace(means=more)))
    assert claim.claim.endswith("on NAS-Bench-201")
    assert (
        "for the median of 1 columns, 1 of them below 10 %; without few_cells_ms, which have fewer cells" in claim.ours
    )


@pytest.mark.parametrize(("off", "expected"), [(-0.02, SHOWN), (-0.04, NOT_SHOWN), (-0.2, NOT_SHOWN), (0.2, SHOWN)])
def test_a_prediction_is_not_too_low_within_a_margin(off, expected):
    """An interval of ±2 points about the mean: one that reaches beyond the margin of 5 % does not show it."""
    given = parts()
    sweep = pd.concat([given.sweep] * 2, ignore_index=True).assign(architecture=list("wxyz"), true_ms=1.0)
    spread = 0.02 / 3.1824 * 2 * np.sqrt(3) / 2
    sweep["predicted_ms"] = 1 + off + spread * np.array([-1, -1, 1, 1])
    (claim,) = [claim for claim in study_claims(given._replace(sweep=sweep)) if "too low" in claim.claim]
    assert f"[{100 * off - 2:+.1f}, {100 * off + 2:+.1f}]" in claim.ours
    assert claim.verdict == expected


def test_truth_of_no_cell_is_no_row(table, hardware):
    assert with_truth(pd.DataFrame({"device": [], "architecture": []}), table, hardware).empty
