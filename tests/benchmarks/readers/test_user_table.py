"""Tables of the user's own: what a file becomes, and every fault with file, row and column.

Oracle for the numbers: pandas' own reading of the same file.
"""

import gzip
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import TableError, open_table
from benchmarks.files import sha256_of
from benchmarks.readers.user_table import column_of, read_user_table
from harness.spaces import open_space
from harness.spaces.darts import forms

CELLS = [str(cell) for cell in open_space("nasbench201").sample(4, seed=1)]
GENOTYPES = open_space("darts").sample(3, seed=1)
FRAME = pd.DataFrame(
    {"architecture": CELLS, "cifar10_test_200ep_pct": [90.5, 93.0, None, 10.0], "edge_latency_ms": [1.5, 2, 3, 0]}
)


@pytest.fixture
def write(tmp_path):
    """Writes a frame as .csv, .csv.gz or .parquet and returns the path."""

    def write(frame, name="mine.csv"):
        path = tmp_path / name
        if path.suffix == ".parquet":
            frame.to_parquet(path, index=False)
        else:
            content = frame.to_csv(index=False).encode()
            path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    return write


def changed(column, row, value):
    frame = FRAME.astype({column: object})
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize("name", ["mine.csv", "mine.csv.gz", "mine.parquet"])
def test_a_file_with_an_architecture_column_is_a_table(write, name):
    path = write(FRAME, name)
    table = open_table(path)
    pd.testing.assert_frame_equal(table.frame().reset_index(), FRAME.astype({"edge_latency_ms": float}))
    assert table.facts.path == path
    assert table.facts.sha256 == sha256_of(path)
    assert (table.facts.name, table.facts.space, table.facts.rows) == (name, "nasbench201", 4)
    assert table.repeated == ()


def test_a_table_of_every_cell_is_read_to_the_last_bit(write):
    cells = [str(cell) for cell in open_space("nasbench201")]
    values = np.random.default_rng(0).normal(size=(len(cells), 3))
    frame = pd.DataFrame(values, columns=["a", "b", "c_ratio"]).assign(architecture=cells)
    for name in ("all.csv", "all.parquet"):
        table = open_table(write(frame, name))
        assert np.array([table.values(cells, column) for column in table.column_names]).T.tolist() == values.tolist()


@pytest.mark.parametrize("kind", ["int64", "int8", "float32", "Int64", "uint16"])
def test_parquet_numbers_of_any_width_and_nulls_are_read(write, kind):
    frame = FRAME.assign(count=pd.array([1, 2, 3, 4], dtype=kind))
    if kind == "Int64":
        frame.loc[2, "count"] = pd.NA
    np.testing.assert_array_equal(
        open_table(write(frame, "n.parquet")).values(CELLS, "count"), [1, 2, np.nan if kind == "Int64" else 3, 4]
    )


def test_a_parquet_file_with_decimals_and_categories_is_read(tmp_path):
    import decimal

    columns = {
        "architecture": pa.array(CELLS).dictionary_encode(),
        "x_s": pa.array([decimal.Decimal("1.25")] * 4, pa.decimal128(9, 2)),
    }
    pq.write_table(pa.table(columns), tmp_path / "d.parquet")
    assert open_table(tmp_path / "d.parquet").values(CELLS, "x_s").tolist() == [1.25] * 4


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("cifar10_test_200ep_pct", ("cifar10", "test", 200, "pct", True)),
        ("imagenet16_120_valid_12ep_pct_seed777", ("imagenet16_120", "valid", 12, "pct", True)),
        ("cifar10_test_600ep_error_pct", ("cifar10", "test", 600, "pct", False)),
        ("cifar10_test_200ep_fgsm_linf_eps0.5_pct", ("cifar10", "test", 200, "pct", True)),
        ("cifar10_valid_200ep_loss_nats", ("cifar10", "valid", 200, "nats", False)),
        ("cifar10_test_pct", (None, None, None, "pct", True)),
        ("phone_latency_ms", (None, None, None, "ms", False)),
        ("phone_mj", (None, None, None, "mj", False)),
        ("train_s", (None, None, None, "s", False)),
        ("params", (None, None, None, "params", False)),
        ("cifar10_macs", (None, None, None, "macs", False)),
        ("Test Error", (None, None, None, "ratio", False)),
        ("latency", (None, None, None, "ratio", False)),
        ("accuracy", (None, None, None, "ratio", True)),
        ("mirrors", (None, None, None, "ratio", True)),
        ("terrors", (None, None, None, "ratio", True)),
        ("cifar10_test_0ep_pct", (None, None, None, "pct", True)),
        ("Accuracy (%)", (None, None, None, "ratio", True)),
    ],
)
def test_a_column_is_what_its_name_says(name, facts):
    column = column_of(name)
    assert (column.dataset, column.split, column.epochs, column.unit, column.higher_is_better) == facts
    assert column.may_be_missing
    assert column.name == name


def test_the_seed_of_a_name_is_told():
    assert column_of("cifar10_test_200ep_pct_seed777").seeds == "seed 777"


@pytest.mark.parametrize("name", ["mine.csv", "mine.csv.gz", "mine.parquet"])
@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (
            changed("cifar10_test_200ep_pct", 1, -3.5),
            "column 'cifar10_test_200ep_pct': -3.5 is not a percentage from 0 ",
        ),
        (changed("cifar10_test_200ep_pct", 1, 100.1), "column 'cifar10_test_200ep_pct': 100.1 is not a percentage"),
        (changed("edge_latency_ms", 1, -1), "column 'edge_latency_ms': -1 is below zero"),
        (changed("edge_latency_ms", 1, float("inf")), "column 'edge_latency_ms': inf is infinite"),
        (FRAME.assign(acc=[0.5, -0.1, 0, 0]), "column 'acc': -0.1 is no accuracy, which lies from 0 to 1, or to 100"),
        (FRAME.assign(val_accuracy=[5, 101, 0, 0]), "column 'val_accuracy': 101 is no accuracy"),
        (FRAME.assign(params=[5, 1.5, 0, 0]), "column 'params': 1.5 is not a whole number from 0"),
    ],
)
def test_an_impossible_number_is_named_with_file_row_key_and_column(write, name, frame, complaint):
    path = write(frame.infer_objects(), name)
    with pytest.raises(TableError, match=re.escape(f"{path}: row 1 (from 0), key {CELLS[1]!r}, {complaint}")):
        open_table(path)


def test_a_negative_number_elsewhere_is_a_number(write):
    table = open_table(write(FRAME.assign(score=[-1.0, 2, 3, 4], accuracy_gain_db=[1, 2, 3, 4])))
    assert table.values(CELLS[:1], "score").tolist() == [-1.0]


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet"])
@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (FRAME.assign(note="good"), "row 0, column 'note': 'good' is"),
        (
            FRAME.drop(columns="architecture"),
            "column 'architecture' is missing; the file has: cifar10_test_200ep_pct, ",
        ),
        (FRAME[["architecture"]], "it has no column except 'architecture'"),
        (FRAME.iloc[:0], "is empty"),
        (changed("architecture", 2, CELLS[2][:-9]), "row 2, column 'architecture': "),
        (changed("architecture", 2, str(GENOTYPES[0])), "is of the space darts, but row 0 is of the space nasbench201"),
        (
            changed("architecture", 0, "vgg"),
            "is of the space nasbench201, but row 0 is of another: a table is about one",
        ),
    ],
)
def test_a_file_that_is_no_table_says_why(write, name, frame, complaint):
    path = write(frame, name)
    with pytest.raises(TableError, match=re.escape(str(path)) + ".*" + re.escape(complaint)):
        open_table(path)


def test_text_in_a_csv_column_is_named_with_its_row(write):
    with pytest.raises(
        TableError, match=r"mine\.csv: row 3, column 'edge_latency_ms': 'fast' is not a number; mend it"
    ):
        open_table(write(changed("edge_latency_ms", 3, "fast")))


def test_a_column_without_a_name_is_refused(tmp_path):
    FRAME.to_csv(tmp_path / "indexed.csv")  # pandas' own index: a first column without a name
    with pytest.raises(TableError, match=r"indexed\.csv: column 0 \(from 0\) has no name; name it, or take it out"):
        open_table(tmp_path / "indexed.csv")


@pytest.mark.parametrize("kind", [pa.bool_(), pa.timestamp("s"), pa.list_(pa.int64()), pa.null()])
def test_parquet_columns_that_are_no_numbers_are_refused(tmp_path, kind):
    columns = {"architecture": CELLS, "odd": pa.array([None] * 4, kind)}
    pq.write_table(pa.table(columns), tmp_path / "odd.parquet")
    with pytest.raises(TableError, match=r"odd\.parquet: row 0, column 'odd': None is .*, not a number"):
        open_table(tmp_path / "odd.parquet")


@pytest.mark.parametrize("keys", [[1, 2, 3, 4], [CELLS[0], None, CELLS[2], CELLS[3]]])
def test_parquet_keys_that_are_no_text_are_refused(tmp_path, keys):
    pq.write_table(pa.table({"architecture": keys, "x": [1, 2, 3, 4]}), tmp_path / "keys.parquet")
    with pytest.raises(TableError, match=r"keys\.parquet: row [01], column 'architecture': (1|None) is not text"):
        open_table(tmp_path / "keys.parquet")


def test_a_parquet_file_cut_at_any_of_many_bytes_is_refused(write):
    path = write(FRAME, "cut.parquet")
    whole = path.read_bytes()
    for length in {*range(0, len(whole), 37), len(whole) - 1}:
        path.write_bytes(whole[:length])
        with pytest.raises(TableError, match=r"cut\.parquet is not a Parquet file, or is damaged"):
            open_table(path)


def test_rows_that_repeat_an_architecture_are_counted_once_and_named(write):
    again = pd.concat([FRAME, FRAME.iloc[[2, 0]], FRAME.iloc[[2]]], ignore_index=True)
    table = open_table(write(again))
    assert table.keys == tuple(CELLS)
    assert table.repeated == (CELLS[2], CELLS[0], CELLS[2])
    assert table.facts.rows == 4
    assert f"counted once: 3 ({CELLS[2]!r}, " in table.facts.note


def test_rows_of_an_architecture_that_contradict_each_other_name_both(write):
    again = pd.concat([FRAME, FRAME.iloc[[1]].assign(cifar10_test_200ep_pct=93.5)], ignore_index=True)
    complaint = "rows 1 and 4 (from 0) are the same architecture and contradict each other in column "
    with pytest.raises(TableError, match=re.escape(f"{complaint}'cifar10_test_200ep_pct': 93.0 and 93.5; aggregate")):
        open_table(write(again))
    again.loc[4, "cifar10_test_200ep_pct"] = None
    with pytest.raises(TableError, match=re.escape(complaint) + ".*93.0 and nan"):
        open_table(write(again))


def test_the_row_of_a_fault_is_the_files_also_after_repetitions(write):
    again = pd.concat([FRAME.iloc[[0, 0, 0, 1]], FRAME.iloc[[2]].assign(edge_latency_ms=-1.0)], ignore_index=True)
    with pytest.raises(TableError, match=r"row 4 \(from 0\).*column 'edge_latency_ms': -1 is below zero"):
        open_table(write(again))


def test_genotypes_in_any_form_are_rows_and_equal_texts_count_once(write):
    first = GENOTYPES[0]
    texts = [str(first), forms.nested_text(first), str(first), str(forms.to_compact(first)), str(GENOTYPES[1])]
    table = open_table(write(pd.DataFrame({"architecture": texts, "acc": [0.5, 0.5, 0.5, 0.5, 0.25]})))
    assert table.facts.space == "darts"
    assert table.keys == (texts[0], texts[1], texts[3], texts[4])
    assert table.repeated == (texts[0],)


def test_a_table_of_sizes_opens(write):
    table = open_table(write(pd.DataFrame({"architecture": ["8:8:8:8:8", "8:16:24:32:64"], "x": [1, 2]})))
    assert table.facts.space == "natsbench-sizes"


@pytest.mark.parametrize("name", ["my_latency", "train_time", "test_err", "flops"])
def test_a_cost_below_zero_is_refused_under_any_name(tmp_path, name):
    path = tmp_path / "mine.csv"
    path.write_text(f"architecture,{name}\n|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,-1\n")
    with pytest.raises(TableError, match=rf"row 0 \(from 0\), key .*, column '{name}': -1 is below zero"):
        read_user_table(path)
    assert not column_of(name).higher_is_better


# --- models of the user's own ---

NAMES = ["resnet, wide", "[(0, 1)]", "8:16:24:32:64", 'a "b"\nc', "-1"]


@pytest.mark.parametrize("name", ["models.csv", "models.csv.gz", "models.parquet"])
def test_a_table_of_models_has_names_of_any_characters(write, name):
    table = open_table(write(pd.DataFrame({"name": NAMES, "accuracy": [1.0, 2, 3, 4, 5]}), name))
    assert table.keys == tuple(NAMES)
    assert (table.facts.space, table.column_names) == ("models", ("accuracy",))
    assert table.values(NAMES, "accuracy").tolist() == [1, 2, 3, 4, 5]


def test_the_space_of_models_is_called_as_the_harness_calls_it():
    from benchmarks.keys import MODELS
    from harness.spaces import named

    assert MODELS == named.MODELS


def test_a_name_that_a_spreadsheet_would_run_loses_its_mark(write):
    assert open_table(write(pd.DataFrame({"name": ["'=1+1", "b"], "accuracy": [1, 2]}))).keys == ("=1+1", "b")


def test_an_empty_name_and_a_column_of_names_next_to_architectures_are_refused(write):
    with pytest.raises(TableError, match="row 1, column 'name': the name is empty"):
        open_table(write(pd.DataFrame({"name": ["a", " "], "accuracy": [1, 2]})))
    with pytest.raises(TableError, match="column 'name'"):
        open_table(write(FRAME.assign(name="a")))
    with pytest.raises(TableError, match="it has no column except 'name'"):
        open_table(write(pd.DataFrame({"name": ["a", "b"]})))
