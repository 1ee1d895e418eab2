"""The committed outcome of the study of TransNAS-Bench-101's micro space follows from its scores."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import benchmarks
from harness.studies.searches.claims import claims_frame
from harness.studies.transnas_micro import results, study
from harness.studies.transnas_micro.own import CLAIMED, OWN
from harness.studies.transnas_micro.own_results import own_claims

FOLDER = Path(__file__).parents[2] / "results" / "transnas-micro"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", float_precision="round_trip")


@pytest.fixture(scope="module")
def table(published_data: Path) -> benchmarks.Table:
    path = published_data / "tables" / "transnasbench101_micro.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return benchmarks.open_table("transnasbench101-micro", path=path)


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "scores.csv.gz", float_precision="round_trip")


@pytest.fixture(scope="module")
def own() -> dict[str, pd.DataFrame]:
    frame = pd.read_csv(FOLDER / "own_scores.csv.gz", float_precision="round_trip")
    return {str(task): part for task, part in frame.groupby("task", sort=False)}


@pytest.mark.slow
def test_everything_follows_from_the_scores(
    scores: pd.DataFrame, own: dict[str, pd.DataFrame], table: benchmarks.Table
) -> None:
    made = results.find(scores, table, study.CONDITION.words, study.CONDITION.setting(0).shape, own=own)
    assert made.own is not None
    for frame, name in (
        (made.by_task, "by_task"), (made.retrained, "retrained"), (made.beside.frame, "comparison"),
        (made.own.frame, "own"), (made.own.means, "own_means"),
    ):  # fmt: skip
        committed = read(name).fillna({"against_params": "", "source": ""}).drop(columns="inside", errors="ignore")
        found = frame.reset_index(drop=True).drop(columns="inside", errors="ignore")
        pd.testing.assert_frame_equal(found, committed, check_dtype=False, rtol=1e-9)
    claims = claims_frame(own_claims(made.own))
    pd.testing.assert_frame_equal(claims, read("claims").fillna(""), check_dtype=False)
    for name, frame in (
        ("orders", made.orders),
        ("tasks_all", made.tasks["all"]),
        ("tasks_valid", made.tasks["valid"]),
    ):
        pd.testing.assert_frame_equal(frame, read(name).set_index("task"), check_names=False, rtol=1e-9)


def test_a_coefficient_is_pandas(scores: pd.DataFrame, table: benchmarks.Table) -> None:
    committed = read("by_task").set_index(["pool", "task", "proxy"])
    columns = results.task_columns(table)
    for pool in results.POOLS:
        chosen = scores[(scores["proxy"] == "nwot") & scores["architecture"].isin(results.keys_of(pool))].dropna()
        for task in ("class_scene", "autoencoder"):
            values = pd.Series(table.values(chosen["architecture"], columns[task]), index=chosen.index)
            row = committed.loc[(pool, task, "nwot")]
            assert row["spearman"] == pytest.approx(chosen["score"].corr(values, "spearman"), abs=1e-9)
            assert row["n"] == len(chosen)


def test_the_scores_are_those_that_the_record_states(scores: pd.DataFrame, own: dict[str, pd.DataFrame]) -> None:
    facts = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert facts["sample"] == scores["architecture"].nunique()
    assert facts["settings"]["gaussian"] == json.loads(json.dumps(study.CONDITION.setting(0).flat()))
    assert set(scores["proxy"]) == set(study.PROXIES)
    assert facts["table"]["name"] == study.TABLE
    assert facts["own_sample"] == {task: part["architecture"].nunique() for task, part in own.items()}
    cells = [str(cell) for cell in results.networks(400)]
    assert list(scores["architecture"].unique()) == cells[: facts["sample"]]
    for task, part in own.items():
        assert list(part["architecture"].unique()) == cells[: facts["own_sample"][task]]
        assert set(part["proxy"]) == set(study.PROXIES) - set(OWN[task].refused)
        assert facts["settings"][task] == json.loads(json.dumps(OWN[task].condition.setting(0).flat()))


def test_what_an_own_network_gains_is_the_difference_of_pandas_coefficients(
    scores: pd.DataFrame, own: dict[str, pd.DataFrame], table: benchmarks.Table
) -> None:
    committed = read("own").set_index(["pool", "task", "proxy"]).loc["all"]
    by_scene = scores.pivot(index="architecture", columns="proxy", values="score")
    for task, part in own.items():
        by_own = part.pivot(index="architecture", columns="proxy", values="score")
        compared = list(committed.loc[task].index)
        both = by_own[compared].join(by_scene[compared], lsuffix=" own").dropna()
        values = pd.Series(table.values(list(both.index), results.task_columns(table)[task]), index=both.index)
        row = committed.loc[(task, "jacob_cov")]
        found = [both[name].corr(values, "spearman") for name in ("jacob_cov own", "jacob_cov")]
        assert row["n"] == len(both)
        assert row["difference"] == pytest.approx(found[0] - found[1], abs=1e-9)


def test_the_page_prints_what_the_frames_hold() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    found, retrained = (read(name) for name in ("by_task", "retrained"))
    rows = {f"`{proxy}`": part for proxy, part in found[found["pool"] == "valid"].groupby("proxy")}
    rows[results.RETRAINED] = retrained[retrained["pool"] == "valid"]
    for name in (results.RETRAINED, "`meco`", "`jacob_cov`", "`params`", "`plain`"):
        numbers = " | ".join(f"{value:.2f}".replace("-", "\N{MINUS SIGN}") for value in rows[name]["spearman"])
        assert f"| {name} | {numbers} |" in page
    comparison = read("comparison")
    public = comparison[comparison["published"].notna() & (comparison["coefficient"] == "spearman")]
    assert f"{int((public['inside'] == True).sum())} of {len(public)} public coefficients" in page  # noqa: E712 — text or bool
    assert f"{int(rows[results.RETRAINED]['n'].iloc[0])} pairs of such cells" in page
    facts = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))
    assert f"{facts['sample']} of them, drawn at random" in page
    means = read("own_means")
    for row in means[means["pool"] == CLAIMED].to_dict("records"):
        ends = [f"{row[f'difference{end}']:.2f}".replace("-", "\N{MINUS SIGN}") for end in ("", "_low", "_high")]
        assert f"| {row['task']} | {row['n']} | {row['proxies']} | {ends[0]} [{ends[1]}, {ends[2]}] |" in page
