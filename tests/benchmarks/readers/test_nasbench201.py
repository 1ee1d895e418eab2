"""The official table: small files with every fault, and the real one against the official client."""

import gzip
import math
import re

import numpy as np
import pytest

from benchmarks import Table, TableError, open_table
from benchmarks.files import sha256_of
from benchmarks.readers.nasbench201 import COLUMNS

HEADER = "index,architecture,cifar10_test_200ep_pct"
FIRST = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
SECOND = "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
ROWS = (f"0,{FIRST},10.0", f"4,{SECOND},91.5")
WIDER = tuple(f"{row},5" for row in ROWS)

MAXIMA = {"cifar10": 94.3733, "cifar100": 73.5133, "imagenet16_120": 47.3111}
CLIENT = {  # column prefix: the client's data set and metric
    "cifar10_valid": ("cifar10-valid", "valid-accuracy"),
    "cifar10_test": ("cifar10", "test-accuracy"),
    "cifar100_valid": ("cifar100", "valid-accuracy"),
    "cifar100_test": ("cifar100", "test-accuracy"),
    "imagenet16_120_valid": ("ImageNet16-120", "valid-accuracy"),
    "imagenet16_120_test": ("ImageNet16-120", "test-accuracy"),
}


def opened(path) -> Table:
    return open_table("nasbench201-official", path=path)


@pytest.fixture(scope="module")
def client(data_folder):
    import nats_bench

    return nats_bench.create(str(data_folder / "NATS-tss-v1_0-3ffb9-simple"), "tss", fast_mode=True, verbose=False)


@pytest.mark.parametrize("name", ["small.csv", "small.csv.gz"])
def test_plain_and_gzip_files_are_read_in_their_order(write_official, name):
    path = write_official(name)
    table = opened(path)
    assert len(table) == 3
    assert table.values(table.keys, "index").tolist() == [0, 1, 7]
    assert table.values(table.keys, "isomorph_index").tolist() == [0, 1, 7]
    assert table.values(table.keys, "cifar10_test_200ep_pct").tolist() == [85.8633, 93.66, 10.0]
    np.testing.assert_array_equal(table.values(table.keys, "cifar10_test_200ep_pct_seed0"), [85.62, math.nan, 10.0])
    assert table.facts.path == path
    assert table.facts.sha256 == sha256_of(path)
    assert table.facts.rows == 3


def test_columns_say_what_their_names_say(write_official):
    mean, seed = opened(write_official()).columns[2:4]
    assert (mean.dataset, mean.split, mean.epochs, mean.unit, mean.may_be_missing) == (
        "cifar10", "test", 200, "pct", False,
    )  # fmt: skip
    assert (seed.dataset, seed.seeds, seed.may_be_missing) == ("cifar10", "seed 0 of those there are", True)
    assert [column.unit for column in opened(write_official()).columns] == ["index", "index", "pct", "pct", "seeds"]


def test_a_data_set_with_a_number_in_its_name_is_understood(write_official):
    header = "architecture,imagenet16_120_valid_12ep_pct"
    column = opened(write_official(header=header, rows=(f"{FIRST},3.5",))).columns[0]
    assert (column.dataset, column.split, column.epochs) == ("imagenet16_120", "valid", 12)


def test_byte_order_mark_line_ends_and_blank_lines_of_other_systems_are_no_matter(tmp_path):
    path = tmp_path / "windows.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join((HEADER, *ROWS, "", "")).encode())
    assert opened(path).values([SECOND], "cifar10_test_200ep_pct").tolist() == [91.5]


@pytest.mark.parametrize(
    ("header", "rows", "complaint"),
    [
        (HEADER, (), "is empty: it has 1 lines"),
        ("", (), "is empty: it has 0 lines"),
        (
            HEADER.replace("architecture", "architectur"),
            ROWS,
            "unknown column 'architectur'. Did you mean 'architecture'",
        ),
        ("index,cifar10_test_200ep_pct", ("0,10",), "column 'architecture' is missing"),
        ("index,architecture", (f"0,{FIRST}",), "no accuracy column"),
        (HEADER + ",cifar10_test_200_pct", WIDER, "unknown column 'cifar10_test_200_pct'"),
        (HEADER + ",cifar10_test_200ep_loss", WIDER, "unknown column 'cifar10_test_200ep_loss'"),
        (HEADER + ",cifar10_200ep_pct", WIDER, "unknown column 'cifar10_200ep_pct'"),
        (HEADER + ",index", WIDER, "column 'index' is there twice"),
        (HEADER, (ROWS[0], ROWS[1].removesuffix(",91.5")), "row 1 has 2 cells, the header 3"),
        (HEADER, (ROWS[0] + ",5", ROWS[1]), "row 0 has 4 cells, the header 3"),
        (HEADER, (ROWS[0], f"1,{FIRST},11.0"), f"key '{FIRST}' stands in row 0 and again in row 1"),
        (HEADER, (ROWS[0], f"1,{SECOND},"), f"row 1 (from 0), key '{SECOND}', column 'cifar10_test_200ep_pct': nan is"),
        (HEADER, (ROWS[0], f"1,{SECOND},NaN"), "row 1 (from 0)"),
        (HEADER, (ROWS[0], f"1,{SECOND},inf"), "inf is infinite"),
        (HEADER, (ROWS[0], f"1,{SECOND},9150"), "9150 is not a percentage"),
        (HEADER, (ROWS[0], f"1,{SECOND},good"), "row 1, column 'cifar10_test_200ep_pct': 'good' is not a number"),
        (HEADER, (ROWS[0], f"one,{SECOND},50"), "row 1, column 'index': 'one' is not a number"),
        (HEADER, (ROWS[0], f"1.5,{SECOND},50"), "column 'index': 1.5 is not a whole number"),
        (HEADER, (ROWS[0], f"0,{SECOND},50"), "row 1, column 'index': not above the row before"),
        (HEADER, (ROWS[1], ROWS[0]), "row 1, column 'index': not above the row before"),
        (
            HEADER,
            (ROWS[0], f"1,{SECOND[:-1]},50"),
            f"row 1, column 'architecture': '{SECOND[:-1]}' is no architecture of",
        ),
        (HEADER, (ROWS[0], "1,[[(0; 1)]],50"), "row 1, column 'architecture': '[[(0; 1)]]' is of the space darts, but"),
        (HEADER, (ROWS[0], f"1,{SECOND},9_1.5"), "row 1, column 'cifar10_test_200ep_pct': '9_1.5' is not a number"),
        (HEADER, (ROWS[0], f"1,{SECOND} ,50"), f"row 1, column 'architecture': '{SECOND} ' is no architecture of"),
        (HEADER, (ROWS[0], '1,"' + SECOND), "is not a CSV file"),
    ],
)
@pytest.mark.parametrize("name", ["bad.csv", "bad.csv.gz"])
def test_every_fault_is_named_with_file_row_and_column(write_official, name, header, rows, complaint):
    path = write_official(name, header, rows)
    with pytest.raises(TableError, match=re.escape(str(path)) + ".*" + re.escape(complaint)):
        opened(path)


def test_a_gzip_file_cut_at_any_byte_is_refused(write_official):
    path = write_official("cut.csv.gz")
    whole = path.read_bytes()
    messages = []
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(TableError) as error:
            opened(path)
        messages.append(str(error.value))
    assert len(messages) == len(whole) > 100
    assert all(str(path) in message for message in messages)
    assert "cut or damaged" in messages[len(whole) // 2]


def test_a_gzip_file_damaged_inside_is_refused(write_official):
    path = write_official("damaged.csv.gz")
    whole = path.read_bytes()
    for position in range(10, len(whole)):  # the ten bytes of the header hold a time stamp, which nothing checks
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        with pytest.raises(TableError, match=r"damaged\.csv\.gz"):
            opened(path)
    assert len(opened(write_official("damaged.csv.gz"))) == 3


def test_plain_text_named_gz_and_gzip_named_csv_are_refused_with_advice(write_official, tmp_path):
    (tmp_path / "plain.csv.gz").write_bytes(write_official().read_bytes())
    with pytest.raises(TableError, match=r"plain\.csv\.gz is not a gzip file .* name it \.csv"):
        opened(tmp_path / "plain.csv.gz")
    (tmp_path / "packed.csv").write_bytes(gzip.compress(write_official().read_bytes()))
    with pytest.raises(TableError, match=r"packed\.csv is not UTF-8 text .* must end in \.gz"):
        opened(tmp_path / "packed.csv")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for name in ("absent.csv.gz", "folder.csv"):
        with pytest.raises(TableError, match=f"cannot read .*{name}"):
            opened(tmp_path / name)
    assert (tmp_path / "folder.csv").is_dir()


def test_official_columns_are_the_listed_ones(official):
    assert set(official.columns) == set(COLUMNS)


def test_official_maxima_are_the_published_optima(official):
    for dataset, maximum in MAXIMA.items():  # Dong and Yang 2020, table 5: 94.37, 73.51, 47.31
        assert official.values(official.keys, f"{dataset}_test_200ep_pct").max() == maximum


def test_official_rows_are_in_the_clients_order(official, client):
    assert list(official.keys) == list(client.meta_archs)
    np.testing.assert_array_equal(official.values(official.keys, "index"), np.arange(15_625))


@pytest.mark.parametrize("row", [0, 11, 284])
@pytest.mark.parametrize("epochs", [200, 12])
def test_official_rows_equal_the_official_client(official, client, row, epochs):
    key = client.meta_archs[row]
    for prefix, (dataset, metric) in CLIENT.items():
        published = client.get_more_info(row, dataset, hp=f"{epochs:02d}", is_random=False)[metric]
        ours = official.values([key], f"{prefix}_{epochs}ep_pct")[0]
        assert ours == pytest.approx(published, abs=5.1e-5), prefix  # the file keeps four decimals


@pytest.mark.parametrize("row", [0, 11, 284])
def test_official_seeds_equal_the_official_client(official, client, row):
    key = client.meta_archs[row]
    for column, seed in enumerate((777, 888, 999)):
        published = client.get_more_info(row, "cifar10", hp="200", is_random=seed)["test-accuracy"]
        ours = official.values([key], f"cifar10_test_200ep_pct_seed{column}")[0]
        assert ours == pytest.approx(published, abs=5.1e-5)


def test_official_means_and_counts_follow_from_the_seeds(official):
    keys = official.keys
    seeds = np.array([official.values(keys, f"cifar10_test_200ep_pct_seed{i}") for i in range(3)])
    counts = official.values(keys, "cifar10_test_200ep_seeds")
    np.testing.assert_array_equal((~np.isnan(seeds)).sum(axis=0), counts)
    assert [int((counts == n).sum()) for n in (3, 2, 1)] == [7_961, 5_439, 2_225]
    np.testing.assert_allclose(np.nanmean(seeds, axis=0), official.values(keys, "cifar10_test_200ep_pct"), atol=5.1e-5)


def test_official_isomorphism_classes_are_the_papers_6466(official):
    classes = official.values(official.keys, "isomorph_index").astype(int)
    assert len(set(classes.tolist())) == 6_466
    np.testing.assert_array_equal(classes[classes], classes)
    assert (classes <= np.arange(len(classes))).all()
