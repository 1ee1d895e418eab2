"""AnalogNAS-Bench: the installed distribution's own file, against a second reading of it, and every damage."""

import importlib.metadata
import itertools
import pickle
import re
import time
import types
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from benchmarks import TableError
from benchmarks.cache import cache_rows, cached_rows
from benchmarks.readers import analognasbench
from benchmarks.readers.analognasbench import ArchitectureRecord, cell_string, read_analognasbench, rows_of
from tests.sampling import one_in

FIELDS = {
    "cifar10_test_200ep_pct": "baseline_accuracy",
    "cifar10_test_200ep_ptq_pct": "ptq_accuracy",
    "cifar10_test_200ep_qat20ep_pct": "qat_accuracy",
    "cifar10_test_200ep_noisy_pct": "noisy_accuracy",
    "cifar10_test_200ep_analog200ep_pct": "analog_accuracy",
}
CELL = re.compile(r"\|\w+~0\|\+\|\w+~0\|\w+~1\|\+\|\w+~0\|\w+~1\|\w+~2\|")


class PlainUnpickler(pickle.Unpickler):
    """Second, slow reading: every global is an empty namespace."""

    def find_class(self, module, name):
        return type(name, (types.SimpleNamespace,), {})


@pytest.fixture(scope="module")
def source() -> Path:
    return Path(str(importlib.metadata.distribution("analog-nasbench").locate_file("analognasbench/data.anb")))


@pytest.fixture(scope="module")
def records(source):
    with source.open("rb") as file:
        return PlainUnpickler(file).load()


@pytest.fixture
def cache_file(tmp_path) -> Path:
    return tmp_path / "cache" / "analognasbench.npz"  # tmp_path/cache is NASINIT_CACHE, see conftest.py


def plain_string(digits) -> str:
    """Key of six digits by the published layout: edge number → (node, input)."""
    names = {0: "skip_connect", 1: "none", 2: "nor_conv_3x3", 3: "nor_conv_1x1", 4: "avg_pool_3x3"}
    edges = dict(zip([(1, 0), (2, 0), (3, 0), (2, 1), (3, 1), (3, 2)], digits, strict=True))
    nodes = ["".join(f"|{names[edges[node, i]]}~{i}" for i in range(node)) + "|" for node in (1, 2, 3)]
    return "+".join(nodes)


def test_all_cells_are_there_once_and_well_formed(analog):
    assert len(analog) == len(set(analog.keys)) == 15_625
    assert all(CELL.fullmatch(key) for key in analog.keys)
    operations = Counter(operation for key in analog.keys for operation in re.findall(r"\|(\w+)~", key))
    assert set(operations.values()) == {15_625 * 6 // 5}


def test_numbers_equal_a_second_reading_of_the_file(analog, records):
    keys = [plain_string(digits) for digits in records]
    assert list(analog.keys) == keys
    for column, field in FIELDS.items():
        expected = [getattr(record, field) for record in records.values()]
        assert analog.values(keys, column).tolist() == expected, column


def test_columns_and_facts(analog, source):
    assert analog.column_names == tuple(FIELDS)
    assert {(c.dataset, c.split, c.epochs, c.unit) for c in analog.columns} == {("cifar10", "test", 200, "pct")}
    assert analog.facts.path == source
    assert analog.facts.sha256 == "85f3435b877aa2d36268d55ce07f6ff6d73643d17a840f1941745da5eb80db32"
    assert source.stat().st_size == 5_610_467
    assert analog.facts.rows == len(analog)
    assert analog.values(analog.keys, "cifar10_test_200ep_pct").max() == pytest.approx(94.0664)


def test_edges_and_operations_agree_with_the_official_table(analog, official):
    ours = analog.values(official.keys, "cifar10_test_200ep_pct")
    theirs = official.values(official.keys, "cifar10_test_200ep_pct")
    assert spearmanr(ours, theirs).statistic == pytest.approx(0.9910, abs=5e-5)
    assert kendalltau(ours, theirs).statistic == pytest.approx(0.9240, abs=5e-5)
    for figure in ("Spearman 0.991", "Kendall tau-b 0.924"):
        assert figure in analog.facts.note


def test_no_other_order_of_the_edges_agrees_as_well(records, official):
    accuracy = {plain_string(digits): record.baseline_accuracy for digits, record in records.items()}
    theirs = official.values(list(accuracy), "cifar10_test_200ep_pct")
    right = spearmanr(list(accuracy.values()), theirs).statistic
    orders = [[*range(6)] for _ in range(15)]
    for order, (first, second) in zip(orders, itertools.combinations(range(6), 2), strict=True):
        order[first], order[second] = order[second], order[first]
    swapped = [
        spearmanr([records[tuple(digits[i] for i in order)].baseline_accuracy for digits in records], theirs).statistic
        for order in orders
    ]
    assert len(swapped) == 15
    assert max(swapped) < right - 0.01


def test_the_second_opening_comes_from_the_cache_and_is_equal(cache_file):
    first, second = read_analognasbench(), read_analognasbench()
    assert cache_file.is_file()
    assert second.keys == first.keys
    assert second.facts == first.facts
    np.testing.assert_array_equal(second.frame(), first.frame())
    keys, numbers = cached_rows(cache_file, analognasbench.SHA256)
    cache_rows(cache_file, keys, numbers / 2, analognasbench.SHA256)
    assert read_analognasbench().frame().to_numpy().max() == first.frame().to_numpy().max() / 2


def test_opening_from_the_cache_is_fast():
    seconds = []
    read_analognasbench()
    for _ in range(5):
        start = time.perf_counter()
        read_analognasbench()
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.2


@pytest.mark.parametrize(
    ("cut", "place"),
    one_in(5, [pytest.param(cut, place) for cut in (False, True) for place in (0, 4, 0.1, 0.5, 0.9, -40, -1)]),
)
def test_a_damaged_cache_is_made_again(analog, cache_file, place, cut):
    cache_rows(cache_file, analog.keys, analog.frame().to_numpy().T, analognasbench.SHA256)
    whole = cache_file.read_bytes()
    position = int(place * len(whole)) if isinstance(place, float) else place % len(whole)
    rest = b"" if cut else bytes([whole[position] ^ 0xFF]) + whole[position + 1 :]
    cache_file.write_bytes(whole[:position] + rest)
    table = read_analognasbench()
    assert table.keys == analog.keys
    np.testing.assert_array_equal(table.frame(), analog.frame())
    assert cached_rows(cache_file, analognasbench.SHA256) is not None


def test_a_cache_of_another_source_is_made_again(analog, cache_file):
    cache_rows(cache_file, analog.keys, analog.frame().to_numpy().T / 2, "0" * 64)
    np.testing.assert_array_equal(read_analognasbench().frame(), analog.frame())


def test_a_cache_that_cannot_be_written_is_no_error(analog, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    np.testing.assert_array_equal(read_analognasbench().frame(), analog.frame())
    assert (tmp_path / "cache").is_file()


@pytest.mark.parametrize("length", [0, 1, 100_000, 5_610_466])
def test_a_truncated_file_is_refused_also_when_there_is_a_cache(analog, source, tmp_path, cache_file, length):
    cache_rows(cache_file, analog.keys, analog.frame().to_numpy().T, analognasbench.SHA256)
    path = tmp_path / "data.anb"
    path.write_bytes(source.read_bytes()[:length])
    with pytest.raises(TableError, match=rf"data\.anb \({length:,} bytes\) is not the expected file"):
        read_analognasbench(path)


def test_a_file_with_one_changed_byte_is_refused(source, tmp_path):
    content = bytearray(source.read_bytes())
    content[-1000] ^= 1
    (tmp_path / "data.anb").write_bytes(content)
    with pytest.raises(TableError, match="is not the expected file"):
        read_analognasbench(tmp_path / "data.anb")


def test_a_copy_of_the_file_elsewhere_will_do(analog, source, tmp_path):
    (tmp_path / "copy.anb").write_bytes(source.read_bytes())
    table = read_analognasbench(tmp_path / "copy.anb")
    assert table.keys == analog.keys
    assert table.facts.path == tmp_path / "copy.anb"


def test_a_distribution_that_is_not_installed_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(analognasbench, "DISTRIBUTION", "no-such-distribution")
    with pytest.raises(TableError, match=r"not installed: pip install no-such-distribution==0\.1\.3"):
        read_analognasbench()


def every_record() -> dict[tuple[int, ...], ArchitectureRecord]:
    records = {}
    for digits in np.ndindex(5, 5, 5, 5, 5, 5):
        records[digits] = ArchitectureRecord()
        vars(records[digits]).update(dict.fromkeys(FIELDS.values(), 50.0), architecture=digits)
    return records


def test_records_of_the_right_shape_are_taken():
    keys, numbers = rows_of(every_record(), Path("data.anb"))
    assert keys[7] == plain_string((0, 0, 0, 0, 1, 2)) == cell_string((0, 0, 0, 0, 1, 2))
    assert numbers.shape == (5, 15_625)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda records: records.popitem(), "one record for each of the 15,625 cells"),
        (lambda records: records.update({(5, 0, 0, 0, 0, 0): 1}), "one record for each"),
        (lambda records: records.update({(0, 0, 0, 0, 0, 0): 1}), "record under (0, 0, 0, 0, 0, 0) is not"),
        (lambda records: records.update({(0,) * 6: records[(1,) * 6]}), "record under (0, 0, 0, 0, 0, 0) is not"),
        (lambda records: vars(records[(2,) * 6]).pop("qat_accuracy"), "no field 'qat_accuracy'"),
    ],
)
def test_records_of_another_shape_are_refused(damage, complaint):
    records = every_record()
    damage(records)
    with pytest.raises(TableError, match=r"data\.anb.*" + re.escape(complaint)):
        rows_of(records, Path("data.anb"))


def test_what_is_no_mapping_is_refused():
    with pytest.raises(TableError, match="one record for each"):
        rows_of([1, 2], Path("data.anb"))
