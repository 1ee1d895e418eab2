"""The committed outcome of the study restoration-proxies follows from its trainings and scores."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from harness.evaluation import Table, open_table
from harness.studies.restoration_proxies import results
from harness.studies.restoration_proxies.protocols import PROTOCOLS, USUAL, Protocol, architectures_of

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
