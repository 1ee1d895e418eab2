"""The part of AGNN's study with networks that are trained. Oracles: scipy's intervals, and runs made by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from harness.report.figures.agnn import trained_figure
from harness.report.tables.agnn import trained_sheet
from harness.report.tables.text import sheet_text
from harness.studies.searches.agnn.trained import ARMS, NOISE, PLAIN, QUICK, USUAL, read_graphs, run_trained
from harness.studies.searches.agnn.trained_claims import runs_frame, trained_claims, trained_frame
from harness.studies.searches.claims import NOT_FINISHED, NOT_SHOWN, SHOWN

FOUND = {
    "agnn": [80.0, 81.0, 82.0], "agnn_shared": [79.0, 79.5, 80.0], "random_search": [70.0, 70.5, 71.0],
    "graphnas": [80.0, 81.0, 82.0], "agnn_random_class": [80.0, 80.5, 82.0],
}  # fmt: skip
TEXT = "8:gcn:1:sum:identity:relu||8:gat:1:sum:identity:relu"
SECONDS = {"agnn": 10.0, "agnn_shared": 2.0, "random_search": 12.0, "graphnas": 12.0, "agnn_random_class": 9.0}


def made(runs: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three runs of two queries each, whose second is the best, and two trainings of what each found."""
    queries, finals = [], []
    for arm, values in FOUND.items():
        for run, value in enumerate(values[:runs]):
            named = {"graph": "cora", "arm": arm, "run": run}
            for query, answer in enumerate((value - 5, value)):
                text = TEXT.replace("8:gcn:1", f"{8 if arm == 'agnn' else 2 ** (query + 4)}:gcn:{query + 1}")
                queries.append(
                    {**named, "query": query, "architecture": text, "validation_pct": answer,
                     "seconds": SECONDS[arm] + run}
                )  # fmt: skip
            for seed in (1000, 1001):
                finals.append({**named, "seed": seed, "validation_pct": value, "test_pct": value + seed - 1000})
    for seed in (1000, 1001):
        finals.append(
            {"graph": "cora", "arm": PLAIN, "run": 0, "seed": seed, "validation_pct": 79.0, "test_pct": seed - 920.5}
        )
    return pd.DataFrame(queries), pd.DataFrame(finals)


def test_a_run_is_its_best_answer_and_the_mean_of_its_trainings() -> None:
    runs = runs_frame(*made())
    row = runs[(runs["arm"] == "agnn") & (runs["run"] == 1)].iloc[0]
    by_arm = runs.groupby("arm")["networks"].max()
    assert (by_arm["agnn"], by_arm["graphnas"]) == (1, 2), "the number of heads of gcn makes no other network"
    assert row[["found_pct", "seconds", "validation_pct", "test_pct"]].tolist() == [81.0, 22.0, 81.0, 81.5]
    plain = runs[runs["arm"] == PLAIN]
    assert plain["test_pct"].tolist() == [79.5, 80.5]
    assert plain["found_pct"].isna().all()


def test_means_and_deviations_are_over_runs() -> None:
    frame = trained_frame(*made()).set_index("arm")
    assert frame.loc["agnn", ["runs", "found_pct_mean", "found_pct_std", "test_pct_mean"]].tolist() == [3, 81, 1, 81.5]
    assert frame.loc[PLAIN, "runs"] == 2
    text = sheet_text(trained_sheet(trained_frame(*made())))
    assert "81.00 ± 1.00" in text
    assert next(line for line in text.splitlines() if " gcn " in line).split()[:5] == ["gcn", "2", "–", "–", "–"]


def test_claims_hold_where_welchs_interval_is_on_their_side() -> None:
    claims = {claim.claim: claim for claim in trained_claims(*made())}
    assert len(claims) == 3 * 2 + 3
    ends = stats.ttest_ind(FOUND["agnn"], FOUND["random_search"], equal_var=False).confidence_interval()
    first = claims["higher validation accuracy than random search: cora, 2 queries (our own question)"]
    assert f"3 runs and 3 runs: +10.50 [{ends.low:+.2f}, {ends.high:+.2f}]" in first.ours
    verdicts = {claim.split(":")[0]: found.verdict for claim, found in claims.items()}
    assert verdicts["higher test accuracy than random search"] == SHOWN
    assert verdicts["higher test accuracy than a recurrent controller that draws everything anew"] == NOT_SHOWN
    assert verdicts["sharing weights saves time"] == SHOWN
    assert verdicts["sharing weights costs test accuracy"] == NOT_SHOWN
    assert {claim.verdict for claim in trained_claims(*made(runs=1))} == {NOT_FINISHED}


def test_the_arms_ask_as_often() -> None:
    assert set(FOUND) == set(ARMS)
    assert USUAL.search.queries * USUAL.runs * len(ARMS) * len(USUAL.graphs) == 1500


@pytest.mark.slow
def test_a_killed_part_goes_on_to_the_same_numbers(tmp_path: Path) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    graphs = read_graphs(QUICK, None)
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trained(graphs, QUICK, 0, tmp_path / "killed", say, progress=False)
    again, whole = (
        run_trained(graphs, QUICK, 0, tmp_path / name, lambda line: None, progress=False)
        for name in ("killed", "whole")
    )
    for one, other in zip(again, whole, strict=True):
        pd.testing.assert_frame_equal(one.drop(columns="seconds"), other.drop(columns="seconds"))
    assert set(whole.finals["arm"]) == {*ARMS, PLAIN}
    assert set(whole.queries["graph"]) == {NOISE}
    assert (whole.queries.groupby(["arm", "run"]).size() == QUICK.search.queries).all()
    figure = trained_figure(whole.queries, runs_frame(whole.queries, whole.finals))
    assert len(figure.axes) == 2
