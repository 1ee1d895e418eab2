"""The parts of the study of E2RNAS: cells, fronts, searches on the table, correlations, published cells, and claims."""

import math

import numpy as np
import pandas as pd
import pytest

from benchmarks import open_table
from harness.spaces import open_space
from harness.stats.pareto import undominated
from harness.studies.options import StudyOptions
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.robust import tabled
from harness.studies.searches.robust.cells import CLEAN, OBJECTIVES, PARAMETERS, PGD, cells_of, sizes, weighted_losses
from harness.studies.searches.robust.claims import Parts, study_claims
from harness.studies.searches.robust.correlations import attacks_frame, proxies_frame
from harness.studies.searches.robust.published import parameters_frame
from harness.studies.searches.robust.searched import ARMS, JUDGED, chosen_frame, runs_of_study


@pytest.fixture(scope="module")
def table(published_data):
    path = published_data / "nasbench201_robustness_cifar10.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in {published_data}")
    return open_table(path)


@pytest.fixture(scope="module")
def cells(table):
    return cells_of(table)


def test_the_front_of_three_objectives_has_107_cells(cells):
    front = cells.front(tuple(OBJECTIVES))
    assert len(front) == 107
    assert front >= cells.front(("clean",))


def test_the_sizes_of_the_cells_are_those_of_the_expected_size(cells):
    model = sizes()
    assert (cells.values["size"].min(), cells.values["size"].max()) == (model.least, model.most)


def test_weighted_losses_are_sums_of_the_objectives(cells):
    losses = weighted_losses(cells, {"clean": 0.25, "size": 0.75}).losses.flatten()
    least, most = cells.values["size"].min(), cells.values["size"].max()
    for place in (1, 700, 15_624):
        share = (cells.values["size"][place] - least) / (most - least)
        expected = 0.25 * (1 - cells.values["clean"][place] / 100) + 0.75 * share
        assert float(losses[place]) == pytest.approx(expected)


def test_a_search_by_raw_gradients_of_clean_and_size_ends_on_the_front(table, cells):
    """The cell that a plain loop of Adam over the same gradients finds, too: 90.7 % clean and 30.9 % under PGD."""
    from harness.evaluation.searches.table_losses import table_losses

    found = tabled.searched("e2rnas", table_losses(CLEAN, table), 0, mgda=("size",))
    row = cells.row(str(found.architecture))
    assert (round(row[CLEAN], 1), row[PGD]) == (90.7, 30.9)
    assert str(found.architecture) in cells.front(("clean", "size"))


def test_correlations_of_all_attacks(table):
    frame = attacks_frame(table)
    assert len(frame) == 2 * (len(table.columns) - 1)
    row = frame[(frame["column"] == PGD) & (frame["cells"] == "all")].iloc[0]
    assert row["spearman"] == pytest.approx(0.016, abs=0.001)
    assert row["low"] < row["spearman"] < row["high"]


@pytest.mark.slow
def test_proxies_have_plain_and_partial_correlations(table):
    frame = proxies_frame(table, seed=0, quick=True)
    assert frame[frame["column"] == CLEAN]["beyond_clean"].isna().all()
    rest = frame[frame["column"] != CLEAN]
    assert (rest["beyond_low"] <= rest["beyond_high"]).all()
    assert rest["spearman"].between(-1, 1).all()


def test_parameters_of_published_cells():
    values = parameters_frame().set_index("cell")["params_m"]
    assert values["DARTS_V2"] == pytest.approx(3.349342)
    assert (values < values["DARTS_V2"]).sum() == 2


def test_a_search_that_is_not_finished_has_no_cell(table, tmp_path):
    options = StudyOptions(tmp_path, print, runs=2)
    runs = runs_of_study(options)
    assert len(runs) == 2 * len(ARMS)
    assert len({run.folder for run in runs}) == len(runs)
    assert [run.setting.adversarial for run in runs[:4]] == ["rfgsm_clean", "none", "rfgsm_clean", "none"]
    frame = chosen_frame(runs, {}, table)
    assert not frame["finished"].any()
    assert frame[list(JUDGED)].isna().all(axis=None)


def test_a_finished_search_is_judged_by_the_table(table, tmp_path):
    from harness.studies.searches.runs import Outcome

    runs = runs_of_study(StudyOptions(tmp_path, print, runs=1))
    text = str(next(iter(open_space("nasbench201").sample(1, seed=3))))
    log = pd.DataFrame({"architecture": [text], "cpu_seconds": [5.0]})
    frame = chosen_frame(runs, {runs[1]: Outcome(log, {})}, table)
    row = frame.iloc[1]
    assert row["finished"]
    assert row[PGD] == table.values([text], PGD)[0]
    assert row["cpu_seconds"] == 5


def test_undominated_is_the_definition():
    """Against all pairs, with ties and equal points."""
    costs = np.random.default_rng(1).integers(0, 4, size=(60, 3)).astype(float)
    expected = [
        not any((other <= one).all() and (other < one).any() for other in costs) for one in costs
    ]  # fmt: skip
    assert undominated(costs).tolist() == expected


def parts(*, better=True):
    gain = 1.0 if better else -1.0
    arms = pd.DataFrame(
        [
            {"arm": arm, "seed": seed, "architecture": "x", CLEAN: 90 + 0.01 * seed, PGD: 40 + gain * on + 0.01 * seed,
             PARAMETERS: 1e6 - gain * 1e5 * on + seed, "on_front": better, "on_front_of_three": False}
            for arm in tabled.ARMS for seed in range(3) for on in [float(arm == "clean-size-raw") * (1 + 0.1 * seed)]
        ]
    )  # fmt: skip
    volumes = pd.DataFrame(
        [
            {"pair": f"{one}-{two}", "found_by": by, "cells": 1, "share": share, "low": share, "high": share,
             "null_share": 0.1, "null_low": 0.0, "null_high": 0.2}
            for one, two in tabled.PAIRS
            for by, share in (("raw", 0.5 + 0.1 * gain), ("l2", 0.4), ("even weights", 0.5), ("all weights", 0.9))
        ]
    )  # fmt: skip
    stall = pd.DataFrame(
        [
            {"form": form, "seed": seed, "step": 1, "clean_error_pct": 20.0, "expected_parameters": 4.0, "bound": 5.0,
             "loss_weight": 0.0 if better or form != "max" else 0.5, "architecture": "x", PARAMETERS: 5.0, PGD: 1.0,
             CLEAN: 60.0 + seed + (10 + seed) * gain * (form != "max")}
            for form in tabled.STALLED for seed in range(3)
        ]
    )  # fmt: skip
    attacks = pd.DataFrame(
        [{"column": PGD, "cells": "all", "n": 9, "spearman": 0.01, "low": 0.0, "high": 0.02 if better else 0.2}]
    )
    proxies = pd.DataFrame(
        [{"proxy": name, "column": PGD, "n": 9, "beyond_clean": value, "beyond_low": value - 0.1,
          "beyond_high": value + 0.1}
         for name, value in (("a", 0.3 * gain), ("b", -0.4), ("c", math.nan))]
    )  # fmt: skip
    parameters = pd.DataFrame(
        {"cell": ["DARTS_V2", "fgsm_nop_min", "listed by another group"], "params_m": [3.3, 3.3 - gain, 3.0]}
    )
    chosen = pd.DataFrame(
        [{"arm": arm, "seed": seed, "finished": False, PARAMETERS: math.nan, CLEAN: math.nan, PGD: math.nan}
         for arm in ARMS for seed in range(2)]
    )  # fmt: skip
    return Parts(arms, volumes, stall, attacks, proxies, parameters, chosen)


@pytest.mark.parametrize("better", [True, False])
def test_verdicts_follow_from_the_numbers(better):
    found = list(study_claims(parts(better=better)))
    shown = SHOWN if better else NOT_SHOWN
    expected = [NOT_FINISHED] * 3 + [shown, shown, SHOWN, shown, SHOWN, NOT_TESTABLE] + [shown] * len(tabled.ARMS)
    expected += [shown, NOT_SHOWN] * 2 + [shown] * 3 + [shown, shown]
    assert [claim.verdict for claim in found] == expected
    assert "4 of 4 searches are not finished" in found[0].ours


def test_searches_on_images_are_paired_by_seed():
    given = parts()
    chosen = given.chosen.assign(finished=True)
    chosen[PGD] = [{"e2rnas": 45.0, "darts": 40.0}.get(arm, 1.0) + 0.1 * seed * (arm == "e2rnas")
                   for arm, seed in zip(chosen["arm"], chosen["seed"], strict=True)]  # fmt: skip
    claim = next(study_claims(given._replace(chosen=chosen.assign(**{PARAMETERS: 1e6, CLEAN: 90.0}))))
    assert claim.ours.startswith("a difference of +5.05 [")
    assert claim.verdict == SHOWN


@pytest.mark.parametrize("left", ["e2rnas", "darts"])
def test_searches_on_images_are_judged_when_all_of_the_comparison_are_over(left):
    """One of three seeds of E2RNAS or of DARTS is missing; those of the other arms do not count."""
    given = parts()
    rows = pd.DataFrame(
        [{"arm": arm, "seed": seed, PARAMETERS: 1e6, CLEAN: 90.0 + seed, PGD: 40.0 + 5 * (arm == "e2rnas") + seed}
         for arm in ARMS for seed in range(3)]
    )  # fmt: skip
    half = rows.assign(finished=(rows["arm"] != left) | (rows["seed"] != 2))
    half.loc[~half["finished"], [PARAMETERS, CLEAN, PGD]] = math.nan
    found = list(study_claims(given._replace(chosen=half)))[:3]
    assert {claim.verdict for claim in found} == {NOT_FINISHED}
    assert {claim.ours for claim in found} == {"1 of 6 searches are not finished"}
    whole = rows.assign(finished=rows["arm"].isin(["e2rnas", "darts"]))
    assert next(study_claims(given._replace(chosen=whole))).verdict == SHOWN


@pytest.mark.parametrize(("number", "expected"), [(1, SHOWN), (34, NOT_SHOWN)])
def test_an_interval_above_zero_is_nothing_among_many_proxies(number, expected):
    """A coefficient whose own p-value is 0.03, alone and among 33 that are zero."""
    values = [0.11, *[0.0] * (number - 1)]
    proxies = pd.DataFrame(
        {"proxy": [f"p{place}" for place in range(number)], "column": PGD, "n": 9, "beyond_clean": values}
    ).assign(beyond_low=lambda one: one["beyond_clean"] - 0.1, beyond_high=lambda one: one["beyond_clean"] + 0.1)
    claim = list(study_claims(parts()._replace(proxies=proxies)))[-1]
    assert claim.verdict == expected
    assert claim.ours.startswith(f"{int(expected == SHOWN)} of {number} proxies")
