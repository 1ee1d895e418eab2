"""The study of DAAS in small, and its parts on made-up searches and trainings."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from harness.errors import SettingError
from harness.search.gradient.data import read_images
from harness.search.gradient.policy_choices import PLANTED
from harness.search.gradient.setting import SearchSetting
from harness.spaces.image_batches import read_cifar10
from harness.stats.two_way import Interaction
from harness.studies.options import StudyOptions
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.daas import kept, study, trainings
from harness.studies.searches.daas.claims import paired_change, planted_shares, study_claims
from harness.studies.searches.daas.kept import check_parts, log_of, outcomes_of, parts_key, write_parts
from harness.studies.searches.daas.searched import ARMS, found_policy, runs_of_study, searched_data
from harness.studies.searches.daas.sizes import FULL, LAPTOP, POLICIES, QUICK, sizes_of
from harness.studies.searches.daas.training import Trained, Training, images_of, trained
from harness.studies.searches.daas.trainings import (
    accuracies_by_place,
    cells_by_rank,
    frame_of,
    read,
    table_trainings,
    train_all,
)
from harness.studies.searches.runs import Outcome

TABLE, COLUMN = "analognasbench", "cifar10_test_200ep_pct"
CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
FILES = {
    *("trained.csv", "places.csv", "chosen.csv", "shares.csv", "claims.csv", "tables.md", "study.json", "parts.json"),
    *("daas.png", "daas.svg", "searches", "searches.csv.gz"),
}


@pytest.fixture(autouse=True)
def _with_kornia() -> None:
    pytest.importorskip("kornia", reason="kornia is not installed (the extra augment has it)")


@pytest.mark.slow
def test_the_quick_study_writes_everything_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    study.run_daas(StudyOptions(tmp_path, said.append, TABLE, quick=True, workers=1))
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert len(pd.read_csv(tmp_path / "trained.csv")) == 2 * len(POLICIES) * 2 + len(ARMS)
    chosen = pd.read_csv(tmp_path / "chosen.csv")
    assert chosen["arm"].tolist() == list(ARMS)
    assert chosen["trained_pct"].between(0, 100).all()
    shares = pd.read_csv(tmp_path / "shares.csv")
    np.testing.assert_allclose(shares.groupby(["arm", "seed", "epoch"])["share"].sum(), 1, atol=1e-4)
    claims = pd.read_csv(tmp_path / "claims.csv")
    assert claims["verdict"].tolist()[-2:] == [NOT_TESTABLE] * 2
    assert str(tmp_path) not in (tmp_path / "study.json").read_text()
    before = content(tmp_path)
    monkeypatch.setattr(trainings, "trained", _no_training)
    shutil.rmtree(tmp_path / "searches")
    study.run_daas(StudyOptions(tmp_path, said.append, TABLE, quick=True, workers=1, finished=True))
    assert content(tmp_path) == before, "the logs that lie in the folder are enough"
    with pytest.raises(SettingError, match="holds trainings of another seed, or of other images"):
        study.run_daas(StudyOptions(tmp_path, said.append, TABLE, quick=True, workers=1, seed=1, finished=True))
    (tmp_path / "searches.csv.gz").unlink()
    before = content(tmp_path)
    with pytest.raises(SettingError, match="would lose 4 of its searches, the first fixed, seed 0") as raised:
        study.run_daas(StudyOptions(tmp_path, said.append, TABLE, quick=True, workers=1, finished=True))
    assert "\n" not in str(raised.value)
    assert content(tmp_path) == before


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv*")}


def _no_training(*arguments: object) -> Trained:
    raise AssertionError("a training was made")


def test_a_training_is_the_same_for_a_seed_and_leaves_the_global_state() -> None:
    images, before = images_of("digits-training", QUICK, 0), torch.get_rng_state()
    colour = POLICIES[2]
    first, again, other, plain = (
        trained("nasbench201", CELL, policy, QUICK._replace(epochs=2), images, seed).accuracy_pct
        for policy, seed in ((colour, 0), (colour, 0), (colour, 1), (POLICIES[0], 0))
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert first == again
    assert len({first, other, plain}) > 1
    assert all(0 <= value <= 100 for value in (first, other, plain))


def test_a_network_learns_the_digits() -> None:
    sizes = QUICK._replace(images=1000, epochs=4, width=8)
    found = trained("nasbench201", CELL, POLICIES[0], sizes, images_of("digits-training", sizes, 0), 0)
    assert found.accuracy_pct > 85
    assert found.cpu_seconds > 0


def test_trainings_that_are_over_are_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[object, ...]] = []

    def stopping(space: str, cell: str, policy: object, sizes: object, images: object, seed: int) -> Trained:
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append((cell, seed))
        return Trained(float(len(made)), 0.5)

    monkeypatch.setattr(trainings, "trained", stopping)
    sizes, images = QUICK._replace(replicates=1), images_of("digits-training", QUICK, 0)
    wanted = [(training, POLICIES[0]) for training in table_trainings([CELL], sizes)]
    options = StudyOptions(tmp_path, lambda line: None)
    with pytest.raises(KeyboardInterrupt):
        train_all(wanted, sizes, images, options)
    assert [each.accuracy_pct for each in read(tmp_path / "trained.csv").values()] == [1, 2, 3]
    over = train_all(wanted, sizes, images, StudyOptions(tmp_path, print, finished=True))
    assert list(over) == [training for training, _ in wanted[:3]]
    made.clear()
    whole = train_all(wanted, sizes, images, options)
    assert len(made) == 1
    assert list(whole) == [training for training, _ in wanted]
    assert frame_of(whole)["policy"].tolist() == [policy.name for policy in POLICIES]
    values = accuracies_by_place(over, [CELL], sizes)
    assert values.shape == (1, 4, 1)
    assert np.isnan(values).sum() == 1


def test_cells_are_at_their_places_in_the_order_of_accuracy() -> None:
    accuracies = {f"cell {number}": float(number % 7) + number / 1000 for number in range(11)}
    ranked = sorted(accuracies, key=accuracies.__getitem__)
    assert cells_by_rank(accuracies, (1.0, 0.5, 0.0)) == [ranked[10], ranked[5], ranked[0]]


def test_sizes_are_those_of_the_options(tmp_path: Path) -> None:
    options: Callable[..., StudyOptions] = lambda **given: StudyOptions(tmp_path, print, **given)  # noqa: E731
    assert sizes_of(options(quick=True)) == QUICK
    assert sizes_of(options()) == LAPTOP
    assert sizes_of(options(full=True)) == FULL
    assert sizes_of(options(runs=7)).runs == 7
    for sizes in (LAPTOP, FULL):
        assert (len(sizes.quantiles), len(POLICIES)) == (6, 4)


def test_searches_have_equally_many_steps_and_their_own_folders(tmp_path: Path) -> None:
    runs = runs_of_study(StudyOptions(tmp_path, print), LAPTOP)
    assert len({run.folder for run in runs}) == len(runs) == LAPTOP.runs * len(ARMS)
    alike = {run.setting.changed({"policy_search": "joint", "policy_operations": ("rotate", "color")}) for run in runs}
    assert len(alike) == 1
    others = [run.seed for run in runs if run.preset != "planted"]
    assert others == sorted(others)
    assert {run.preset for run in runs if PLANTED in run.setting.policy_operations} == {"planted"}


def chosen(joint: list[float], fixed: list[float], sequential: list[float] | None = None) -> pd.DataFrame:
    rows = [
        {"arm": arm, "seed": seed, "architecture": CELL, COLUMN: 90.0, "trained_pct": value, "cpu_seconds": 1.0}
        for arm, values in (("joint", joint), ("fixed", fixed), ("sequential", sequential or []))
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["arm", "seed", "architecture", COLUMN, "trained_pct", "cpu_seconds"])


def planted(ends: list[float]) -> pd.DataFrame:
    rows = [
        {"arm": "planted", "seed": seed, "epoch": epoch, "operation": PLANTED, "share": share}
        for seed, end in enumerate(ends)
        for epoch, share in ((1, 0.125), (2, end))
    ]
    return pd.DataFrame(rows, columns=["arm", "seed", "epoch", "operation", "share"])


def an_interaction(f: float, p: float) -> Interaction:
    return Interaction(f, 15, 24, p, p, 1.0, 1.0)


@pytest.mark.parametrize(
    ("interaction", "frame", "shares", "verdicts"),
    [
        (None, chosen([], [], []), planted([]), [NOT_FINISHED] * 6),
        (
            an_interaction(4.0, 0.001), chosen([40, 42, 44], [30, 31, 34], [20, 23, 21]),
            planted([0.05, 0.06, 0.055]), [SHOWN, SHOWN, NOT_SHOWN, SHOWN, NOT_SHOWN, SHOWN],
        ),
        (
            an_interaction(1.1, 0.4), chosen([40, 30, 50], [30, 40, 41], [20, 50, 31]), planted([0.05, 0.12, 0.11]),
            [NOT_SHOWN] * 6,
        ),
        (  # two of three seeds tell nothing yet, and one order that is not over leaves Holm's correction open
            an_interaction(4.0, 0.001), chosen([40, 42, 44], [30, 31, 34], [20, 22]), planted([0.05, 0.06]),
            [SHOWN, *[NOT_FINISHED] * 5],
        ),
    ],
)  # fmt: skip
def test_verdicts_follow_from_the_numbers(
    interaction: Interaction | None, frame: pd.DataFrame, shares: pd.DataFrame, verdicts: list[str]
) -> None:
    found = list(study_claims(interaction, (3, 48), frame, shares, COLUMN, 3))
    assert [claim.verdict for claim in found] == [*verdicts, NOT_TESTABLE, NOT_TESTABLE]
    assert all(claim.ours for claim in found)
    assert [claim.published for claim in found][-2:] == ["97.91 %", "76.6 %"]


def test_changes_are_paired_by_seed_and_shares_are_those_of_the_last_epoch() -> None:
    change = paired_change(chosen([40, 42, 50], [30, 31]), "trained_pct", "fixed")
    assert (change.interval.mean, change.seeds) == (10.5, 2)
    assert change.p == pytest.approx(2 * math.atan(1 / 21) / math.pi)  # Student's t of one degree of freedom: t = 21
    nothing = paired_change(chosen([], []), "trained_pct", "fixed")
    assert math.isnan(nothing.interval.mean)
    assert math.isnan(nothing.p)
    assert planted_shares(planted([0.05, 0.07])) == [0.05, 0.07]


def test_a_study_s_record_names_its_sizes() -> None:
    assert json.dumps(study._sizes_record(QUICK))


def test_no_search_or_training_sees_a_test_image(tmp_path: Path) -> None:
    data = searched_data(StudyOptions(tmp_path, print))
    parts = images_of(data, LAPTOP._replace(image_size=8), 0)
    seen = {tuple(image.flatten().tolist()) for image in read_images(data, SearchSetting(), 3).pixels}
    assert {tuple(image.flatten().tolist()) for image in parts.training.pixels} <= seen
    assert (len(parts.training), len(parts.test)) == (1000, 360)
    assert sum(tuple(image.flatten().tolist()) in seen for image in parts.test.pixels) == 0
    assert [run.data for run in runs_of_study(StudyOptions(tmp_path, print), QUICK)] == [data] * len(ARMS)


def test_cifar10_is_tested_on_its_test_part(published_data: Path) -> None:
    folder = published_data / "cifar-10-batches-bin"
    if not folder.exists():
        pytest.skip(f"{folder.name} is not in {published_data}")
    parts = images_of(str(folder), QUICK._replace(image_size=32), 0)
    pixels, labels = read_cifar10(folder, "test")
    assert torch.equal(parts.test.pixels, pixels)
    assert torch.equal(parts.test.labels, labels)
    assert len(parts.training) == QUICK.images


def test_no_two_trainings_share_a_seed() -> None:
    made = table_trainings(["one", "other"], LAPTOP)
    made += [Training("found", "one", arm, "", seed) for arm in ARMS for seed in range(3)]
    assert len({training.seed(study) for training in made for study in (0, 1)}) == 2 * len(made)
    assert made[0].seed(0) == made[0].seed(0)


def test_policies_of_other_probabilities_are_other_trainings(tmp_path: Path) -> None:
    even = POLICIES[2]
    other = even._replace(probabilities=(0.5, *even.probabilities[1:]))
    assert len({policy.digest for policy in (*POLICIES, other)}) == len(POLICIES) + 1
    assert even._replace(name="other").digest == even.digest
    run = runs_of_study(StudyOptions(tmp_path, print), QUICK)[0]
    logs = [pd.DataFrame({"policy": [json.dumps({"a": share, "b": 1 - share})]}) for share in (0.25, 0.75)]
    assert len({found_policy(run, Outcome(log, {})).digest for log in logs}) == 2


def test_a_folder_of_other_trainings_is_refused_before_it_changes(tmp_path: Path) -> None:
    runs, images = runs_of_study(StudyOptions(tmp_path, print), QUICK), images_of("digits-training", QUICK, 0)
    key = parts_key(0, QUICK, images, runs)
    check_parts(tmp_path, key)
    write_parts(tmp_path, key)
    check_parts(tmp_path, key)
    slower = [run._replace(setting=run.setting.changed({"policy_lr": 0.3})) for run in runs]
    others = [
        parts_key(1, QUICK, images, runs),
        parts_key(0, QUICK._replace(epochs=2), images, runs),
        parts_key(0, QUICK, images._replace(test=images.training), runs),
        parts_key(0, QUICK, images, slower),
    ]
    before = (tmp_path / kept.PARTS).read_bytes()
    for other in others:
        with pytest.raises(SettingError, match="holds trainings of another seed, or of other images"):
            check_parts(tmp_path, other)
    assert (tmp_path / kept.PARTS).read_bytes() == before
    (tmp_path / kept.PARTS).unlink()
    (tmp_path / "trained.csv").write_text("part,cell,policy,seed,accuracy_pct,cpu_seconds\n")
    with pytest.raises(SettingError, match=r"holds trained\.csv without parts\.json"):
        check_parts(tmp_path, key)
    with pytest.raises(SettingError, match="holds no trainings of this version"):
        read(tmp_path / "trained.csv")


def test_fewer_runs_lose_no_search(tmp_path: Path) -> None:
    options = StudyOptions(tmp_path, print, finished=True)
    pd.DataFrame({"arm": ["joint"], "seed": [2]}).to_csv(tmp_path / "chosen.csv", index=False)
    with pytest.raises(SettingError, match="would lose 1 of its searches, the first joint, seed 2"):
        outcomes_of(runs_of_study(options, QUICK), {}, options)


def test_logs_that_no_record_explains_are_not_lost(tmp_path: Path) -> None:
    options = StudyOptions(tmp_path, print, finished=True)
    runs = runs_of_study(options, QUICK)
    log_of({runs[0]: Outcome(pd.DataFrame({"epoch": [1, 2]}), {})}).to_csv(tmp_path / kept.LOGS, index=False)
    before = (tmp_path / kept.LOGS).read_bytes()
    with pytest.raises(SettingError, match="would lose 1 of its searches, the first planted, seed 0"):
        outcomes_of(runs, {}, options)
    assert (tmp_path / kept.LOGS).read_bytes() == before
