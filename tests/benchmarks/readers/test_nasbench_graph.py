"""NAS-Bench-Graph: the installed distribution's own files, against a second reading of them, and every damage.

Oracles: numpy's own unpickling of the files, facts of the tables (maxima and medians), and the package's keys.
"""

import importlib.metadata
import itertools
import pickle
import re

import numpy as np
import pytest

from benchmarks import TableError, list_tables, open_table
from benchmarks.keys import space_of_key
from benchmarks.readers import nasbench_graph
from benchmarks.readers.nasbench_graph import DATA_SETS, architecture_text, read_nasbench_graph, rows_of

# best test accuracy, median test accuracy, in percent
KNOWN = {
    "cora": (83.13, 78.53), "citeseer": (71.57, 65.40), "pubmed": (78.60, 74.03), "cs": (91.26, 86.46),
    "physics": (93.00, 89.28), "photo": (92.79, 88.04), "computers": (85.58, 76.76), "arxiv": (72.39, 70.46),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _with_the_package():
    try:
        importlib.metadata.distribution("nas-bench-graph")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("nas-bench-graph is not installed (the extra graphs has it)")


@pytest.mark.parametrize("dataset", DATA_SETS)
def test_a_table_has_every_class_and_the_known_accuracies(dataset):
    table = open_table(f"nasbench-graph-{dataset}")
    assert len(table) == len(set(table.keys)) == 26_206
    test = table.values(table.keys, f"{dataset}_test_pct")
    assert (test.max(), np.median(test)) == pytest.approx(KNOWN[dataset], abs=0.006)
    assert table.facts.licence == "Apache-2.0"
    assert table.facts.splits.startswith("validation and test of ")


def test_numbers_equal_a_second_reading_of_the_file():
    table = open_table("nasbench-graph-cora")
    with table.facts.path.open("rb") as file:
        records = pickle.load(file)
    keys = [architecture_text(key) for key in records]
    assert list(table.keys) == keys
    for field, factor, name in (
        ("valid_perf", 100, "valid_pct"), ("perf", 100, "test_pct"), ("latency", 1000, "latency_ms"),
        ("para", 1, "params_m"),
    ):  # fmt: skip
        expected = [factor * float(record[field]) for record in records.values()]
        assert table.values(keys, f"cora_{name}").tolist() == expected
    thirds = table.values(keys, "cora_test_pct") * 30  # three trainings, 1,000 test nodes
    np.testing.assert_allclose(thirds, thirds.round(), atol=1e-9)


def test_keys_are_of_the_space():
    table = open_table("nasbench-graph-photo")
    assert {space_of_key(key) for key in table.keys[::50]} == {table.facts.space} == {"nasbench-graph"}


def test_the_second_opening_comes_from_the_cache_and_is_equal(tmp_path):
    first, second = read_nasbench_graph("photo"), read_nasbench_graph("photo")
    assert (tmp_path / "cache" / "nasbench-graph-photo.npz").is_file()
    assert second.keys == first.keys
    np.testing.assert_array_equal(second.frame(), first.frame())


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "cora.bench"
    path.write_bytes(nasbench_graph.installed_file("cora").read_bytes()[:-1])
    with pytest.raises(TableError, match=r"cora\.bench .* is not the expected file"):
        open_table("nasbench-graph-cora", path=path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda records: records.popitem(), "does not hold 26,206 records"),
        (
            lambda records: records.update({next(iter(records)): {"perf": 1.0}}),
            "is not that of an architecture (KeyError",
        ),
        (lambda records: records.update({99999: records.popitem()[1]}), "is not that of an architecture (IndexError"),
        (lambda records: records.update({"x": records.popitem()[1]}), "is not that of an architecture (ValueError"),
    ],
)
def test_records_that_are_not_the_packages(tmp_path, change, why):
    keys = itertools.product(range(9), repeat=5)
    numbers = (int("".join(map(str, digits))) for digits in itertools.islice(keys, 26_206))
    records = dict.fromkeys(numbers, dict.fromkeys(nasbench_graph.FIELDS, 0.5))
    change(records)
    with pytest.raises(TableError, match=re.escape(why)):
        rows_of(records, tmp_path / "cora.bench")


def test_without_the_package_one_line_names_the_extra(monkeypatch):
    monkeypatch.setattr(nasbench_graph, "DISTRIBUTION", "no-such-distribution")
    with pytest.raises(TableError, match=r"^no-such-distribution is not installed: pip install 'nasinit\[graphs\]'$"):
        open_table("nasbench-graph-cora")
    (listing,) = (listing for listing in list_tables() if listing.name == "nasbench-graph-cora")
    assert not listing.available
    assert "pip install 'nasinit[graphs]'" in listing.reason
