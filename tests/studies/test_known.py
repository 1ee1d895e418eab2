"""Known scores in studies: taken where setting, versions and cells are the study's own, computed where they are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.errors import SettingError
from harness.evaluation.known import scores as known_module
from harness.studies import known as of_studies
from harness.studies.kinds import IMAGES, NOISE, Condition, RankStudy
from harness.studies.options import StudyOptions
from harness.studies.study import make
from tests.evaluation.known import made

PROXIES = ["nwot", "params"]


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    known_module._packaged.cache_clear()
    return harness.known_scores(path=made.table(tmp_path_factory.mktemp("known")))


@pytest.fixture(autouse=True)
def computed(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The conditions whose scores would be computed; a small table in place of the package's."""
    asked: list[tuple[Any, ...]] = []

    def scored_sample(condition: Condition, proxies: Any, sample: int, options: StudyOptions) -> pd.DataFrame:
        asked.append((condition.words, sample))
        keys = made.CELLS[:sample]
        rows = [(key, name, float(place)) for name in proxies for place, key in enumerate(keys)]
        return pd.DataFrame(rows, columns=["architecture", "proxy", "score"]).assign(status="ok", seconds=0.0)

    monkeypatch.setattr(of_studies, "known_scores", lambda: frame)
    monkeypatch.setattr(of_studies, "scored_sample", scored_sample)
    return asked


def options(tmp_path: Path, **given: Any) -> StudyOptions:
    return StudyOptions(tmp_path / "out", print, **given)


def taken(tmp_path: Path, condition: Condition = NOISE, sample: int = 10, **given: Any) -> pd.DataFrame:
    return of_studies.scored_or_known(condition, PROXIES, sample, options(tmp_path, **given))


def test_the_studys_own_cells_are_taken_by_default(
    tmp_path: Path, frame: pd.DataFrame, computed: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    found = taken(tmp_path)
    assert computed == []
    assert list(dict.fromkeys(found["architecture"])) == [str(cell) for cell in made.SPACE.sample(10, 0)]
    assert set(found["proxy"]) == set(PROXIES)
    own = frame[frame["proxy"].isin(PROXIES) & frame["architecture"].isin(made.CELLS[:10])]
    assert found["score"].tolist() == own["score"].tolist()
    assert "known scores: 10 cells by 2 proxies" in capsys.readouterr().out
    assert of_studies.from_table(found)["cells"] == made.FINISHED


def test_all_cells_are_taken_where_that_is_asked_for(tmp_path: Path, computed: list[Any]) -> None:
    assert taken(tmp_path, known=True)["architecture"].nunique() == made.FINISHED
    assert taken(tmp_path, known=True, sample=10)["architecture"].nunique() == made.FINISHED
    small = of_studies.scored_or_known(NOISE, PROXIES, 5, options(tmp_path, known=True, **{"sample": 5}))
    assert small["architecture"].nunique() == 5
    assert computed == []


@pytest.mark.parametrize(
    ("condition", "given"),
    [
        (NOISE, {"sample_size": made.FINISHED + 1}),
        (NOISE, {"known": False}),
        (NOISE, {"seed": 1}),
        (NOISE, {"shard": (1, 2)}),
        (IMAGES, {}),
        (Condition("deeper", {"shape": {"depth": 3}}), {}),
        (Condition("a batch of its own", {}, batch_seeds_on=1), {}),
    ],
)
def test_others_are_computed(tmp_path: Path, computed: list[Any], condition: Condition, given: dict[str, Any]) -> None:
    size = given.pop("sample_size", 10)
    taken(tmp_path, condition, size, **given)
    assert computed == [(condition.words, size)]


def test_other_versions_of_proxies_are_not_taken(tmp_path: Path, frame: pd.DataFrame, computed: list[Any]) -> None:
    setting = NOISE.setting(0)
    assert of_studies.difference(frame, setting, PROXIES) == ""
    assert "zico not at all instead of" in of_studies.difference(frame, setting, ["zico"])
    older = frame.copy()
    older.attrs = {**frame.attrs, "provenance": {**frame.attrs["provenance"], "proxies": {"nwot": "0"}}}
    assert "other versions of proxies: nwot 0 instead of" in of_studies.difference(older, setting, ["nwot"])
    assert "seed 0, the study's are with seed 3" in of_studies.difference(frame, NOISE.setting(3), PROXIES)


def test_known_scores_that_fit_no_condition_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="do not fit this study: they are with input gaussian"):
        of_studies.check_known([IMAGES.setting(0)], PROXIES, options(tmp_path, known=True))
    with pytest.raises(SettingError, match="without --scores and --shard"):
        of_studies.check_known([NOISE.setting(0)], PROXIES, options(tmp_path, known=True, shard=(1, 2)))
    of_studies.check_known([IMAGES.setting(0), NOISE.setting(0)], PROXIES, options(tmp_path, known=True))


def test_a_study_becomes_a_larger_sample_and_says_so(tmp_path: Path, computed: list[Any]) -> None:
    keys = list(made.CELLS[: made.FINISHED])
    table = tmp_path / "table.csv"
    pd.DataFrame({"architecture": keys, "cifar10_test_200ep_pct": made.accuracies(keys).to_numpy()}).to_csv(
        table, index=False
    )
    study = RankStudy("a study", {"gaussian": NOISE}, tuple(PROXIES), sample=10)
    make(study, options(tmp_path, known=True, table=str(table)))
    record = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))
    assert record["sample"] == made.FINISHED
    assert record["known"]["gaussian"]["name"] == "nasbench201-proxies"
    ranking = pd.read_csv(tmp_path / "out" / "ranking_gaussian_cifar10.csv").set_index("proxy")
    assert ranking.loc["nwot", "n"] == made.FINISHED
    assert computed == []
