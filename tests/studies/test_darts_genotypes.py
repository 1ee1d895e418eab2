"""The study of DARTS genotypes: percentiles by hand, what papers print, and the whole study in small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import ScoresError
from harness.evaluation.matrix import Matrix
from harness.report.figures.heat_map import heat_map
from harness.search import METHODS, SearchSetting
from harness.setting import Setting
from harness.spaces import open_space
from harness.spaces.space import completed
from harness.studies import darts_genotypes
from harness.studies.darts_genotypes import NamedGenotype, genotypes_frame, percentiles, published_genotypes
from harness.studies.options import StudyOptions
from harness.studies.searches import pool
from harness.studies.searches.runs import Failure, Run

TINY = SearchSetting(epochs=1, batch_size=8, width=4, depth=3, image_size=8, images=32, augment=False,
                     evaluation_batches=1, candidates=3, steps_per_epoch=1)  # fmt: skip


def scored(values: dict[str, list[float]], seed: int = 0) -> tuple[list[str], pd.DataFrame]:
    count = len(next(iter(values.values())))
    texts = [str(genotype) for genotype in open_space("darts").sample(count, seed)]
    parts = [pd.DataFrame({"architecture": texts, "proxy": name, "score": row}) for name, row in values.items()]
    return texts, pd.concat(parts, ignore_index=True)


def test_a_percentile_is_the_share_that_scores_less_ties_by_half() -> None:
    (text, *_), ours = scored({"a": [3.0, 9.0], "b": [np.nan, 1.0], "c": [1.0, 1.0]})
    _, others = scored({"a": [1.0, 3.0, 3.0, 4.0], "b": [1.0, 2.0, 3.0, 4.0], "d": [0.0] * 4}, seed=1)
    places = percentiles([NamedGenotype("mine", "found here", text)], ours, others)
    assert list(places.columns) == ["a", "b"], "c is not among the others"
    assert places.loc["mine", "a"] == 50.0
    assert np.isnan(places.loc["mine", "b"])


def test_published_genotypes_have_the_printed_sizes_and_errors() -> None:
    names = published_genotypes()
    texts = [item.architecture for item in names]
    scores = pd.DataFrame({"architecture": texts, "proxy": "a", "score": 1.0})
    table = genotypes_frame(names, scores).set_index("genotype")
    assert table.loc["DARTS_V2", "params_m"] == pytest.approx(3.3, abs=0.06)
    assert table.loc["PC_DARTS_cifar", "params_m"] == pytest.approx(3.6, abs=0.06)
    assert table.loc["DrNAS_cifar10", "params_m"] == pytest.approx(4.1, abs=0.06)
    assert table.loc["DARTS_V1", "published_error_pct"] == 3.00
    assert table.loc["DARTS_V1", "skip_connections"] == 6


def test_every_search_is_one_that_there_is() -> None:
    assert set(darts_genotypes.SEARCHES) <= set(METHODS)


@pytest.mark.slow
def test_the_study_in_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(darts_genotypes, "SEARCHES", ("nasi", "darts"))
    monkeypatch.setattr(pool, "setting_of", lambda *_, **__: TINY)
    monkeypatch.setattr(darts_genotypes, "QUICK_PROXIES", "params,flops,l2_norm")
    _, others = scored({"params": [1.0, 1e9], "l2_norm": [0.0, 1e9]}, seed=5)
    others.assign(status="ok", seconds=0.0).to_csv(tmp_path / "others.csv", index=False)
    said: list[str] = []
    options = StudyOptions(
        tmp_path / "out", said.append, "", quick=True, workers=1, scores=tmp_path / "others.csv",
    )  # fmt: skip
    darts_genotypes.run_darts_genotypes(options)
    table = pd.read_csv(tmp_path / "out" / "genotypes.csv")
    assert list(table["genotype"])[-2:] == ["nasi, seed 0", "darts, seed 0"]
    places = pd.read_csv(tmp_path / "out" / "percentiles.csv")
    assert (places[["params", "l2_norm"]] == 50).all(axis=None)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"percentiles.png", "percentiles.svg", "curves.png", "table.md", "study.json", "scores.csv.gz"} <= names
    assert ["DARTS_V1", "3.17", "6", "3.00", "±", "0.14"] in [line.split() for line in said[-2].splitlines()]


def test_a_shard_runs_its_searches_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(pool, "setting_of", lambda *_, **__: TINY)
    monkeypatch.setattr(pool, "run_all", lambda runs, *_, **__: asked.extend(run.method for run in runs))
    monkeypatch.setattr(darts_genotypes, "run", lambda *_, **__: pytest.fail("genotypes were scored"))
    for number in (1, 2):
        darts_genotypes.run_darts_genotypes(StudyOptions(tmp_path, lambda _: None, "", quick=True, shard=(number, 2)))
    assert sorted(asked) == sorted(darts_genotypes.SEARCHES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("architecture,proxy,score,status\n", "no rows"),
        ("proxy,score,status\nparams,1,ok\n", "architecture"),
        ("architecture,proxy,score,status\n{genotype},params,high,ok\n", "high"),
        ("architecture,proxy,score,status\n{genotype},mine,1.0,ok\n", "by some of"),
    ],
)
def test_scores_that_hold_nothing_are_refused_before_any_search(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "run_all", lambda *_: pytest.fail("something was run"))
    genotype = '"' + str(open_space("darts").sample(1)[0]) + '"'
    (tmp_path / "others.csv").write_text(text.replace("{genotype}", genotype))
    with pytest.raises(ScoresError, match=message):
        darts_genotypes.run_darts_genotypes(StudyOptions(tmp_path / "out", print, scores=tmp_path / "others.csv"))


def test_scores_of_another_space_are_refused(tmp_path: Path) -> None:
    cells = [str(cell) for cell in open_space("nasbench201").sample(3)]
    frame = pd.DataFrame({"architecture": cells, "proxy": "params", "score": 1.0, "status": "ok"})
    frame.to_csv(tmp_path / "cells.csv", index=False)
    with pytest.raises(ScoresError, match="must hold scores of darts"):
        darts_genotypes.run_darts_genotypes(StudyOptions(tmp_path / "out", print, "", scores=tmp_path / "cells.csv"))
    assert not (tmp_path / "out").exists()


def test_a_heat_map_prints_every_number() -> None:
    frame = pd.DataFrame({"a": [0.0, np.nan], "b": [50.0, 100.0]}, index=["x", "y"])
    axes = heat_map(Matrix(frame, "Percentile", low=0, high=100)).axes[0]
    assert [text.get_text() for text in axes.texts] == ["0", "50", "100"]
    with pytest.raises(ScoresError, match="no number"):
        heat_map(Matrix(frame * np.nan, "nothing", low=0, high=1))


def test_options_that_it_does_not_take_are_refused(nasinit: Callable[..., Any]) -> None:
    ended = nasinit("study", "darts-genotypes", "--sample", "3")
    assert ended.code == 2
    assert "has no --sample" in ended.err


def stored(path: Path, **changes: object) -> Path:
    space = open_space("darts")
    harness.run(space, space.sample(3, seed=9), ["params"], store=path, progress=False, **changes)
    return path


def test_scores_of_a_store_in_another_setting_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "run_all", lambda *_: pytest.fail("something was run"))
    scores = stored(tmp_path / "others.sqlite", bn="eval", width=4)
    options = StudyOptions(tmp_path / "out", print, scores=scores)
    with pytest.raises(ScoresError, match=r"others.sqlite were made with width 4, bn eval; .* with width 16, bn train"):
        darts_genotypes.run_darts_genotypes(options)
    assert not (tmp_path / "out").exists()


def test_what_sets_scores_apart_that_can_be_compared_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    ours = completed(open_space("darts"), Setting())
    for seed, word in ((1, "; they were made with seed 1, the study's own with seed 0"), (0, "")):
        options = StudyOptions(tmp_path, said.append, scores=stored(tmp_path / "others.sqlite", seed=seed))
        assert len(darts_genotypes._others(options, ["params"], ours)) == 3
        assert said[-1].endswith(f"){word}" if word else ")")
    _, frame = scored({"params": [1.0, 2.0]})
    frame.to_csv(tmp_path / "others.csv", index=False)
    darts_genotypes._others(StudyOptions(tmp_path, said.append, scores=tmp_path / "others.csv"), ["params"], ours)
    assert "does not say its setting, which must be the study's: input gaussian" in said[-1]


def test_a_search_that_failed_is_named_below_the_table() -> None:
    failed = {Run("darts", TINY, "digits", 3, "darts"): Failure("darts: the loss is nan; more", True)}
    assert darts_genotypes._failures(failed) == "\nNo genotype of darts, seed 3: darts: the loss is nan.\n"
    assert darts_genotypes._failures({}) == ""
