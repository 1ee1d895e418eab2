"""Table: look-up against a plain dictionary, and every refusal at construction."""

import math
import pickle
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import Column, Facts, Table, TableError

FACTS = Facts("small", "letters", "A small table", "nowhere", "MIT", Path("small.csv"), "abc123", 3, "Limits: small.")
MILLIONS = Column("params_m", None, None, None, "m", "none", "millions of parameters")
TEST = Column("toy_test_5ep_pct", "toy", "test", 5, "pct", "one", "accuracy")
SEED = Column("toy_test_5ep_pct_seed1", "toy", "test", 5, "pct", "seed 1", "accuracy", may_be_missing=True)
INDEX = Column("index", None, None, None, "index", "none", "position")


def small(keys=("a", "b", "c"), columns=(TEST, SEED, INDEX), numbers=None) -> Table:
    return Table(keys, columns, numbers or [[10.0, 0.0, 100.0], [10.0, math.nan, 99.0], [0, 4, 9]], FACTS)


def test_values_follow_the_order_of_the_keys_with_repeats():
    values = small().values(["c", "a", "c"], "toy_test_5ep_pct")
    assert values.dtype == np.float64
    assert values.tolist() == [100.0, 10.0, 100.0]


@pytest.mark.parametrize("kind", [list, tuple, iter, np.array, pd.Series])
def test_any_iterable_of_strings_will_do(kind):
    assert small().values(kind(["b", "a"]), "index").tolist() == [4.0, 0.0]


def test_values_of_all_real_keys_shuffled_equal_a_plain_dictionary(analog):
    order = np.random.default_rng(0).permutation(len(analog))
    keys = [analog.keys[row] for row in order]
    for name in analog.column_names:
        plain = dict(zip(analog.keys, analog.frame()[name].tolist(), strict=True))
        assert analog.values(keys, name).tolist() == [plain[key] for key in keys]


def test_no_keys_give_no_values():
    values = small().values([], "index")
    assert values.shape == (0,)
    assert values.dtype == np.float64


def test_missing_values_come_back_as_nan_only_where_declared():
    np.testing.assert_array_equal(small().values(["a", "b"], SEED.name), [10.0, math.nan])


def test_what_is_handed_out_or_was_handed_in_cannot_change_the_table():
    given = np.array([1.0, 2.0, 3.0])
    table = small(columns=[TEST], numbers=[given])
    given[:] = 50
    table.values(["a"], TEST.name)[:] = 60
    frame = table.frame()
    frame.loc["a", TEST.name] = 70
    assert table.values(["a", "b", "c"], TEST.name).tolist() == [1.0, 2.0, 3.0]


def test_frame_holds_everything_in_file_order():
    frame = small().frame()
    assert frame.index.tolist() == ["a", "b", "c"]
    assert frame.index.name == "architecture"
    assert tuple(frame.columns) == small().column_names
    assert frame[TEST.name].tolist() == [10.0, 0.0, 100.0]


def test_description_says_which_table_file_split_and_limits():
    text = small().describe()
    assert "\n" not in text
    for part in ("Table small", "3 architectures", "small.csv", "abc123", "toy test after 5 epochs", "MIT", "Limits"):
        assert part in text


def test_length_column_and_repr():
    assert len(small()) == 3
    assert small().column("index") is INDEX
    assert repr(small()) == "<Table small: 3 architectures, 3 columns>"


def test_a_table_survives_the_way_to_a_worker_process():
    table = pickle.loads(pickle.dumps(small()))
    assert table.keys == small().keys
    assert table.values(["c"], "index").tolist() == [9.0]


def test_unknown_column_names_the_nearest():
    with pytest.raises(TableError, match=r"small\.csv.*'toy_test_5_pct'.*Did you mean 'toy_test_5ep_pct'\?"):
        small().values(["a"], "toy_test_5_pct")


def test_a_columns_name_in_its_source_leads_to_its_name_here():
    column = Column("toy_test_5ep_pct", "toy", "test", 5, "pct", "one", "accuracy", origin="toy@acc")
    with pytest.raises(TableError, match=r"small\.csv.*unknown column 'toy@acc': its name is toy_test_5ep_pct here"):
        small(columns=[column], numbers=[[1.0, 2.0, 3.0]]).column("toy@acc")


def test_rows_that_were_left_out_are_named_and_change_nothing_else():
    table = Table(("a",), [TEST], [[1.0]], FACTS, repeated=("a", "a"))
    assert table.repeated == ("a", "a")
    assert len(table) == 1
    assert small().repeated == ()


def test_long_keys_are_quoted_by_their_beginning():
    keys = ("x" * 200, "y" * 200, "z" * 200)
    with pytest.raises(TableError) as error:
        small(keys=keys).values(["w" * 200], "index")
    assert f"{'w' * 100!r}…. Keys" in str(error.value)
    assert "x" * 101 not in str(error.value)


def test_unknown_keys_are_counted_and_the_first_three_named():
    with pytest.raises(TableError, match=r"4 of 5 keys are not in it: 'x', 'y', 'z', …\. .*for instance 'a'"):
        small().values(["x", "a", "y", "z", "w"], "index")
    with pytest.raises(TableError, match=r"1 of 1 keys are not in it: 'a '\."):
        small().values(["a "], "index")


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [("abc", "'abc' is one"), (["a", 3], "3 is of type int"), ([["a"]], "type list"), ([None], "type NoneType")],
)
def test_keys_that_are_no_strings_are_refused(keys, complaint):
    with pytest.raises(TableError, match=complaint):
        small().values(keys, "index")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"keys": ("a", "b", "a")}, "key 'a' stands in row 0 and again in row 2"),
        ({"keys": ()}, "is empty: 0 rows"),
        ({"columns": ()}, "is empty: 3 rows, 0 columns"),
        ({"keys": ("a", "b")}, "column 'toy_test_5ep_pct' has shape [3], but there are 2 keys"),
        ({"columns": (TEST, SEED)}, "2 columns are named, but 3 arrays are given"),
        ({"columns": (TEST, INDEX, TEST)}, "column 'toy_test_5ep_pct' is there twice"),
    ],
)
def test_a_broken_shape_is_refused(change, complaint):
    with pytest.raises(TableError, match=r"table small \(small\.csv\).*" + re.escape(complaint)):
        small(**change)


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        (TEST, math.nan, "nan is missing"),
        (TEST, math.inf, "inf is infinite"),
        (SEED, -math.inf, "-inf is infinite"),
        (TEST, 100.01, "100.01 is not a percentage"),
        (SEED, -0.5, "-0.5 is not a percentage"),
        (MILLIONS, -0.1, "-0.1 is below zero"),
        (INDEX, 1.5, "1.5 is not a whole number"),
        (INDEX, -1.0, "-1 is not a whole number"),
    ],
)
def test_a_broken_number_is_refused_with_file_row_key_and_column(column, value, complaint):
    where = f"table small (small.csv): row 1 (from 0), key 'b', column {column.name!r}: {complaint}"
    with pytest.raises(TableError, match=re.escape(where)):
        small(columns=[column], numbers=[[1.0, value, 2.0]])


@pytest.mark.parametrize("numbers", [["1", "two", "3"], [1, None, [2]]])
def test_what_is_no_number_is_refused(numbers):
    with pytest.raises(TableError, match="column 'toy_test_5ep_pct' holds something not a number"):
        small(columns=[TEST], numbers=[numbers])
