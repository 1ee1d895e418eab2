"""The parts of the study of SemiNAS: searches by labels, pairs, claims, and the study in small."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import harness
from harness.errors import SettingError
from harness.prediction import seminas
from harness.prediction.encoder_predictor_decoder import Sizes as NetworkSizes
from harness.studies.searches.claims import NOT_SHOWN, NOT_TESTABLE, SHOWN
from harness.studies.searches.seminas.claims import study_claims
from harness.studies.searches.seminas.curves import OTHERS, curves_of, draws_of, is_here, paired_tau
from harness.studies.searches.seminas.labels import (
    ACCURACY,
    CHEAP,
    FOREST,
    NAO,
    SEMINAS,
    Sizes,
    data_sets,
    paired,
    parts_of,
    run_part,
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
        {
            "data_set": "cifar10", "search": name, "labels": labels, "run": run, "queries": labels,
            ACCURACY: 93 + gain + noise * generator.normal(),
        }
        for name, labels, gain in (
            (SEMINAS, 10, semi), (SEMINAS, 20, semi + 0.2), (NAO, 10, 0.0), (NAO, 20, 0.0), (NAO, 70, 0.1),
            (FOREST, 10, 0.0), (FOREST, 20, 0.0),
        )
        for run in range(6)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(regret=lambda frame: 94 - frame[ACCURACY])


DRAWS = pd.DataFrame(
    [
        {"curve": "cifar10", "column": "a", "predictor": name, "samples": 50, "draw": draw, "kendall_tau_b": tau}
        for name, taus in ((SEMINAS, (0.6, 0.5, 0.55)), (NAO, (0.5, 0.45, 0.4)))
        for draw, tau in enumerate(taus)
    ]
)


def test_pairs_are_by_run_with_students_interval() -> None:
    runs = made(0.3, noise=0.2)
    wide = runs.pivot(index="run", columns=["search", "labels"], values=ACCURACY)
    change = wide[(SEMINAS, 10)] - wide[(NAO, 70)]
    expected = stats.t.interval(0.95, 5, change.mean(), stats.sem(change))
    assert paired(runs, (SEMINAS, 10), (NAO, 70)) == pytest.approx((change.mean(), *expected))
    assert paired_tau(DRAWS, SEMINAS, NAO, 50).mean == pytest.approx(0.1)
    row = summary_frame(runs).set_index(["search", "labels"]).loc[(NAO, 70)]
    part = runs[(runs["search"] == NAO) & (runs["labels"] == 70)]
    assert (row[f"{ACCURACY}_mean"], row["runs"]) == (pytest.approx(part[ACCURACY].mean()), 6)
    assert row["regret_mean"] == pytest.approx(94 - part[ACCURACY].mean())


def test_claims_are_shown_where_the_interval_says_so() -> None:
    for semi, verdicts in ((0.3, [SHOWN] * 4), (-0.5, [NOT_SHOWN] * 4)):
        runs = made(semi)
        claims = list(study_claims(runs, summary_frame(runs), DRAWS))
        by_kind = [claims[0], claims[1], claims[2], claims[3]]
        assert [claim.verdict for claim in by_kind] == verdicts
        assert claims[5].claim.startswith("CIFAR-10: pseudo-labels make the predictor rank better")
        assert [claim.verdict for claim in claims[-3:]] == [NOT_TESTABLE] * 3
    assert sevenfold([10, 20], [10, 20, 70]) == [10]


def table_of(names: list[str], keys: list[str]) -> harness.evaluation.Table:
    generator = np.random.default_rng(0)
    columns = [f"{name}_{split}_200ep_pct" for name in names for split in ("valid", "test")]
    return made_table({column: generator.uniform(10, 90, len(keys)).round(2) for column in columns}, keys=keys)


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
def test_all_begin_with_the_same_cells_and_every_label_is_counted() -> None:
    table, sizes = table_of(["cifar10"], KEYS), Sizes((4,), (7,), 2, 3)
    parts = parts_of(sizes, data_sets(table))
    assert [part[1:] for part in parts] == [
        (SEMINAS, 4), *((name, labels) for name in (NAO, FOREST, *CHEAP) for labels in (4, 7))
    ]  # fmt: skip
    runs = pd.concat([run_part(table, part, sizes, 1) for part in parts], ignore_index=True)
    assert (runs["queries"] == runs["labels"]).all()
    counts = runs.groupby(["search", "labels"]).size().to_dict()
    assert counts == {part[1:]: 3 if part.search in CHEAP else 2 for part in parts}
    best = max(table.values(KEYS, "cifar10_test_200ep_pct"))
    assert runs["regret"].tolist() == pytest.approx((best - runs[ACCURACY]).tolist())


def test_a_data_set_needs_both_columns_and_cifar10_must_be_there() -> None:
    table = made_table(
        {name: np.ones(3) for name in ("cifar10_valid_200ep_pct", "cifar10_test_200ep_pct", "cifar100_test_200ep_pct")},
        keys=KEYS[:3],
    )
    assert data_sets(table) == ["cifar10"]
    with pytest.raises(harness.evaluation.TableError, match="cifar10_valid_200ep_pct"):
        data_sets(made_table({"cifar10_test_200ep_pct": np.ones(3)}, keys=KEYS[:3]))


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("name", sorted(OTHERS))
def test_predictors_are_fitted_to_tables_of_other_spaces(name: str) -> None:
    (curve,) = (each for each in curves_of(Sizes(), []) if each.curve == name)
    if not is_here(curve, print):
        pytest.skip(f"the table {name} is not here")
    curve = curve._replace(samples=(30,))
    found = draws_of(curve, table_of(["cifar10"], KEYS[:3]), Sizes(draws=1), 0, progress=False)
    assert found.draws["predictor"].tolist() == list(curve.predictors)
    assert np.isfinite(found.draws["kendall_tau_b"]).all()


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
def test_the_study_in_small_and_that_it_goes_on(tmp_path: Path) -> None:
    keys = [str(cell) for cell in harness.open_space("nasbench201")]
    made = table_of(["cifar10", "cifar100"], keys)
    table = tmp_path / "whole.csv"
    columns = {name: made.values(keys, name) for name in made.column_names}
    pd.DataFrame({"architecture": keys, **columns}).to_csv(table, index=False)
    out, said = tmp_path / "out", list[str]()
    harness.run_study("seminas", out, table=str(table), quick=True, say=said.append)
    for name in ("runs", "searches", "curves", "curve_draws", "claims"):
        assert len(pd.read_csv(out / f"{name}.csv"))
    assert set(pd.read_csv(out / "searches.csv")["data_set"]) == {"cifar10", "cifar100"}
    assert not math.isnan(pd.read_csv(out / "searches.csv")["regret_mean"].iloc[0])
    assert (out / "seminas.svg").stat().st_size
    runs, claims = pd.read_csv(out / "runs.csv"), (out / "claims.csv").read_bytes()
    cut = runs[~((runs["data_set"] == "cifar100") & (runs["search"] == NAO))]
    cut.to_csv(out / "runs.csv", index=False)
    again: list[str] = []
    harness.run_study("seminas", out, table=str(table), quick=True, say=again.append)
    made_again = [line for line in again if "labels:" in line]
    assert len(made_again) == 2
    assert set(made_again) <= set(said)
    assert (out / "claims.csv").read_bytes() == claims
    with pytest.raises(SettingError, match="another seed"):
        harness.run_study("seminas", out, table=str(table), quick=True, seed=1, say=said.append)
