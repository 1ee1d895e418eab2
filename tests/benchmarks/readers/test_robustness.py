"""Robust accuracy: the real file against pandas' reading, and its networks against the official client's."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import TableError, open_table
from benchmarks.readers.robustness import COLUMNS

CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
FILE = "nasbench201_robustness_cifar10.csv.gz"
CLEAN = "cifar10half_test_200ep_clean_pct"


@pytest.fixture(scope="module")
def table(data_folder):
    if not (data_folder / FILE).exists():
        pytest.skip(f"{data_folder / FILE} is not here")
    return open_table("nasbench201-robustness", path=data_folder / FILE)


@pytest.fixture(scope="module")
def client(data_folder):
    import nats_bench

    return nats_bench.create(str(data_folder / "NATS-tss-v1_0-3ffb9-simple"), "tss", fast_mode=True, verbose=False)


def values(table, column):
    return table.values(table.keys, column)


def test_every_number_is_the_sources(table):
    source = pd.read_csv(table.facts.path, index_col="architecture")
    assert list(table.keys) == source.index.tolist()
    assert [column.origin for column in table.columns] == source.columns.tolist()
    for column in table.columns:
        assert values(table, column.name).tolist() == source[column.origin].tolist()


def test_the_file_joins_the_official_table(table, official):
    assert table.keys == official.keys


@pytest.mark.parametrize("row", [0, 11, 284])
def test_the_clean_accuracy_is_that_of_the_half_trained_networks_of_seed_888(table, client, row):
    key = client.meta_archs[row]
    record = client.query_meta_info_by_index(row, "200")
    accuracies = {
        (dataset, seed): record.query(dataset, seed).get_eval("ori-test")["accuracy"]
        for dataset in ("cifar10-valid", "cifar10")
        for seed in record.get_dataset_seeds(dataset)
    }
    assert len(accuracies) == 6
    clean = table.values([key], CLEAN)[0]
    assert [name for name, accuracy in accuracies.items() if abs(accuracy - clean) < 0.005] == [("cifar10-valid", 888)]


def test_the_notes_comparison_with_the_official_table_holds(table, official):
    clean, test, valid = (
        values(table, CLEAN),
        values(official, "cifar10_test_200ep_pct"),
        values(official, "cifar10_valid_200ep_pct"),
    )
    assert round(float((test - clean).mean()), 1) == 3.7
    assert round(stats.spearmanr(clean, test).statistic, 3) == 0.980
    assert round(stats.spearmanr(clean, valid).statistic, 3) == 0.991
    assert "3.7 on average" in table.facts.note


def test_a_stronger_attack_leaves_less(table):
    """Column by column, not cell by cell: the attacks are randomised."""
    for attack in ("apgd_ce", "square", "pgd"):
        sizes = [name for name in table.column_names if f"_{attack}_linf_" in name]
        means = [values(table, name).mean() for name in sizes]
        assert len(sizes) == 7
        assert means == sorted(means, reverse=True)
    strongest = values(table, "cifar10half_test_200ep_apgd_ce_linf_eps8_pct")
    assert round(float((strongest == 0).mean()), 2) == 0.97


def test_names_are_made_of_attack_norm_and_size():
    names = [column.name for column in COLUMNS]
    assert len(set(names)) == len(names) == 33
    pattern = r"cifar10half_test_200ep_(clean|(apgd_ce|square|fgsm|pgd)_linf_eps[0-9]+(\.[0-9]+)?)_pct"
    assert [name for name in names if not re.fullmatch(pattern, name)] == []
    assert "cifar10half_test_200ep_fgsm_linf_eps0.1_pct" in names


def test_the_sources_own_name_leads_to_ours(tmp_path):
    (tmp_path / "small.csv").write_text(f"architecture,clean,fgsm@Linf_eps-1.0\n{CELL},10.0,9.5\n")
    table = open_table("nasbench201-robustness", path=tmp_path / "small.csv")
    complaint = "unknown column 'fgsm@Linf_eps-1.0': its name is cifar10half_test_200ep_fgsm_linf_eps1_pct here"
    with pytest.raises(TableError, match=re.escape(complaint)):
        table.column("fgsm@Linf_eps-1.0")
    assert np.isclose(table.values([CELL], "cifar10half_test_200ep_fgsm_linf_eps1_pct"), 9.5)


def test_a_negative_accuracy_is_named_with_file_row_and_column(tmp_path):
    (tmp_path / "small.csv").write_text(f"architecture,clean\n{CELL},-0.5\n")
    with pytest.raises(TableError, match=rf"small\.csv\): row 0 .*column '{CLEAN}': -0.5 is not a percentage"):
        open_table("nasbench201-robustness", path=tmp_path / "small.csv")
