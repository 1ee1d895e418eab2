"""The parts of the study of SemiNAS: searches by labels, pairs, claims, and the study in small."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import harness
from harness.prediction import seminas
from harness.prediction.encoder_predictor_decoder import Sizes as NetworkSizes
from harness.studies.searches.claims import NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.seminas.claims import study_claims
from harness.studies.searches.seminas.labels import (
    CHEAP,
    FOREST,
    LABELS,
    NAO,
    SEMINAS,
    TEST,
    Sizes,
    paired,
    paired_tau,
    runs_frame,
    sevenfold,
    summary_frame,
)
from tests.studies.made_tables import KEYS, made_table


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = seminas.SEMINAS._replace(pretraining=2, updates=2, unlabelled=6, batch=8, sizes=NetworkSizes(4, 4))
    monkeypatch.setattr(seminas, "SEMINAS", quick)
    monkeypatch.setattr(seminas, "NAO", quick._replace(unlabelled=0))


def made(semi: float, noise: float = 0.01) -> pd.DataFrame:
    """Runs in which SemiNAS is above NAO and the forest by so much, and NAO gains 0.1 from seven times the labels."""
    generator = np.random.default_rng(0)
    rows = [
        {"search": name, "labels": labels, "run": run, "queries": labels, TEST: 93 + gain + noise * generator.normal()}
        for name, labels, gain in (
            (SEMINAS, 10, semi), (SEMINAS, 20, semi + 0.2), (NAO, 10, 0.0), (NAO, 20, 0.0), (NAO, 70, 0.1),
            (FOREST, 10, 0.0), (FOREST, 20, 0.0),
        )
        for run in range(6)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(regret=lambda frame: 94 - frame[TEST])


DRAWS = pd.DataFrame(
    [
        {"predictor": name, "samples": 50, "draw": draw, "kendall_tau_b": tau}
        for name, taus in ((SEMINAS, (0.6, 0.5, 0.55)), (NAO, (0.5, 0.45, 0.4)))
        for draw, tau in enumerate(taus)
    ]
)


def test_pairs_are_by_run_with_students_interval() -> None:
    runs = made(0.3, noise=0.2)
    wide = runs.pivot(index="run", columns=["search", "labels"], values=TEST)
    change = wide[(SEMINAS, 10)] - wide[(NAO, 70)]
    expected = stats.t.interval(0.95, 5, change.mean(), stats.sem(change))
    assert paired(runs, (SEMINAS, 10), (NAO, 70)) == pytest.approx((change.mean(), *expected))
    assert paired_tau(DRAWS, SEMINAS, NAO, 50).mean == pytest.approx(0.1)
    row = summary_frame(runs).set_index(["search", "labels"]).loc[(NAO, 70)]
    part = runs[(runs["search"] == NAO) & (runs["labels"] == 70)]
    assert (row[f"{TEST}_mean"], row["runs"]) == (pytest.approx(part[TEST].mean()), 6)
    assert row["regret_mean"] == pytest.approx(94 - part[TEST].mean())


def test_claims_are_shown_where_the_interval_says_so() -> None:
    for semi, verdicts in ((0.3, [SHOWN] * 4), (-0.5, [NOT_SHOWN] * 4)):
        runs = made(semi)
        claims = list(study_claims(runs, summary_frame(runs), DRAWS))
        by_kind = [claims[0], claims[1], claims[2], claims[4]]
        assert [claim.verdict for claim in by_kind] == verdicts
        assert claims[3].claim.startswith("pseudo-labels make the predictor rank better")
        assert [claim.verdict for claim in claims[-3:]] == [NOT_TESTABLE] * 3
    assert sevenfold([10, 20], [10, 20, 70]) == [10]


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
def test_all_begin_with_the_same_cells_and_every_label_is_counted() -> None:
    generator = np.random.default_rng(0)
    table = made_table({LABELS: generator.uniform(10, 90, len(KEYS)), TEST: generator.uniform(10, 90, len(KEYS))})
    said: list[str] = []
    sizes = Sizes((4,), (7,), 2, 3)
    runs = runs_frame(table, sizes, 1, said.append)
    assert (runs["queries"] == runs["labels"]).all()
    there = runs.groupby(["search", "labels"]).size().to_dict()
    assert there == {
        (SEMINAS, 4): 2, (NAO, 4): 2, (NAO, 7): 2, (FOREST, 4): 2, (FOREST, 7): 2,
        **{(name, labels): 3 for name in CHEAP for labels in (4, 7)},
    }  # fmt: skip
    assert len(said) == len(there)
    best = max(table.values(KEYS, TEST))
    assert runs["regret"].tolist() == pytest.approx((best - runs[TEST]).tolist())


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
def test_the_study_in_small(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    keys = [str(cell) for cell in harness.open_space("nasbench201")]
    values = {name: generator.uniform(10, 90, len(keys)).round(2) for name in (LABELS, TEST)}
    table = tmp_path / "whole.csv"
    pd.DataFrame({"architecture": keys, **values}).to_csv(table, index=False)
    out = tmp_path / "out"
    harness.run_study("seminas", out, table=str(table), quick=True, say=lambda _: None)
    for name in ("runs", "searches", "curves", "curve_draws", "claims"):
        assert len(pd.read_csv(out / f"{name}.csv"))
    assert not math.isnan(pd.read_csv(out / "searches.csv")["regret_mean"].iloc[0])
    assert (out / "seminas.svg").stat().st_size
