"""The extract of NAS-Bench-201's test accuracies: what is read from it, and what keeps it from becoming a table."""

import csv
import gzip
import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks import TableError
from benchmarks.formats.compact import read_compact, write_compact
from benchmarks.pull import nasbench201
from benchmarks.pull.nasbench201 import build_table, check_table
from benchmarks.pull.pulling import SOURCES
from tests.benchmarks.pull.extracts import NAMES, official_order

HEADER = "CIFAR10TestAccuracy200Epochs,CIFAR100TestAccuracy200Epochs,ImageNetTestAccuracy200Epochs,ArchitectureString"

# lines of the file itself, by row
REAL = {
    0: "85.86333333333334,52.913333294677734,26.6333332739936,"
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    1: "93.66000000000001,70.29333326822916,44.03333332316081,"
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
    10: "10.0,0.9999999992370605,0.8333333312140571,"
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|none~0|none~1|none~2|",
    1835: "54.29666666666666,15.606666662597656,16.322222197638617,"
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",
    9930: "94.36333333333334,73.51333326009114,46.34444440714518,"
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    15569: "86.445,57.75999995117188,28.01666663614909,"
    "|none~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|",
    15614: "10.0,1.0,0.8333333314259846,|none~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_3x3~2|",
}


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """A full extract: the real lines, the published numbers, and elsewhere numbers that are no cell's."""
    noise = 3e-8
    rows = []
    for row, cell in enumerate(official_order()):
        parts = (6000 + row * 7919 % 48000) / 600, (300 + row * 7907 % 20000) / 300, (150 + row * 7901 % 7000) / 180
        numbers = nasbench201.PUBLISHED_ACCURACIES.get(row, tuple(part + noise for part in parts))
        if row in (857, 6111):
            numbers = tuple(round(n * p) / p for n, p in zip(numbers, (600, 300, 180), strict=True))
        rows.append(",".join(map(repr, numbers)) + f",{cell}")
    for row, line in REAL.items():
        rows[row] = line
    for row in (11, 284):
        *numbers, cell = rows[row].split(",")
        exact = (round(float(n) * p) / p for n, p in zip(numbers, (600, 300, 180), strict=True))
        rows[row] = ",".join(map(repr, exact)) + f",{cell}"
    return [HEADER, *rows]


@pytest.fixture
def build(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Builds a table from the text of an extract."""

    def built(text: str | bytes) -> Path:
        file, target = tmp_path / "fetched", tmp_path / "nasbench201.parquet"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        build_table(file, target, "https://example.org/extract.csv, SHA-256 0123")
        return target

    return built


def text_of(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_the_extract_becomes_a_table_of_its_numbers_to_four_decimals(lines, build):
    path = build(text_of(lines))
    table = read_compact(path)
    assert table.keys == tuple(official_order())
    assert table.column_names == ("index", *NAMES)
    assert table.values(table.keys, "index").tolist() == list(range(15625))
    for place, name in enumerate(NAMES):
        expected = [round(float(line.split(",")[place]), 4) for line in lines[1:]]
        assert table.values(table.keys, name).tolist() == expected
    check_table(path)


def test_equal_accuracies_are_equal_whatever_noise_the_release_has_in_them(lines, build):
    table = read_compact(build(text_of(lines)))
    floor = table.values([table.keys[10], table.keys[15614]], "cifar100_test_200ep_pct")
    assert floor.tolist() == [1.0, 1.0]


def test_the_table_says_where_it_is_from(lines, build):
    facts = read_compact(build(text_of(lines))).facts
    assert facts.source.endswith("; read from https://example.org/extract.csv, SHA-256 0123")
    assert (facts.space, facts.splits, facts.epochs) == ("nasbench201", "test", "200")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: "".join(f"{line},(0)@x+#\n" for line in text.splitlines()).replace("(0)@x+#", "Unique", 1),
        lambda text: "".join(",".join(reversed(line.split(","))) + "\n" for line in text.splitlines()),
    ],
    ids=["no last newline", "CRLF", "byte-order mark", "a column more", "columns in another order"],
)
def test_what_does_not_matter(lines, build, change):
    table = read_compact(build(change(text_of(lines))))
    assert table.values([table.keys[9930]], "cifar10_test_200ep_pct").tolist() == [94.3633]


def other(lines: list[str], row: int, line: str) -> str:
    return text_of([*lines[: row + 1], line, *lines[row + 2 :]])


def number(lines: list[str], row: int, place: int, text: str) -> str:
    cells = lines[row + 1].split(",")
    cells[place] = text
    return other(lines, row, ",".join(cells))


FAULTS = {
    "nothing": (lambda lines: "", "its first line has no column 'ArchitectureString', but nothing"),
    "a page": (lambda lines: "<!DOCTYPE html><html>sign in", "no column 'ArchitectureString', but <!DOCTYPE html>"),
    "no text": (lambda lines: b"\x1f\x8b\x08\x00\xff", "is not a CSV file: 'utf-8' codec"),
    "a quote left open": (lambda lines: text_of(lines) + '"', "is not a CSV file: unexpected end of data"),
    "cut in a line": (lambda lines: text_of(lines)[:1_000_000], "has 15,625 cells"),
    "cut between lines": (lambda lines: text_of(lines[:8000]), "has 7,999 rows; NAS-Bench-201 has 15,625 cells"),
    "a row more": (lambda lines: text_of([*lines, lines[1]]), "has 15,626 rows"),
    "a field less": (lambda lines: other(lines, 5, "1,2,3"), "row 5 has 3 fields, the header 4"),
    "no cell": (
        lambda lines: text_of(lines).replace("|nor_conv_3x3~0|", "|nor_conv_5x5~0|", 1),
        "row 1: '|nor_conv_5x5~0|+",
    ),
    "a cell twice": (lambda lines: other(lines, 7, lines[6]), "~2|' is there twice"),
    "another order": (
        lambda lines: text_of([*lines[:3], lines[4], lines[3], *lines[5:]]),
        "its cells are not in the official order",
    ),
    "text for a number": (lambda lines: number(lines, 40, 1, "n/a"), "row 40, column 'CIFAR100TestAccuracy200Epochs'"),
    "not a number": (lambda lines: number(lines, 40, 2, "nan"), "TestAccuracy200Epochs': 'nan' is not a number"),
    "an underscore": (
        lambda lines: number(lines, 40, 0, "6_1.0"),
        "0123: row 40, column 'CIFAR10TestAccuracy200Epochs': '6_1.0' is not a number",
    ),
    "below zero": (
        lambda lines: number(lines, 40, 1, "-0.5"),
        "0123: row 40, column 'CIFAR100TestAccuracy200Epochs': '-0.5' is not a percentage from 0 to 100",
    ),
    "above a hundred": (
        lambda lines: number(lines, 40, 0, "100.5"),
        "0123: row 40, column 'CIFAR10TestAccuracy200Epochs': '100.5' is not a percentage from 0 to 100",
    ),
    "infinity": (lambda lines: number(lines, 40, 0, "-inf"), "TestAccuracy200Epochs': '-inf' is not a number"),
    "another number": (
        lambda lines: number(lines, 1835, 0, "54.30"),
        "column cifar10_test_200ep_pct, row 1835 is 54.3000; published is 54.2967",
    ),
    "NAS-Bench-201 v1.1": (
        lambda lines: number(lines, 15569, 2, "27.8"),
        "column imagenet16_120_test_200ep_pct, row 15569 is 27.8000; published is 28.0167",
    ),
    "a better cell": (
        lambda lines: number(lines, 40, 1, "73.52"),
        "column cifar100_test_200ep_pct is highest in row 40, 73.5200; published: row 9930",
    ),
    "a digit": (
        lambda lines: number(lines, 40, 0, "61.7512"),
        "row 40 is 61.7512, which is no mean of up to three trainings: they are multiples of 1/600",
    ),
    "columns swapped": (
        lambda lines: text_of(lines).replace("CIFAR10Test", "X").replace("CIFAR100Test", "CIFAR10Test").replace(
            "X", "CIFAR100Test"
        ),
        "column cifar10_test_200ep_pct, row 0 is 52.9133; published is 85.8633",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_file_becomes_no_table(lines, build, tmp_path, fault):
    change, message = FAULTS[fault]
    with pytest.raises(TableError) as caught:
        build(change(lines))
    assert message in str(caught.value)
    assert str(caught.value).startswith("https://example.org/extract.csv, SHA-256 0123")
    assert [path.name for path in tmp_path.iterdir()] == ["fetched"]


def test_a_table_of_other_numbers_is_not_taken_for_this_one(lines, build, tmp_path):
    table = read_compact(build(text_of(lines)))
    numbers = [table.values(table.keys, name) for name in table.column_names]
    numbers[1][40] += 0.0001
    path = tmp_path / "other.parquet"
    write_compact(path, table.keys, table.columns, numbers, table.facts)
    with pytest.raises(TableError, match=r"other\.parquet does not hold the official results.*row 40 .* no mean"):
        check_table(path)
    numbers[1][40] -= 0.0001
    write_compact(path, table.keys, table.columns[:-1], numbers[:-1], table.facts)
    with pytest.raises(TableError, match="unknown column 'imagenet16_120_test_200ep_pct'"):
        check_table(path)


def test_the_order_is_the_authors():
    order = "".join(f"{cell}\n" for cell in official_order())
    assert hashlib.sha256(order.encode()).hexdigest() == nasbench201.ORDER_SHA256


def test_what_counts_as_published_is_what_the_official_client_returns(data_folder):
    import nats_bench

    client = nats_bench.create(str(data_folder / "NATS-tss-v1_0-3ffb9-simple"), "tss", fast_mode=True, verbose=False)
    for row in (0, 11, 284):
        found = tuple(
            client.get_more_info(row, dataset, hp="200", is_random=False)["test-accuracy"]
            for dataset in ("cifar10", "cifar100", "ImageNet16-120")
        )
        np.testing.assert_allclose(nasbench201.PUBLISHED_ACCURACIES[row], found, rtol=0, atol=nasbench201.ROUNDING)


def test_an_extract_of_the_official_table_becomes_the_same_table(official, build, data_folder):
    with gzip.open(data_folder / "nasbench201_official.csv.gz", "rt") as file:
        rows = [[row[name] for name in (*NAMES, "architecture")] for row in csv.DictReader(file)]
    # six significant digits are too few for what is below 10
    rows = [[repr(round(float(n) * p) / p) for n, p in zip(r, (600, 300, 180), strict=False)] + r[3:] for r in rows]
    seeds = official.values(official.keys, "cifar10_test_200ep_seeds")
    assert [row for row in nasbench201.PUBLISHED_ACCURACIES if seeds[row] == 1] == [15569]
    with pytest.raises(TableError, match=r"row 15569 is 86\.4800; published is 86\.445"):
        build(text_of([HEADER, *(",".join(row) for row in rows)]))
    rows[15569] = REAL[15569].split(",")
    table = read_compact(build(text_of([HEADER, *(",".join(row) for row in rows)])))
    assert table.keys == official.keys
    others = [key for row, key in enumerate(official.keys) if row != 15569]
    for name in NAMES:
        np.testing.assert_allclose(table.values(others, name), official.values(others, name), rtol=0, atol=1e-4)
        assert official.column(name) == table.column(name)
    for row, line in REAL.items():
        *numbers, cell = line.split(",")
        if seeds[row] > 1:
            found = [official.values([cell], name)[0] for name in NAMES]
            np.testing.assert_allclose(found, [float(number) for number in numbers], rtol=0, atol=1e-4)


def forged_line(row: int, cell: str, generator: random.Random) -> str:
    """A possible accuracy below the best of each data set, but for the rows whose accuracies are published."""
    invented = tuple(generator.uniform(1, best) for best in (94, 73, 46))
    given = nasbench201.PUBLISHED_ACCURACIES.get(row, invented)
    return ",".join([*(repr(round(n * p) / p) for n, p in zip(given, (600, 300, 180), strict=True)), cell])


def test_invented_accuracies_pass_every_check_of_the_file_alone_and_are_refused(build):
    generator = random.Random(1)
    path = build(text_of([HEADER, *(forged_line(row, cell, generator) for row, cell in enumerate(official_order()))]))
    check_table(path)
    with pytest.raises(TableError, match=r"Spearman correlation of -?0\.0\d+ with AnalogNAS-Bench"):
        SOURCES["nasbench201"].compare(path, "extract.csv")
