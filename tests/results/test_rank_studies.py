"""The committed outcome of every study of rank correlation follows from committed scores and official accuracies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import benchmarks
from harness.evaluation.published import BesidePublished
from harness.evaluation.ranking import Ranking
from harness.proxies import combined as combine
from harness.proxies.registry import resolve
from harness.report.tables.beside_published import conditions_sheet, published_sheets
from harness.report.tables.ranking import ranking_sheet
from harness.report.tables.sheet import sheet_latex, sheet_markdown
from harness.stats import change_of_ranking
from harness.studies.kinds import DATASETS, RankStudy
from harness.studies.rank import rank_study
from harness.studies.rank.agreement import agreement_of
from harness.studies.rank.rank_study import write_beyond, write_transfer
from tests.studies.ranked import RANKED

RESULTS = Path(__file__).parents[2] / "results"
ENDS = ("low", "high", "inside")


class Committed(NamedTuple):
    """An outcome: its study, and where the scores of each condition lie; by default beside it."""

    study: RankStudy
    scores: Mapping[str, str] = {}

    def frames(self, name: str) -> dict[str, pd.DataFrame]:
        places = {
            condition: RESULTS / self.scores.get(condition, f"{name}/scores_{condition}.csv.gz")
            for condition in self.study.conditions
        }
        proxies = [entry.name for entry in resolve(list(self.study.proxies))]
        read = {condition: pd.read_csv(place, float_precision="round_trip") for condition, place in places.items()}
        return {condition: frame[frame["proxy"].isin(proxies)] for condition, frame in read.items()}


IMAGES = {"cifar10": "zero-cost-nas/scores_cifar10.csv.gz"}
NOISE = {"gaussian": "zero-cost-nas/scores_gaussian.csv.gz"}
ELSEWHERE = {
    "nas-bench-suite-zero": IMAGES,
    "az-nas-table-1": NOISE,
    "hnas-metrics": NOISE,
    "beyond-size": NOISE,
}
LONG = {"beyond-size", "nas-bench-suite-zero"}
"""Studies whose regressions take minutes."""
COMMITTED = {
    name: Committed(study, ELSEWHERE.get(name, {}))
    for name, study in RANKED.items()
    if not study.release  # whose table is not here
}


def read(name: str, file: str) -> pd.DataFrame:
    """A committed table, with its texts as they were written."""
    frame = pd.read_csv(RESULTS / name / file, float_precision="round_trip")
    texts = {column: frame[column].fillna("") for column in ("source", "published", "verdict") if column in frame}
    if file == "comparison.csv":
        del texts["published"]
        told = frame["inside"].map({True: True, False: False, "True": True, "False": False})
        texts["inside"] = told.astype(object).where(told.notna(), None)
    return frame.assign(**texts)


def section(name: str, heading: str) -> str:
    """The part of the committed tables below a heading."""
    return (RESULTS / name / "tables.md").read_text(encoding="utf-8").split(f"## {heading}\n\n")[1].split("\n\n##")[0]


@pytest.mark.parametrize("name", COMMITTED)
def test_every_coefficient_follows_from_the_scores(name: str, official: benchmarks.Table) -> None:
    study = COMMITTED[name].study
    rankings = {
        condition: rank_study.rank(frame, official, DATASETS, study.combined, resamples=1)
        for condition, frame in COMMITTED[name].frames(name).items()
    }
    made = rank_study.compared(rankings, study.published, study.words).frame.drop(columns=list(ENDS))
    committed = read(name, "comparison.csv").drop(columns=list(ENDS))
    pd.testing.assert_frame_equal(made, committed, check_dtype=False, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMITTED)
def test_intervals_follow_from_the_scores(name: str, official: benchmarks.Table) -> None:
    condition, frame = next(iter(COMMITTED[name].frames(name).items()))
    two = [*dict.fromkeys(frame["proxy"])][:2]
    made = rank_study.rank(frame[frame["proxy"].isin(two)], official, DATASETS[:1], ())[DATASETS[0]].frame
    committed = pd.read_csv(RESULTS / name / f"ranking_{condition}_cifar10.csv").set_index("proxy")
    pd.testing.assert_frame_equal(made.set_index("proxy").loc[two], committed.loc[two], check_dtype=False, rtol=1e-9)
    row = read(name, "comparison.csv").set_index(["condition", "column", "coefficient", "proxy"])
    found = row.loc[(condition, DATASETS[0], "spearman", two[0])]
    found = found.iloc[0] if isinstance(found, pd.DataFrame) else found
    assert found["low"] == pytest.approx(committed.loc[two[0], "spearman_low"])


@pytest.mark.parametrize("name", COMMITTED)
def test_what_lies_inside_follows_from_the_interval(name: str) -> None:
    rows = read(name, "comparison.csv")
    known = rows[rows["published"].notna()]
    inside = (known["low"] <= known["published"]) & (known["published"] <= known["high"])
    assert known["inside"].tolist() == inside.tolist()
    assert np.allclose(known["difference"], known["ours"] - known["published"])
    assert len(known) == sum(item.proxy in set(rows["proxy"]) for item in COMMITTED[name].study.published) * len(
        COMMITTED[name].study.conditions
    )


@pytest.mark.parametrize("name", COMMITTED)
def test_the_tables_follow_from_the_comparison(name: str) -> None:
    text = (RESULTS / name / "tables.md").read_text(encoding="utf-8")
    assert text.startswith(
        rank_study.tables(BesidePublished(read(name, "comparison.csv"), COMMITTED[name].study.words))
    )


@pytest.mark.parametrize("name", COMMITTED)
def test_the_latex_follows_from_the_comparison(name: str) -> None:
    comparison = read(name, "comparison.csv")
    for condition, words in COMMITTED[name].study.words.items():
        text = (RESULTS / name / f"comparison_{condition}.tex").read_text(encoding="utf-8")
        cells = json.loads((RESULTS / name / "study.json").read_text(encoding="utf-8"))["sample"]
        caption = f"{cells:,} random NAS-Bench-201 cells, {words}, with 95\\,\\% bootstrap intervals."
        sheets = published_sheets(comparison[comparison["condition"] == condition], caption)
        assert text == "\n".join(map(sheet_latex, sheets))


@pytest.mark.parametrize(
    "file", sorted(RESULTS.glob("*/ranking_*.tex")), ids=lambda file: f"{file.parent.name} {file.stem}"
)
def test_the_latex_of_a_ranking_follows_from_its_frame_and_says_what_its_headings_stand_for(file: Path) -> None:
    frame = pd.read_csv(file.with_suffix(".csv"), float_precision="round_trip")
    ranking = Ranking(frame, frame.head(0), str(frame["column"][0]), "", (), "")
    text = file.read_text(encoding="utf-8")
    found = re.search(r"\\caption\{(.*?)( First: accuracy of .*\.)?\}\n", text)
    assert text == sheet_latex(ranking_sheet(ranking, caption=found[1] if found else ""))
    assert found is None or found[2] is not None


@pytest.mark.parametrize("name", [name for name, item in COMMITTED.items() if item.study.between])
@pytest.mark.slow
def test_the_agreement_follows_from_the_scores(name: str) -> None:
    study = COMMITTED[name].study
    made = agreement_of(COMMITTED[name].frames(name), study.claims, study.words)
    committed = read(name, "agreement.csv")
    pd.testing.assert_frame_equal(made.frame, committed, check_dtype=False, rtol=1e-9)
    assert section(name, "Agreement of scores").strip() == sheet_markdown(
        conditions_sheet(replace(made, frame=committed))
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, item in COMMITTED.items() if item.study.transfer])
def test_the_transfer_follows_from_the_scores(name: str, official: benchmarks.Table, tmp_path: Path) -> None:
    study = COMMITTED[name].study
    text = write_transfer(COMMITTED[name].frames(name), study.words, official, DATASETS, tmp_path)
    made = pd.read_csv(tmp_path / "transfer.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(made, read(name, "transfer.csv"), rtol=1e-9)
    assert text == f"## Transfer\n\n{section(name, 'Transfer').strip()}"


@pytest.mark.parametrize("name", COMMITTED)
def test_the_record_states_what_was_scored(name: str) -> None:
    facts = json.loads((RESULTS / name / "study.json").read_text(encoding="utf-8"))
    frames = COMMITTED[name].frames(name)
    assert facts["command"].startswith(f"nasinit study {name}")
    assert facts["sample"] == max(frame["architecture"].nunique() for frame in frames.values())
    assert set(facts["settings"]) == set(frames)
    for condition, setting in facts["settings"].items():
        expected = COMMITTED[name].study.conditions[condition].setting(setting["seed"])
        assert setting == {**expected.flat(), "batch_digest": setting["batch_digest"]}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in LONG else [])
        for name, item in COMMITTED.items()
        if item.study.beyond
    ],
)
def test_what_lies_beyond_size_follows_from_the_scores(name: str, official: benchmarks.Table, tmp_path: Path) -> None:
    text = (RESULTS / name / "tables.md").read_text(encoding="utf-8")
    for condition, frame in COMMITTED[name].frames(name).items():
        rankings = rank_study.rank(frame, official, DATASETS, COMMITTED[name].study.combined, resamples=1)
        for column, ranking in rankings.items():
            stem = f"{condition}_{column.partition('_test')[0]}"
            made = write_beyond(ranking, tmp_path, stem)
            for file in (f"beyond_size_{stem}.csv", f"against_params_{stem}.csv"):
                frames = [pd.read_csv(folder / file) for folder in (tmp_path, RESULTS / name)]
                pd.testing.assert_frame_equal(*frames, rtol=1e-9, atol=1e-12)
            assert made in text


@pytest.mark.parametrize(
    ("proxy", "quoted"), [("nasi_trace", "+0.11 [0.08, 0.15]"), ("grad_norm", "+0.04 [0.02, 0.07]")]
)
def test_noise_ranks_better_than_images_as_the_text_says(proxy: str, quoted: str, official: benchmarks.Table) -> None:
    wide = {
        name: combine.wide(frame)[proxy] for name, frame in COMMITTED["nasi-figure-1"].frames("nasi-figure-1").items()
    }
    accuracies = official.values(list(wide["cifar10"].index), DATASETS[0])
    pair = [wide[name].loc[wide["cifar10"].index] for name in ("cifar10", "gaussian")]
    found = change_of_ranking(*pair, accuracies, generator=np.random.default_rng(0)).difference
    assert quoted == f"+{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
    assert quoted in (RESULTS / "nasi-figure-1" / "README.md").read_text(encoding="utf-8")
