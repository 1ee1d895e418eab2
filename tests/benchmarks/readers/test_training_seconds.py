"""Seconds of NAS-Bench-201's short trainings: the real file against pandas' reading, and small files of this test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import Table, TableError, list_tables, open_table

FILE = "nasbench201_12epochs_seconds.csv.gz"
SECONDS, VALID = "cifar10half_12ep_train_s", "cifar10_valid_12ep_pct"
CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
OTHER = "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"


@pytest.fixture(scope="module")
def real(data_folder: Path) -> Table:
    path = data_folder / "tables" / FILE
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return open_table("nasbench201-seconds", path=path)


def test_every_number_is_the_sources(real: Table, official: Table) -> None:
    source = pd.read_csv(real.facts.path, index_col="arch")
    assert list(real.keys) == source.index.tolist() == list(official.keys)
    for column in real.columns:
        assert real.values(real.keys, column.name).tolist() == source[column.origin].tolist()
    assert len(real) == real.facts.rows == 15_625
    assert not real.column(SECONDS).higher_is_better
    assert real.column(SECONDS).unit == "s"


def test_its_accuracies_are_the_official_ones(real: Table, official: Table) -> None:
    np.testing.assert_array_equal(real.values(real.keys, VALID), official.values(official.keys, VALID))


@pytest.mark.parametrize("place", [FILE.removesuffix(".gz"), f"tables/{FILE.removesuffix('.gz')}"])
def test_a_file_in_the_data_folder_is_found(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"index,arch,valacc_hp12,cost_seconds\n0,{CELL},10.5,40.25\n1,{OTHER},60,50\n")
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    found = {listing.name: listing for listing in list_tables()}["nasbench201-seconds"]
    assert (found.available, found.facts.path) == (True, path)
    table = open_table("nasbench201-seconds")
    assert table.values([OTHER, CELL], SECONDS).tolist() == [50.0, 40.25]
    assert table.facts.sha256 is not None
    assert open_table(path).facts.name == "nasbench201-seconds"


def test_a_damaged_file_is_named_with_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"arch,cost_seconds\n{CELL},-1\n")
    with pytest.raises(TableError, match=rf"mine\.csv\): row 0 .*column '{SECONDS}': -1 is below zero"):
        open_table("nasbench201-seconds", path=path)
    path.write_text(f"arch,seconds\n{CELL},1\n")
    with pytest.raises(TableError, match="unknown column 'seconds'"):
        open_table("nasbench201-seconds", path=path)
