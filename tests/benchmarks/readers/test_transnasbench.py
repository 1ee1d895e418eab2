"""TransNAS-Bench-101's micro table: the real file against pandas' reading, and small files of this test."""

from __future__ import annotations

import ast
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import Table, TableError, list_tables, open_table
from benchmarks.keys import space_of_key
from benchmarks.readers.transnasbench import COLUMNS, TASKS, column_name

FILE = "transnasbench101_micro.csv.gz"
SCENE = "class_scene_test_25ep_best_pct"
# Best validation values of the space as its table gives them; the last is a negative loss.
BEST_VALID = {
    "class_object": 46.32, "class_scene": 54.94, "autoencoder": 0.5772, "normal": 0.5962, "segmentsemantic": 26.27,
    "room_layout": -0.5938, "jigsaw": 95.37,
}  # fmt: skip


@pytest.fixture(scope="module")
def real(data_folder: Path) -> Table:
    path = data_folder / "tables" / FILE
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return open_table("transnasbench101-micro", path=path)


def test_every_number_is_the_sources_and_every_key_its_digits(real: Table) -> None:
    source = pd.read_csv(real.facts.path)
    digits = [ast.literal_eval(text) for text in source["net"]]
    assert list(real.keys) == ["{}_{}{}_{}{}{}".format(*each) for each in digits]
    for column in real.columns:
        assert real.values(real.keys, column.name).tolist() == source[column.origin].tolist()
        assert column.higher_is_better
    assert len(real) == real.facts.rows == 4_096
    assert {space_of_key(key) for key in real.keys} == {real.facts.space} == {"transnas-micro"}
    assert [column.name for column in real.columns] == [column.name for column in COLUMNS]


def test_the_best_of_each_task(real: Table) -> None:
    for task, expected in BEST_VALID.items():
        best = max(real.values(real.keys, column_name(task, "valid")))
        assert best == pytest.approx(expected, abs=0.5 * 10 ** -(2 if expected > 1 else 4))
    assert BEST_VALID.keys() == TASKS.keys()


def test_a_file_in_the_data_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tables" / FILE.removesuffix(".gz")
    path.parent.mkdir()
    path.write_text('net,class_scene.test_top1\n"(0, 0, 0, 0, 0, 1)",10.5\n"(1, 0, 2, 3, 3, 3)",60\n')
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    found = {listing.name: listing for listing in list_tables()}["transnasbench101-micro"]
    assert (found.available, found.facts.path) == (True, path)
    table = open_table("transnasbench101-micro")
    assert table.values(["1_02_333", "0_00_001"], SCENE).tolist() == [60.0, 10.5]


@pytest.mark.parametrize("net", ["(0, 0, 0, 0, 0)", "64-2311-basic", "|none~0|+|none~0|none~1|"])
def test_a_key_of_another_form_is_named_with_its_row(tmp_path: Path, net: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f'net,class_scene.test_top1\n"(0, 0, 0, 0, 0, 1)",10.5\n"{net}",60\n')
    with pytest.raises(TableError, match=r"mine\.csv: row 1, column 'net': "):
        open_table("transnasbench101-micro", path=path)
