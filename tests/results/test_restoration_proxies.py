"""The committed outcome of the study restoration-proxies follows from its trainings and scores."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.evaluation import Table, open_table
from harness.studies.options import StudyOptions
from harness.studies.restoration_proxies import results, study
from harness.studies.restoration_proxies.protocols import PROTOCOLS, USUAL, Protocol, architectures_of
from harness.studies.restoration_proxies.scored import refused

FOLDER = Path(__file__).parents[2] / "results" / "restoration-proxies"
RECORD = json.loads((FOLDER / "study.json").read_text(encoding="utf-8"))


@pytest.fixture(params=PROTOCOLS, ids=lambda protocol: protocol.table)
def protocol(request: pytest.FixtureRequest) -> Protocol:
    found: Protocol = request.param
    return found


@pytest.fixture
def table(protocol: Protocol) -> Table:
    return open_table(FOLDER / f"{protocol.table}.parquet")


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / name, float_precision="round_trip")


def test_the_table_is_of_the_first_random_architectures_with_their_own_sizes(protocol: Protocol, table: Table) -> None:
    space = protocol.opened
    assert set(table.keys) <= set(map(str, architectures_of(protocol, max(USUAL, len(table)), RECORD["seed"])))
    assert table.values(table.keys, "params").tolist() == [space.sizes(space.parse(key))[0] for key in table.keys]
    assert table.facts.sha256 == RECORD["tables"][protocol.table]["sha256"]
    assert len(table) == RECORD["networks"][protocol.table]


def test_the_table_has_the_means_of_the_trainings(protocol: Protocol, table: Table) -> None:
    trainings = read("trainings.csv")
    own = trainings[trainings["table"] == protocol.table]
    for name, part in own.groupby("set"):
        means = part.groupby("architecture")["psnr_db"].mean()
        found = table.values(list(means.index), f"{name}_psnr_db").tolist()
        assert found == pytest.approx(means.tolist(), abs=1e-9)


def test_the_coefficients_follow_from_the_scores(protocol: Protocol, table: Table) -> None:
    scores = read(f"scores_{protocol.table}.csv.gz")
    rankings = results.rankings_of(scores, table, resamples=1)
    found = pd.concat([results.coefficients(rankings, protocol.table), results.known_values(table, resamples=1)])
    kept = read("coefficients.csv")
    both = found.merge(kept, on=["table", "column", "proxy"], suffixes=("", "_kept"))
    assert len(both) == len(found) == (kept["table"] == protocol.table).sum()
    for name in ("n", "spearman", "kendall_tau_b"):
        assert both[name].tolist() == pytest.approx(both[f"{name}_kept"].tolist(), abs=1e-9, nan_ok=True)


def test_agreement_and_reasons_follow_from_coefficients_and_scores(protocol: Protocol) -> None:
    columns = {each.table: results.main_column(open_table(FOLDER / f"{each.table}.parquet")) for each in PROTOCOLS}
    known = (results.VALIDATION, results.AGAIN)
    own = read("coefficients.csv")[lambda frame: ~frame["proxy"].isin(known)]
    pd.testing.assert_frame_equal(
        results.agreement(own, columns), read("agreement.csv"), check_names=False, check_exact=False, rtol=1e-12
    )
    kept = read("refused.csv")
    found = refused(read(f"scores_{protocol.table}.csv.gz").assign(message=""), protocol.table)
    own = kept[kept["table"] == protocol.table].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.drop(columns="why"), own.drop(columns="why"))


def test_the_table_has_ssim_beside_each_psnr(table: Table) -> None:
    trainings = read("trainings.csv")
    for name in results.psnr_columns(table):
        part = trainings[trainings["set"] == name.removesuffix("_psnr_db")]
        means = part[part["table"] == table.facts.name].groupby("architecture")["ssim"].mean()
        found = table.values(list(means.index), name.replace("_psnr_db", "_ssim")).tolist()
        assert found == pytest.approx(means.tolist(), abs=1e-9)


@pytest.mark.slow
def test_the_claims_follow_from_tables_and_scores(tmp_path: Path) -> None:
    tables = {each.table: open_table(FOLDER / f"{each.table}.parquet") for each in PROTOCOLS}
    scores = {name: read(f"scores_{name}.csv.gz") for name in tables}
    frames, _, _ = study._found(StudyOptions(tmp_path, print, quick=RECORD["quick"]), tables, scores)
    pd.testing.assert_frame_equal(frames["claims"], read("claims.csv").fillna(""), check_names=False)
