"""The rank study of NATS-Bench's size space, on the genuine slice of the release: three architectures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import benchmarks
from benchmarks.releases.convert import convert
from harness.errors import SettingError
from harness.setting import Setting
from harness.spaces import open_space
from harness.studies import kinds
from harness.studies.options import StudyOptions
from harness.studies.rank import natsbench_sizes
from harness.studies.rank.tabulated import table_of_study, tabulated
from harness.studies.study import find_study, make

STUDY = natsbench_sizes.STUDY
ACCURACIES = {"8:8:8:8:8": 79.79, "8:8:8:16:32": 85.77, "8:8:40:32:40": 89.51}
"""The official client's test accuracies of the records 0, 11 and 284 on CIFAR-10 after 90 epochs, in percent."""


@pytest.fixture(scope="module")
def table(published_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = published_data / STUDY.release
    if not folder.exists():
        pytest.skip(f"{folder.name} is not in {published_data}")
    made = tmp_path_factory.mktemp("sizes") / "sizes.parquet"
    convert(folder, made)
    return made


@pytest.mark.slow
def test_the_architectures_are_those_of_the_table_in_random_order(table: Path) -> None:
    opened = table_of_study(STUDY, str(table))
    drawn = tabulated(opened, STUDY.columns, STUDY.space, 500, seed=0)
    assert {str(each) for each in drawn} == set(ACCURACIES)
    everything = [str(each) for each in open_space(STUDY.space).sample(32_768, 0)]
    assert [str(each) for each in drawn] == sorted(ACCURACIES, key=everything.index)
    assert tabulated(opened, STUDY.columns, STUDY.space, 2, seed=0) == drawn[:2]
    assert opened.values(list(ACCURACIES), STUDY.columns[0]).tolist() == pytest.approx(list(ACCURACIES.values()))


@pytest.mark.slow
def test_the_study_ranks_by_the_release(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small(condition: kinds.Condition, seed: int) -> Setting:
        shape = {"image_size": 8, "channels": 3, "classes": 10}
        return Setting(**{**condition.changes, "seed": seed}, batch_size=8, shape=shape)

    monkeypatch.setattr(kinds.Condition, "setting", small)
    said: list[str] = []
    make(find_study("natsbench-sizes"), StudyOptions(tmp_path, said.append, table=str(table), workers=1))
    assert "no CIFAR-10 here" in said[0]
    scores = pd.read_csv(tmp_path / "scores_gaussian.csv.gz")
    assert set(scores["architecture"]) == set(ACCURACIES)
    assert set(scores["proxy"]) == set(STUDY.proxies)
    rows = pd.read_csv(tmp_path / "comparison.csv")
    (found,) = rows[(rows["proxy"] == "params") & (rows["column"] == STUDY.columns[0])].to_dict("records")
    sizes = [open_space(STUDY.space).sizes(open_space(STUDY.space).parse(key)).parameters for key in ACCURACIES]
    assert np.argsort(sizes).tolist() == np.argsort(list(ACCURACIES.values())).tolist()
    assert (found["ours"], found["n"]) == (1, 3)
    published = rows[(rows["proxy"] == "zico_bc") & (rows["coefficient"] == "spearman")].set_index("column")[
        "published"
    ]
    assert published.to_dict() == dict(zip(STUDY.columns, (0.94, 0.79, 0.94), strict=True))
    assert "random architectures of NATS-Bench's size space" in (tmp_path / "ranking_gaussian_cifar10.tex").read_text()
    assert json.loads((tmp_path / "study.json").read_text())["table"]["name"] == "natsbench-sizes"
    assert "published, as notes on the papers have it" in (tmp_path / "comparison.svg").read_text()


def test_a_table_is_needed_and_of_this_space(tmp_path: Path) -> None:
    options: dict[str, Any] = {"workers": 1}
    with pytest.raises(SettingError, match=r"give --table FILE, what nasinit convert makes of the release NATS-sss"):
        make(STUDY, StudyOptions(tmp_path / "out", print, **options))
    with pytest.raises(SettingError, match="is about the space darts, the study ranks architectures of natsbench"):
        make(STUDY, StudyOptions(tmp_path / "out", print, table="darts-published", **options))
    assert not (tmp_path / "out").exists()
    assert "known" not in STUDY.takes


def test_too_few_architectures_with_all_columns_are_refused(tmp_path: Path) -> None:
    rows = [f"{key},{value},{value},{'' if place else value}" for place, (key, value) in enumerate(ACCURACIES.items())]
    mine = tmp_path / "mine.csv"
    mine.write_text("\n".join(["architecture," + ",".join(STUDY.columns), *rows, ""]))
    with pytest.raises(SettingError, match="for 1 architectures of natsbench-sizes: fewer than 3"):
        tabulated(benchmarks.open_table(mine), STUDY.columns, STUDY.space, 500, seed=0)
