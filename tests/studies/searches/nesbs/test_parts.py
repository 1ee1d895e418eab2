"""The parts of the study of NESBS: exact posteriors, drawn sets, trainings, and claims."""

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from harness.search.gradient.nesbs.draws import Draw
from harness.spaces.nasbench201.cell import OPERATIONS
from harness.studies.options import StudyOptions
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.nesbs.claims import steps_that_rise, study_claims
from harness.studies.searches.nesbs.exact import (
    COORDINATES,
    SEARCH,
    coordinate_ascent,
    divergence,
    log_evidence,
    operations_drawn,
    set_values,
)
from harness.studies.searches.nesbs.members import FGSM, Ensemble, differences_frame, ensembles_frame
from harness.studies.searches.nesbs.sets import FULL, QUICK, Trial, runs_of_study, trials
from tests.search.gradient.test_table_supernet import separable

LOSSES = torch.rand(3, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
FIRST = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
SECOND = "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"


def plain_divergence(probabilities, losses, likelihood):
    """KL(p ‖ p*) as a sum over all cells."""
    cells = list(itertools.product(range(losses.shape[0]), repeat=losses.ndim))
    weights = [math.exp(-likelihood * float(losses[cell])) for cell in cells]
    total = 0.0
    for cell, weight in zip(cells, weights, strict=True):
        share = math.prod(float(probabilities[edge, place]) for edge, place in enumerate(cell))
        total += share * math.log(share / (weight / math.fsum(weights)))
    return total


@pytest.mark.parametrize("likelihood", [1.0, 10.0])
def test_the_divergence_is_the_sum_over_all_cells(likelihood):
    probabilities = torch.randn(3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64).softmax(dim=1)
    expected = plain_divergence(probabilities, LOSSES, likelihood)
    assert divergence(probabilities, LOSSES, likelihood) == pytest.approx(expected, rel=1e-10)


def test_coordinate_updates_never_raise_it_and_come_to_rest():
    found = list(coordinate_ascent(LOSSES, 20.0, sweeps=60))
    values = [divergence(probabilities, LOSSES, 20.0) for probabilities in found]
    assert all(after <= before + 1e-12 for before, after in itertools.pairwise(values))
    assert values[-2] - values[-1] < 1e-9
    leaf = found[-1].log().requires_grad_()
    table = leaf.softmax(dim=1)
    value = (table * table.log()).sum() + 20 * torch.einsum("abc,a,b,c->", LOSSES, *table)
    (slope,) = torch.autograd.grad(value, leaf)
    assert float(slope.abs().max()) < 1e-4, "a stationary point of the bound"


def test_separable_losses_have_a_factorised_posterior():
    """p* is then a product, so that one sweep reaches a divergence of 0."""
    losses = separable()[0].losses
    *_, last = coordinate_ascent(losses, 5.0, sweeps=1)
    assert divergence(last, losses, 5.0) == pytest.approx(0, abs=1e-10)
    uniform = torch.full((6, 5), 0.2, dtype=torch.float64)
    gap = log_evidence(losses, 5.0) - 6 * math.log(5) + 5 * float(losses.mean())
    assert divergence(uniform, losses, 5.0) == pytest.approx(gap)


def test_sets_are_worth_what_their_cells_are():
    cube = np.arange(5**6, dtype=float).reshape((5,) * 6)
    found = np.array([[[0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 1]], [[4] * 6, [4] * 6]])
    values = set_values(found, cube)
    assert values["hamming"].tolist() == [1.0, 0.0]
    assert values["accuracy_pct"].tolist() == [(1 + 6) / 2, 5**6 - 1]
    assert values["best_pct"].tolist() == [6.0, 5**6 - 1]
    assert values["distinct"].tolist() == [2.0, 1.0]


def test_drawn_sets_follow_from_their_seed():
    probabilities = torch.full((6, 5), 0.2, dtype=torch.float64)
    one, same, other = (operations_drawn(probabilities, Draw(3, "mc"), 5, seed) for seed in (0, 0, 1))
    assert one.shape == (5, 3, 6)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.max() < len(OPERATIONS)


def test_each_member_is_trained_from_a_seed_of_its_own():
    found = trials([FIRST, SECOND, FIRST, FIRST], seed=2)
    assert len({trial.seed for trial in found}) == 4, "different cells, and copies of one"
    assert len({trial.folder for trial in found}) == 4
    assert trials([FIRST, FIRST], seed=2) == (found[0], found[2]), "sets that share a cell share its training"
    assert not {trial.seed for trial in trials([FIRST, SECOND], seed=3)} & {trial.seed for trial in found}
    assert Trial(FIRST, 200).folder == f"{OPERATIONS.index('nor_conv_3x3')}0000{OPERATIONS.index('skip_connect')}_200"


def test_all_members_take_the_same_training_and_searches_differ_in_their_seed(tmp_path):
    runs = runs_of_study(StudyOptions(tmp_path, print))
    assert [run.seed for run in runs] == list(range(FULL.seeds))
    assert len({run.setting for run in runs}) == 1
    assert len(runs_of_study(StudyOptions(tmp_path, print, quick=True))) == QUICK.seeds


def test_without_a_finished_search_there_are_no_ensembles(tmp_path):
    frame, found = ensembles_frame({}, {}, FULL.training, tmp_path)
    assert (len(frame), found) == (0, {})
    assert {"seed", "arm", "accuracy_pct", "fgsm_pct"} < set(frame.columns)


def predictions(right):
    """Probabilities of two classes that are right on these of 40 images of class 0."""
    found = np.full((40, 2), 0.1)
    found[np.arange(40), [0 if place in right else 1 for place in range(40)]] = 0.9
    return found


def test_differences_are_of_the_same_repetitions_and_images():
    good, bad = (
        Ensemble(predictions(range(30)), predictions(range(10))),
        Ensemble(predictions(range(20)), predictions(())),
    )
    found = {(0, "svgd", 3): good, (0, "deep", 3): bad, (1, "svgd", 3): good, (1, "random", 3): bad}
    frame = differences_frame(found, np.zeros(40, dtype=np.int64), (3, 5), 0)
    assert set(frame["against"]) == {"deep", "random"}
    assert set(frame["seeds"]) == {1}
    values = frame.set_index(["against", "measure"])["difference"]
    assert values["deep", "accuracy"] == pytest.approx(0.25)
    assert values["deep", FGSM] == pytest.approx(0.25)
    assert values["random", "nll"] == pytest.approx(-0.25 * math.log(9))
    row = frame[(frame["against"] == "deep") & (frame["measure"] == "accuracy")].iloc[0]
    assert 0.1 < row["low"] < 0.25 < row["high"] < 0.45


def posterior(values, searched):
    rows = [{"how": COORDINATES, "seed": 0, "step": step, "divergence_nats": one} for step, one in enumerate(values)]
    rows += [{"how": SEARCH, "seed": seed, "step": 1, "divergence_nats": one} for seed, one in enumerate(searched)]
    return pd.DataFrame(rows)


def swept(diversities, hammings, accuracies, chance=(3.0, 92.0)):
    rows = [
        {"arm": "svgd", "std": 5.0, "diversity": one, "hamming": hamming, "accuracy_pct": accuracy}
        for one, hamming, accuracy in zip(diversities, hammings, accuracies, strict=True)
    ]
    rows.append({"arm": "mc", "std": math.nan, "diversity": math.nan, "hamming": chance[0], "accuracy_pct": chance[1]})
    frame = pd.DataFrame(rows).assign(members=3)
    frame["distinct"] = np.where(frame["hamming"] < 1.5, 1.0, 3.0)
    for name in ("hamming", "accuracy_pct"):
        frame[f"{name}_low"], frame[f"{name}_high"] = frame[name] - 0.1, frame[name] + 0.1
    return frame


def compared(difference, low, seeds=3, p=0.001):
    rows = [
        (3, "svgd", other, measure, seeds, difference, low, 2 * difference - low, p)
        for other, measure in itertools.product(("random", "deep", "mc"), ("accuracy", FGSM))
    ]
    return pd.DataFrame(
        rows, columns=["members", "arm", "against", "measure", "seeds", "difference", "low", "high", "p"]
    )


DELTAS = (-0.5, -0.2, 0.0, 1.0)
NOTHING = compared(0, 0).iloc[:0]


@pytest.mark.parametrize(
    ("exact", "sweep", "differences", "expected"),
    [
        (posterior([9, 2, 1], [1.2]), swept(DELTAS, (1, 1.5, 2, 3), (94, 94, 93, 92)), NOTHING,
         [SHOWN, SHOWN, SHOWN, SHOWN, NOT_SHOWN, *[NOT_FINISHED] * 4, NOT_TESTABLE]),
        (posterior([9, 2, 3], [4.2]), swept(DELTAS, (2, 1, 4, 3), (94, 94, 93, 92)), compared(0.02, 0.01),
         [NOT_SHOWN, NOT_SHOWN, NOT_SHOWN, NOT_SHOWN, SHOWN, *[SHOWN] * 4, NOT_TESTABLE]),
        (posterior([9, 1], [1.0]), swept(DELTAS, (1, 1, 2, 3), (92, 92, 93, 94)), compared(0.02, -0.01, p=0.3),
         [SHOWN, SHOWN, SHOWN, NOT_SHOWN, SHOWN, *[NOT_SHOWN] * 4, NOT_TESTABLE]),
        (posterior([9, 1], [1.0]), swept(DELTAS, (1, 1, 1, 1), (92, 92, 92, 92)), compared(0.02, 0.01, seeds=2),
         [SHOWN, SHOWN, SHOWN, NOT_SHOWN, NOT_SHOWN, *[NOT_FINISHED] * 4, NOT_TESTABLE]),
    ],
)  # fmt: skip
def test_verdicts_follow_from_the_numbers(exact, sweep, differences, expected):
    found = list(study_claims(exact, sweep, differences, (3,), 3))
    assert [claim.verdict for claim in found] == expected
    assert all(claim.ours for claim in found)


def test_comparisons_are_judged_together():
    """Each of four is significant alone at the level of 0.05, none after Holm's method; worse is not better."""
    exact, sweep = posterior([9, 1], [1.0]), swept(DELTAS, (1, 1, 2, 3), (92, 92, 93, 94))
    better, worse = compared(0.02, 0.001, p=0.03), compared(-0.02, -0.03)
    for frame, told in ((better, "p = 0.12 after Holm over 4"), (worse, "-2.0")):
        claims = [claim for claim in study_claims(exact, sweep, frame, (3,), 3) if "more accurate" in claim.claim]
        assert [claim.verdict for claim in claims] == [NOT_SHOWN] * 4
        assert all(told in claim.ours for claim in claims)


def test_a_rise_within_rounding_is_none():
    assert steps_that_rise(posterior([9, 1, 1 + 1e-12], [])) == 0
    assert steps_that_rise(posterior([9, 1, 1.1], [])) == 1


@pytest.mark.slow
def test_the_study_in_small_goes_on_and_trains_each_member_once(tmp_path, published_data, monkeypatch):
    from harness.studies.searches.nesbs import members as module
    from harness.studies.study import run_study

    options = {"quick": True, "workers": 1, "table": str(published_data / "nasbench201_official.csv.gz"), "say": str}
    run_study("nesbs", tmp_path, **options)
    names = ("posterior", "sweep", "ensembles", "differences", "claims")
    before = {name: (tmp_path / f"{name}.csv").read_bytes() for name in names}
    trained = list((tmp_path / "members").iterdir())
    frame = pd.read_csv(tmp_path / "ensembles.csv")
    assert frame["finished"].all()
    assert len(trained) <= frame["members"].sum()
    monkeypatch.setattr(module, "worker_pool", None)
    run_study("nesbs", tmp_path, finished=True, **options)
    assert before == {name: (tmp_path / f"{name}.csv").read_bytes() for name in names}
    assert Path(tmp_path / "nesbs.png").is_file()
