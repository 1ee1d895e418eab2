"""The study darts-prime in small, and its frames, claims and figures on made-up searches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from harness.report.figures.darts_prime import arms_figure, schedule_figure
from harness.search.gradient.data import read_images
from harness.studies.options import StudyOptions
from harness.studies.searches.claims import NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.prime import arms, judged, study
from harness.studies.searches.prime.arms import ARMS, DARTS_ARMS, HELD_OUT, TABLE_ARMS, WORDS, runs_for_study
from harness.studies.searches.prime.claims import ACCURACIES, COMPARISONS, study_claims

TABLE = "analognasbench"
COLUMN = "cifar10_test_200ep_pct"
FILES = {
    *("runs.csv", "curves.csv.gz", "schedule.csv.gz", "arms.csv", "null.csv", "claims.csv", "tables.md", "study.json"),
    *("arms.png", "arms.svg", "schedule.png", "schedule.svg", "searches"),
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arms, "QUICK_ARMS", ("darts", "dynamic", "prime"))
    monkeypatch.setattr(arms, "TABLE_ARMS", ("darts",))
    monkeypatch.setattr(arms, "_QUICK", {**arms._QUICK, "steps_per_epoch": 6, "schedule_steps": 1})


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_the_quick_study_writes_everything_and_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    options = StudyOptions(tmp_path, said.append, TABLE, quick=True, workers=1)
    study.run_darts_prime(options)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert runs[["space", "supernet", "arm"]].agg(" ".join, axis=1).tolist() == [
        "nasbench201 table darts", "nasbench201 images darts", "nasbench201 images dynamic",
        "nasbench201 images prime", "darts images darts",
    ]  # fmt: skip
    np.testing.assert_allclose(runs["gap"], runs["accuracy_before"] - runs["accuracy_after"])
    assert runs["accuracy_before"].between(0, 100).all()
    assert runs.loc[runs["space"] == "darts", COLUMN].isna().all()
    curves = pd.read_csv(tmp_path / "curves.csv.gz")
    last = curves[curves["epoch"] == 2]["distance"].to_numpy()
    np.testing.assert_allclose(last, runs["distance"], atol=1e-4)
    schedule = pd.read_csv(tmp_path / "schedule.csv.gz")
    counts = schedule.groupby("arm", sort=False)["alpha_moved"].sum()
    dynamic = runs[runs["arm"].isin(counts.index)].set_index("arm")["alpha_steps"]
    assert counts.to_dict() == dynamic.to_dict()
    facts = json.loads((tmp_path / "study.json").read_text())
    assert facts["searches"]["nasbench201, prime"]["regularise"] == "proximity"
    before = (tmp_path / "runs.csv").read_bytes()
    study.run_darts_prime(StudyOptions(tmp_path, said.append, TABLE, quick=True, workers=1, finished=True))
    assert (tmp_path / "runs.csv").read_bytes() == before


def test_each_arm_has_three_seeds_as_many_steps_and_unseen_images() -> None:
    runs = runs_for_study(StudyOptions(Path("out"), print))
    assert len(runs) == 3 * (len(TABLE_ARMS) + len(ARMS) + len(DARTS_ARMS)) == len({run.folder for run in runs})
    for space in ("nasbench201", "darts"):
        settings = [run.setting for run in runs if run.space == space]
        assert len({(one.epochs, one.steps_per_epoch, one.images, one.alpha_lr, one.width) for one in settings}) == 1
    assert max(run.setting.images or 0 for run in runs) + HELD_OUT <= 50_000


def test_a_plain_arm_is_darts_and_prime_is_its_preset() -> None:
    settings = {run.preset: run.setting for run in runs_for_study(StudyOptions(Path("out"), print, runs=1))}
    prime, darts = settings["prime"], settings["darts"]
    assert prime.difference(darts) == {
        "regularise": ("none", "proximity"), "schedule": ("every_step", "dynamic"), "validation_share": (0.5, 1 / 11),
    }  # fmt: skip
    assert settings["periodic"].schedule_steps == prime.schedule_steps + 1


def test_supernets_are_judged_on_images_that_the_search_has_not_seen() -> None:
    run = runs_for_study(StudyOptions(Path("out"), print, TABLE, quick=True))[-1]
    assert run.data == "digits"
    seen, unseen = judged._images(run)
    own = read_images("digits", run.setting, run.seed)
    assert torch.equal(seen.pixels, own.pixels)
    assert unseen is not None
    assert len(unseen) == HELD_OUT
    every = read_images("digits", run.setting.changed({"images": None}), run.seed)
    together = torch.cat([seen.pixels, unseen.pixels]).flatten(1).unique(dim=0)
    assert len(together) > 0.99 * (len(seen) + len(unseen)), "no image twice, but for digits that are equal"
    assert len(every.pixels.flatten(1).unique(dim=0)) == len(every)


def test_where_all_images_are_seen_there_is_no_accuracy() -> None:
    run = runs_for_study(StudyOptions(Path("out"), print, TABLE, quick=True))[-1]
    whole = run._replace(setting=run.setting.changed({"images": 1797}))
    assert judged._images(whole)[1] is None


def made(shift: float) -> pd.DataFrame:
    generator, rows = np.random.default_rng(0), []
    for arm in ARMS:
        for seed in range(4):
            values = {name: generator.normal() / 100 for name in ("distance", "gap", "skips", "cpu_seconds")}
            row = {
                "space": "nasbench201",
                "supernet": "images",
                "arm": arm,
                "seed": seed,
                "steps": 110,
                "alpha_steps": 10 + seed % 2,
                COLUMN: generator.normal(),
            }
            rows.append({**row, **values, "distance": values["distance"] - shift * (arm == "proximity")})
    return pd.DataFrame(rows)


def test_a_claim_is_shown_where_the_whole_interval_has_its_sign() -> None:
    first = [next(iter(study_claims(made(shift), [COLUMN], 10))) for shift in (1.0, -1.0)]
    assert first[0].claim == COMPARISONS[0].words
    assert [one.verdict for one in first] == [SHOWN, NOT_SHOWN]
    runs = made(1.0)
    own, darts = (runs[runs["arm"] == arm]["distance"].to_numpy() for arm in ("proximity", "darts"))
    test = stats.ttest_rel(own, darts).confidence_interval(0.95)
    expected = f"{(own - darts).mean():.2f} [{test.low:.2f}, {test.high:.2f}] (distance, proximity − darts)"
    assert first[0].ours == expected.replace("-", "−")


def test_there_is_a_row_for_each_claim_that_has_its_arms() -> None:
    claims = list(study_claims(made(1.0), [COLUMN], 10))
    assert len(claims) == len(COMPARISONS) + len(ACCURACIES) + 1 + 1 + 2
    share = claims[-4]
    assert share.ours.startswith(f"{10.5 / 110:.3f} [")
    assert "0.091 in the long run" in share.claim
    assert [one.verdict for one in claims[-2:]] == [NOT_TESTABLE] * 2
    assert [one.published[:6] for one in claims[-2:]] == ["2.62 %", "17.44 "]
    alone = made(1.0).query("arm == 'darts'")
    assert len(list(study_claims(alone, [COLUMN], 10))) == 2


def test_the_ratio_of_the_deviations_has_fishers_interval() -> None:
    runs = made(0)
    found = list(study_claims(runs, [COLUMN], 10))[-3]
    ours, darts = (runs[runs["arm"] == arm][COLUMN] for arm in ("prime", "darts"))
    ratio = ours.std() / darts.std()
    low, high = (ratio / np.sqrt(stats.f.isf(share, 3, 3)) for share in (0.025, 0.975))
    assert found.ours == f"ratio of the deviations {ratio:.2f} [{low:.2f}, {high:.2f}] (CIFAR-10)"


def test_the_figures_show_each_arm_and_each_step_of_alpha() -> None:
    runs = made(1.0)
    figure = arms_figure(runs, WORDS, COLUMN, "CIFAR-10 test accuracy (%)", 87.06)
    assert len(figure.axes) == 3
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [arm.words for arm in ARMS.values()]
    assert all(len(panel.collections) == len(ARMS) for panel in figure.axes)
    steps = pd.DataFrame(
        {"step": [1, 2, 3], "fisher": [3.0, 1, 0.5], "threshold": [1, 1.05, 1.1], "alpha_moved": [0, 0, 1]}
    )
    axes = schedule_figure(steps).axes[0]
    assert axes.collections[0].get_offsets().tolist() == [[3, 1.1]]
