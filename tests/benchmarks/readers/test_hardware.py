"""Latency and energy: the real file against pandas' reading of it, what its notes claim, and small broken files."""

import re
import time

import numpy as np
import pandas as pd
import pytest

from benchmarks import TableError, open_table
from benchmarks.readers.hardware import COLUMNS

CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
FILE = "nasbench201_hardware.csv.gz"
BY_ORIGIN = {column.origin: column for column in COLUMNS}


@pytest.fixture(scope="module")
def path(data_folder):
    if not (data_folder / FILE).exists():
        pytest.skip(f"{data_folder / FILE} is not here")
    return data_folder / FILE


@pytest.fixture(scope="module")
def table(path):
    return open_table("nasbench201-hardware", path=path)


@pytest.fixture(scope="module")
def source(path):
    return pd.read_csv(path, index_col="architecture")


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / "small.csv"
        path.write_text("\n".join((*lines, "")))
        return path

    return write


def values(table, column):
    return table.values(table.keys, column)


def test_every_number_is_the_sources_and_minus_one_is_missing(table, source):
    assert list(table.keys) == source.index.tolist()
    assert [column.origin for column in table.columns] == source.columns.tolist()
    for column in table.columns:
        expected = source[column.origin].to_numpy()
        np.testing.assert_array_equal(values(table, column.name), np.where(expected == -1, np.nan, expected))


def test_the_file_joins_the_official_table(table, official):
    assert table.keys == official.keys


def test_only_the_edge_tpu_lacks_cells(table):
    missing = {name: int(np.isnan(values(table, name)).sum()) for name in table.column_names}
    assert {name: count for name, count in missing.items() if count} == {
        f"hwnas_{dataset}_edgetpu_latency_ms": 4_699 for dataset in ("cifar10", "cifar100", "imagenet16_120")
    }


def test_what_the_note_says_of_equal_columns_holds(table):
    for device in ("pixel3", "raspi4", "eyeriss", "fpga"):
        assert (
            values(table, f"help_{device}_latency_ms").tolist()
            == values(table, f"hwnas_cifar10_{device}_latency_ms").tolist()
        )
    for dataset in ("cifar10", "cifar100", "imagenet16_120"):
        energy, latency = (values(table, f"hwnas_{dataset}_fpga_{what}") for what in ("energy_mj", "latency_ms"))
        np.testing.assert_allclose(energy, 7 * latency, rtol=1e-5)
    for what in ("energy_mj", "latency_ms"):
        assert (
            values(table, f"hwnas_cifar10_fpga_{what}").tolist()
            == values(table, f"hwnas_cifar100_fpga_{what}").tolist()
        )


def test_first_row_is_the_one_that_the_authors_print(table):
    """The readme of github.com/GATECH-EIC/HW-NAS-Bench prints the figures of architecture 0 on CIFAR-10, with units."""
    printed = {
        "edgegpu_latency_ms": 5.807418537139893,
        "edgegpu_energy_mj": 24.226614330768584,
        "raspi4_latency_ms": 10.481976820010459,
        "edgetpu_latency_ms": 0.9571811309997429,
        "pixel3_latency_ms": 3.60585,
        "eyeriss_latency_ms": 3.64562,
        "eyeriss_energy_mj": 0.6872827645,
        "fpga_latency_ms": 2.57296,
        "fpga_energy_mj": 18.01072,
    }
    for name, value in printed.items():
        assert table.values(table.keys[:1], f"hwnas_cifar10_{name}")[0] == pytest.approx(value, rel=5e-6)


def test_times_and_energies_are_better_when_lower():
    assert {column.unit for column in COLUMNS} == {"ms", "mj", "ratio"}
    for column in COLUMNS:
        assert column.higher_is_better == (column.unit == "ratio")
        assert ("latency" in column.name, "energy" in column.name) == (column.unit == "ms", column.unit == "mj")
    assert len(COLUMNS) == len(BY_ORIGIN) == 57


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("hwnas_c10_edgegpu_latency", "hwnas_cifar10_edgegpu_latency_ms"),
        ("hwnas_in16_eyeriss_energy", "hwnas_imagenet16_120_eyeriss_energy_mj"),
        ("help_1080ti_1", "help_1080ti_batch1_latency_ms"),
        ("help_titan_rtx_256", "help_titan_rtx_batch256_latency_ms"),
    ],
)
def test_the_sources_own_name_leads_to_ours(write, asked, name):
    table = open_table("nasbench201-hardware", path=write(f"architecture,{asked}", f"{CELL},1.5"))
    assert table.column_names == (name,)
    with pytest.raises(TableError, match=f"unknown column '{asked}': its name is {name} here"):
        table.values([CELL], asked)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (("architecture,hwnas_c10_edgpu_latency", f"{CELL},1"), "Did you mean 'hwnas_c10_edgetpu_latency'"),
        (("architecture,help_raspi4", f"{CELL},-1"), "column 'help_raspi4_latency_ms': -1 is below zero"),
        (("architecture,help_raspi4", f"{CELL},"), "nan is missing (NaN), which this column does not allow"),
        (("architecture,hwnas_c10_edgetpu_latency", f"{CELL},-2"), "-2 is below zero"),
        (("architecture,help_raspi4", f"{CELL},fast"), "row 0, column 'help_raspi4': 'fast' is not a number"),
        (("architecture,help_raspi4", f"{CELL[:-9]},1"), "row 0, column 'architecture': "),
        (("architecture,help_raspi4", "8:8:8:8:8,1"), "is of the space natsbench-sizes, but"),
        (("architecture,help_raspi4", f"{CELL},1", f"{CELL},2"), "stands in row 0 and again in row 1"),
        (("architecture", CELL), "it has no column except 'architecture'"),
        (("cell,help_raspi4", f"{CELL},1"), "column 'architecture' is missing"),
    ],
)
def test_every_fault_is_named_with_file_row_and_column(write, lines, complaint):
    path = write(*lines)
    with pytest.raises(TableError, match=re.escape(str(path)) + ".*" + re.escape(complaint)):
        open_table("nasbench201-hardware", path=path)


def test_by_its_file_name_the_file_opens_as_itself(path):
    assert open_table(path).facts.name == "nasbench201-hardware"


def test_opening_takes_little_time(path):
    """0.4 s of processor time on a laptop's core; the limit allows for a slow one."""
    start = time.process_time()
    open_table("nasbench201-hardware", path=path)
    assert time.process_time() - start < 3
