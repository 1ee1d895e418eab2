"""The study stability: what each of its conditions changes, and what it leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import benchmarks
from harness.errors import RunError, SettingError
from harness.proxies.registry import resolve
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.image_batches import draw_images
from harness.spaces.space import completed
from harness.studies import stability, stability_darts
from harness.studies.kinds import Condition
from harness.studies.options import StudyOptions
from tests.scoring.cluster.daemons import local_cluster

SMALL: dict[str, Any] = {"width": 2, "depth": 1, "image_size": 8, "batch_size": 6}
KINDS = ("base", "weights", "batch", "bn_eval", "width_4")
FEW = ("grad_norm", "synflow", "zen", "params")


def small(name: str) -> Condition:
    """A condition of the study on networks that take no time."""
    given = stability.CONDITIONS[name]
    return Condition(given.words, {**SMALL, **given.changes}, given.seeds_on, given.batch_seeds_on)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The outcome of a study of small networks, without CIFAR-10, and what it said."""
    folder, said = tmp_path_factory.mktemp("stability"), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stability, "CONDITIONS", {name: small(name) for name in (*KINDS, "cifar10")})
        patch.setattr(stability, "PROXIES", FEW)
        stability.run_stability(StudyOptions(folder, said.append, "analognasbench", sample=10, workers=1))
    return folder, said


def test_every_condition_changes_one_thing() -> None:
    base = stability.CONDITIONS[stability.BASE]
    assert base.setting(3) == completed(open_space("nasbench201"), Setting(seed=3))
    for name, condition in stability.CONDITIONS.items():
        apart = [condition.seeds_on != 0, condition.batch_seeds_on not in (None, 0), *condition.changes]
        assert sum(map(bool, apart)) == (name != stability.BASE), name
    assert {item.proxy for item in stability.SEEN_IN_TRIALS} <= {
        entry.name for entry in resolve(list(stability.PROXIES))
    }
    assert {label for steps in stability.SMALLER.values() for label, _ in steps} <= set(stability.WORDS)


def test_every_condition_of_the_part_for_darts_changes_one_thing() -> None:
    base = stability_darts.CONDITIONS[stability.BASE]
    assert base.setting(3) == completed(open_space("darts"), Setting(seed=3))
    for name, condition in stability_darts.CONDITIONS.items():
        apart = [condition.seeds_on != 0, condition.batch_seeds_on not in (None, 0), *condition.changes]
        assert sum(map(bool, apart)) == (2 if name == "labels" else name != stability.BASE), name
        assert condition.space == "darts"
    assert {item for steps in stability_darts.SMALLER.values() for item, _ in steps} <= set(stability_darts.CONDITIONS)
    resolve(list(stability_darts.PROXIES))


def test_the_tables_space_and_columns_decide_the_part(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    genotypes = list(map(str, open_space("darts").sample(4, seed=2)))
    frame = pd.DataFrame({"architecture": genotypes, "cifar10_test_600ep_best_pct": [97.1, 96.9, 97.3, 96.5]})
    frame.to_csv(table, index=False)
    opened = benchmarks.open_table(table)
    part = stability.part_of(opened)
    assert part.conditions is stability_darts.CONDITIONS
    assert part.column(opened) == "cifar10_test_600ep_best_pct"
    cells = part.architectures(opened, 3)
    assert not isinstance(cells, int)
    assert list(map(str, cells)) == genotypes[:3]
    frame.rename(columns={"cifar10_test_600ep_best_pct": "mine_pct"}).to_csv(table, index=False)
    with pytest.raises(SettingError, match="has no column cifar10_valid_100ep_surrogate_pct or cifar10_test_600ep_"):
        part.column(benchmarks.open_table(table))
    analog = benchmarks.open_table("analognasbench")
    assert stability.part_of(analog).conditions is stability.CONDITIONS
    assert stability.part_of(analog).architectures(analog, 7) == 7


@pytest.mark.slow
def test_the_part_for_darts_takes_the_first_genotypes_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = open_space("darts")
    genotypes = space.sample(6, seed=2)
    table = tmp_path / "mine.csv"
    rows = {
        "architecture": list(map(str, genotypes)),
        "cifar10_test_600ep_best_pct": [97.1, 96.9, 97.3, 96.5, 97, 96.7],
    }
    pd.DataFrame(rows).to_csv(table, index=False)
    tiny = {"width": 4, "depth": 3, "image_size": 8, "batch_size": 6}
    conditions = {
        name: replace(given, changes={**tiny, **given.changes})
        for name, given in stability_darts.CONDITIONS.items()
        if name in ("base", "weights", "batch", "width_8")
    }
    monkeypatch.setattr(stability_darts, "CONDITIONS", conditions)
    monkeypatch.setattr(stability_darts, "PROXIES", ("jacob_cov", "epe_nas", "params"))
    said: list[str] = []
    stability.run_stability(StudyOptions(tmp_path / "out", said.append, str(table), sample=5, workers=1))
    record = json.loads((tmp_path / "out" / "study.json").read_text())
    assert (record["sample"], record["column"]) == (5, "cifar10_test_600ep_best_pct")
    for name in conditions:
        frame = pd.read_csv(tmp_path / "out" / f"scores_{name}.csv.gz")
        assert set(frame["architecture"]) == set(map(str, genotypes[:5]))
    tables = (tmp_path / "out" / "tables.md").read_text()
    assert "Spearman with the best test accuracy of 600 epochs, over the cells" in tables
    assert "Two draws" not in tables, "no number from trials is known there"
    found = pd.read_csv(tmp_path / "out" / "stability.csv").set_index(["proxy", "setting"])
    assert set(found.index) == {
        (proxy, name) for proxy in stability_darts.PROXIES for name in conditions if name != "base"
    }


def test_weights_and_batch_take_a_seed_each() -> None:
    weights, batch = stability.CONDITIONS["weights"], stability.CONDITIONS["batch"]
    assert (weights.setting(3).seed, batch.setting(3).seed) == (4, 3)
    for condition, seed in ((weights, 3), (batch, 4)):
        made, expected = condition.batch(3), draw_images(Setting(seed=seed))
        assert made is not None
        assert torch.equal(made.inputs, expected.inputs)
        assert torch.equal(made.labels, expected.labels)
    assert stability.CONDITIONS["base"].batch(3) is None


@pytest.mark.slow
def test_what_a_change_does_not_reach_stays_to_the_bit(made: tuple[Path, list[str]]) -> None:
    folder, _ = made
    scores = {
        name: pd.read_csv(folder / f"scores_{name}.csv.gz", float_precision="round_trip")
        .pivot(index="architecture", columns="proxy", values="score")
        .dropna()
        for name in ("base", "weights", "batch")
    }
    own = ["synflow", "zen", "params"]
    pd.testing.assert_frame_equal(scores["batch"][own], scores["base"][own], rtol=0)
    assert (scores["batch"]["grad_norm"] != scores["base"]["grad_norm"]).all()
    assert (scores["weights"][["grad_norm", "zen"]] != scores["base"][["grad_norm", "zen"]]).all(axis=None)


def test_the_study_leaves_its_tables(made: tuple[Path, list[str]]) -> None:
    folder, said = made
    assert "left out: CIFAR-10 images" in said[0]
    assert {path.name for path in folder.iterdir()} == {
        "stability.csv", "seeds.csv", "tables.md", "study.json", "scores.sqlite",
        *(f"scores_{name}.csv.gz" for name in KINDS),
        *(f"{stem}.{end}" for stem in ("agreement", "difference", "loss_and_saving") for end in ("png", "svg")),
    }  # fmt: skip
    found = pd.read_csv(folder / "stability.csv").set_index(["proxy", "setting"])
    assert len(found) == len(FEW) * (len(KINDS) - 1)
    for proxy, setting in (("synflow", "batch"), ("params", "weights")):
        row = found.loc[(proxy, setting), ["spearman", "difference", "p_holm"]].astype(float)
        assert row.tolist() == pytest.approx([1, 0, 1])
    assert found.loc[("grad_norm", "bn_eval"), "spearman"] < 1
    seeds = pd.read_csv(folder / "seeds.csv")
    assert set(seeds["proxy"]) == {"synflow", "grad_norm"}
    np.testing.assert_allclose(seeds["difference"], seeds["ours"] - seeds["published"])
    assert "seen in trials" in (folder / "tables.md").read_text(encoding="utf-8")
    record = json.loads((folder / "study.json").read_text())
    assert record["batch_seeds"] == {"weights": 0, "batch": 1}
    assert (record["settings"]["weights"]["seed"], record["sample"]) == (1, 10)


def test_a_condition_waits_for_the_others_before_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, list[str]]] = []
    monkeypatch.setattr(
        stability, "run", lambda _, turn, *rest, **options: asked.append((options["setting"].shape["width"], turn))
    )
    monkeypatch.setattr(stability, "TURN", 5)
    two = {name: stability.CONDITIONS[name] for name in ("base", "width_4")}
    cells = open_space("nasbench201").sample(12)
    for sample, turns in (
        (12, (cells[:5], cells[5:10], cells[10:])),
        (10, (cells[:5], cells[5:10])),
        (3, (cells[:3],)),
    ):
        asked.clear()
        stability.score_by_turns(two, sample, StudyOptions(tmp_path, print))
        assert asked == [(width, turn) for turn in turns for width in (16, 4)]


def test_shards_share_the_turns_and_make_no_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(stability, "run", lambda _, turn, *rest, **options: asked.append(tuple(map(str, turn))))
    monkeypatch.setattr(stability, "scored_sample", lambda *_: pytest.fail("the whole sample was scored"))
    monkeypatch.setattr(stability, "CONDITIONS", {"base": small("base")})
    said = list[str]()
    for number in (1, 2, 3):
        given = {"sample": 22, "store": tmp_path / "s.sqlite", "shard": (number, 3)}
        stability.run_stability(StudyOptions(tmp_path / "out", said.append, "analognasbench", **given))
        assert "nasinit store merge" in said[-1]
    cells = [str(cell) for cell in open_space("nasbench201").sample(22)]
    assert sorted(cell for turn in asked for cell in turn) == sorted(cells)
    assert list((tmp_path / "out").iterdir()) == []

    def dying(*_: object, **__: object) -> None:
        raise RunError("the executor lost its workers")

    monkeypatch.setattr(stability, "run", dying)
    with pytest.raises(RunError, match="lost its workers"):
        stability.run_stability(StudyOptions(tmp_path / "out", said.append, "analognasbench", **given))


def test_workers_that_die_leave_the_rest_to_what_survives_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(*_: object, **__: object) -> None:
        raise RunError("the executor lost its workers")

    said: list[str] = []
    monkeypatch.setattr(stability, "run", dying)
    stability.score_by_turns({"base": small("base")}, 3, StudyOptions(tmp_path, said.append))
    assert said == ["no turns any more: the executor lost its workers"]


def test_bad_input_is_refused_before_anything_is_scored(nasinit: Callable[..., Any], tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    cells = map(str, open_space("nasbench201").sample(4))
    pd.DataFrame({"architecture": list(cells), "latency_ms": [1.0, 2.0, 3.0, 4.0]}).to_csv(table, index=False)
    for given, message in (
        (("--table", table), "has no column cifar10_test_200ep_pct"),
        (("--scores", "x.csv"), "the study stability has no --scores"),
        (("--sample", 2), "--sample must be at least 3"),
    ):
        ended = nasinit("study", "stability", "--out", tmp_path / "out", *given)
        assert (ended.code, message in ended.err, (tmp_path / "out").exists()) == (2, True, False), ended.err


@pytest.mark.slow
def test_on_a_cluster_the_scores_are_the_same(
    made: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed (the extra cluster has it)")
    kinds = ("base", "weights", "width_4")
    monkeypatch.setattr(stability, "CONDITIONS", {name: small(name) for name in kinds})
    monkeypatch.setattr(stability, "PROXIES", FEW)
    said = list[str]()
    with local_cluster(1) as cluster:
        asked = StudyOptions(tmp_path, said.append, "analognasbench", sample=10, scheduler=cluster.scheduler_address)
        stability.run_stability(asked)
    assert not any("no turns any more" in line for line in said)
    for name in kinds:
        here, there = (
            pd.read_csv(folder / f"scores_{name}.csv.gz", float_precision="round_trip").drop(columns="seconds")
            for folder in (made[0], tmp_path)
        )
        assert here.equals(there)
