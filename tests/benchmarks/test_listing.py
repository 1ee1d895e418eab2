"""Which tables are here: compact files in the data folder, and the list of all."""

import importlib.util
import subprocess
import sys
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import TableError, list_tables, open_table, table_with
from benchmarks.formats.compact import write_compact
from benchmarks.pull.pulling import pulled_folder
from benchmarks.readers.small_benchmarks import small_benchmarks
from benchmarks.registry import NAMES

GRAPHS = [
    f"nasbench-graph-{name}" for name in ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv")
]
PARQUET = ("nasbench201-official", "nasbench201")


def listed():
    return {listing.name: listing for listing in list_tables()}


@pytest.fixture
def small_compact(write_official):
    """Writes a small compact table, made from an official-style file, and returns its path."""

    def write(path, space="nasbench201", name="small-compact", missing=0):
        small = open_table("nasbench201-official", path=write_official("source.csv"))
        facts = replace(small.facts, name=name, space=space)
        columns = [replace(column, may_be_missing=True) for column in small.columns[2:4]]
        numbers = [small.values(small.keys, column.name) for column in columns]
        for values in numbers:
            values[:missing] = float("nan")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_compact(path, small.keys, columns, numbers, facts)
        return path

    return write


@pytest.mark.parametrize("name", PARQUET)
def test_a_compact_table_in_the_data_folder_is_the_official_one(small_compact, monkeypatch, tmp_path, name):
    path = small_compact(tmp_path / "nasbench201.parquet")
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    assert open_table(name).facts.path == path
    assert open_table(path).facts.name == "small-compact"
    listing = listed()[name]
    assert (listing.available, listing.facts.name, listing.facts.rows) == (True, "small-compact", 3)
    assert listing.columns == open_table(name).columns


def test_a_small_benchmark_of_the_package_opens_by_its_name(small_compact, monkeypatch, tmp_path):
    assert small_benchmarks(tmp_path) == {}
    path = small_compact(tmp_path / "trilevel-small.parquet", "trilevel-small", "trilevel-small")
    monkeypatch.setattr("benchmarks.registry.SMALL", small_benchmarks(tmp_path))
    monkeypatch.setattr("benchmarks.registry.NAMES", tuple(dict.fromkeys([*NAMES, "trilevel-small"])))
    opened, listing = open_table("trilevel-small"), listed()["trilevel-small"]
    assert (opened.facts.path, opened.facts.space, opened.facts.name) == (path, "trilevel-small", "trilevel-small")
    assert (listing.columns, listing.facts.rows, listing.reason) == (opened.columns, 3, "part of nasinit")
    path.write_bytes(b"no Parquet")
    assert listed()["trilevel-small"].damaged
    with pytest.raises(TableError, match="trilevel-small"):
        open_table("trilevel-small")


@pytest.mark.parametrize("name", PARQUET)
def test_a_pulled_table_is_the_official_one(small_compact, name):
    path = small_compact(pulled_folder() / "nasbench201.parquet")
    assert open_table(name).facts.path == path
    assert listed()["nasbench201-official"].reason == "pulled"


def test_a_converted_table_goes_before_the_official_csv_which_is_named(official_folder, small_compact, tmp_path):
    path = small_compact(tmp_path / "nasbench201.parquet")
    assert open_table("nasbench201").facts.path == path
    reason = "found in the NASINIT_DATA folder; passed over: nasbench201_official.csv.gz"
    assert listed()["nasbench201-official"].reason == reason
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TableError, match=r"nasbench201\.parquet is cut or damaged"):
        open_table("nasbench201")
    path.unlink()
    assert listed()["nasbench201-official"].reason == "found in the NASINIT_DATA folder"


@pytest.mark.parametrize("less", [{"name": "nasbench201-pulled"}, {"missing": 1}], ids=["extract", "partial"])
def test_an_extract_or_a_partial_conversion_gives_way_to_the_official_csv(official_folder, small_compact, less):
    small_compact(official_folder / "nasbench201.parquet", **less)
    path = official_folder / "nasbench201_official.csv.gz"
    assert open_table("nasbench201").facts.path == path
    reason = "found in the NASINIT_DATA folder; passed over: nasbench201.parquet"
    assert (listed()["nasbench201-official"].reason, listed()["nasbench201-official"].facts.path) == (reason, path)
    path.unlink()
    assert open_table("nasbench201").facts.path == official_folder / "nasbench201.parquet"


def test_a_compact_table_of_another_space_is_not_the_official_one(small_compact, tmp_path):
    path = small_compact(tmp_path / "sizes.parquet", space="natsbench-sizes")
    with pytest.raises(TableError, match=r"sizes\.parquet is a table of the space natsbench-sizes, not of nasbench201"):
        open_table("nasbench201", path=path)
    assert open_table(path).facts.space == "natsbench-sizes"


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in NAMES
        if name.startswith(("nasbench201-", "darts-r", "nasbench301", "transnas")) and name != "nasbench201-proxies"
    ],
)
def test_a_table_that_is_not_here_says_how_to_get_it(name):
    listing = listed()[name]
    assert (listing.available, listing.facts.path) == (False, None)
    with pytest.raises(TableError) as error:
        open_table(name)
    assert str(error.value).startswith(f"{name} is not here: {listing.reason}. It is ")
    if name != "nasbench201-official":
        assert listing.columns[0].origin in str(error.value)
        assert str(error.value).endswith(f"; source: {listing.facts.source}")
    assert "NASINIT_DATA" in listing.reason
    assert ("nasinit pull nasbench201" in listing.reason) == (name == "nasbench201-official")


def test_the_published_genotypes_are_always_here_and_read_no_file(tmp_path):
    assert listed()["darts-published"].available
    assert open_table("darts-published").facts.path is None
    with pytest.raises(TableError, match="darts-published is part of nasinit and reads no file"):
        open_table("darts-published", path=tmp_path / "any.csv")


def test_every_name_is_listed_once_and_opens_what_is_listed():
    names = [listing.name for listing in list_tables()]
    assert sorted(names) == sorted(NAMES)
    assert [listing.name for listing in list_tables() if listing.opens] == ["nasbench201"]


def test_the_order_is_by_space_and_the_accuracies_of_nasbench201_come_first():
    assert [listing.name for listing in list_tables()] == [
        "nasbench201",
        "nasbench201-official",
        "analognasbench",
        "nasbench201-hardware",
        "nasbench201-robustness",
        "nasbench201-seconds",
        "nasbench201-proxies",
        "darts-published",
        "darts-random214",
        "nasbench301-surrogate500",
        "darts-1000",
        "transnasbench101-micro",
        *GRAPHS,
    ]


def test_list_without_a_data_folder():
    tables = listed()
    official, analog, either = (tables[name] for name in ("nasbench201-official", "analognasbench", "nasbench201"))
    assert not official.available
    assert official.facts.path is None
    assert "NASINIT_DATA" in official.reason
    assert analog.available
    assert analog.facts.path.is_file()
    assert either.available
    assert either.facts == analog.facts
    assert either.opens == "analognasbench"
    assert either.reason.startswith("opens analognasbench")


def test_list_with_the_official_file(official_folder):
    either, official = (listed()[name] for name in ("nasbench201", "nasbench201-official"))
    assert official.available
    assert official.facts.path == official_folder / "nasbench201_official.csv.gz"
    assert either.facts == official.facts
    assert either.opens == "nasbench201-official"
    assert either.reason.startswith("opens nasbench201-official")


def test_list_reads_no_data(official_folder):
    (official_folder / "nasbench201_official.csv.gz").write_bytes(b"damaged, which only reading would show")
    (official_folder / "nasbench201_hardware.csv.gz").write_bytes(b"also damaged")
    here = {"nasbench201", "nasbench201-official", "analognasbench", "nasbench201-hardware", "darts-published"}
    here.add("nasbench201-proxies")
    if importlib.util.find_spec("nas_bench_graph") is not None:
        here.update(GRAPHS)
    assert {listing.name for listing in list_tables() if listing.available} == here
    assert not (official_folder / "cache").exists()


def test_a_listed_compact_table_that_is_damaged_says_so_when_it_is_opened(small_compact, monkeypatch, tmp_path):
    path = small_compact(tmp_path / "nasbench201.parquet")
    whole = path.read_bytes()
    monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
    for damaged in (whole[:-1], whole[: len(whole) // 2], whole[:4] + b"\0" * 40 + whole[44:], b""):
        path.write_bytes(damaged)
        assert listed()["nasbench201-official"].available
        for attempt in (lambda: open_table("nasbench201"), lambda: table_with("index", space="nasbench201")):
            with pytest.raises(TableError, match=r"nasbench201\.parquet"):
                attempt()


def test_a_parquet_file_whose_facts_are_none_is_an_error_and_not_passed_over(monkeypatch, tmp_path):
    table = pa.table({"architecture": ["x"], "y": [1.0]})
    for facts in (b"{}", b"not JSON", b'{"facts": {"name": 1}, "columns": []}', b'{"facts": {}, "columns": 3}'):
        pq.write_table(table.replace_schema_metadata({b"nasinit": facts}), tmp_path / "nasbench201.parquet")
        monkeypatch.setenv("NASINIT_DATA", str(tmp_path))
        assert listed()["nasbench201-official"].damaged
        for given in ("nasbench201", tmp_path / "nasbench201.parquet"):
            with pytest.raises(TableError, match=r"nasbench201\.parquet"):
                open_table(given)


def test_what_is_listed_opens_and_is_what_was_listed(official_folder):
    for listing in list_tables():
        if listing.available:
            table = open_table(listing.name)
            assert table.facts.name == listing.facts.name
            assert table.facts.path == listing.facts.path
            assert set(table.columns) <= set(listing.columns)


def test_listing_and_opening_load_nothing_that_they_do_not_need():
    code = (
        "import sys, benchmarks\n"
        "benchmarks.list_tables(), benchmarks.open_table('darts-published')\n"
        "heavy = ('torch', 'harness', 'pandas', 'pyarrow', 'nats_bench', 'pooch')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_list_where_the_distribution_is_missing(monkeypatch):
    monkeypatch.setattr("benchmarks.readers.analognasbench.DISTRIBUTION", "no-such-distribution")
    either, analog = (listed()[name] for name in ("nasbench201", "analognasbench"))
    assert (either.available, analog.available) == (False, False)
    assert "pip install no-such-distribution" in analog.reason
