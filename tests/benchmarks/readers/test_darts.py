"""DARTS tables: genotypes against the space that builds their networks, numbers against the files."""

import re

import pandas as pd
import pytest

from benchmarks import TableError, open_table
from benchmarks.readers.darts_published import PUBLISHED_GENOTYPES as PUBLISHED
from harness.spaces import open_space
from harness.spaces.darts.genotype import canonical

DARTS, DARTS_NONE = open_space("darts"), open_space("darts-none")
FILES = {
    "darts-random214": ("darts_random214_cifar10.csv", "genotype", "cifar10_best_600ep_pct", 214, (96.18, 97.56)),
    "nasbench301-surrogate500": (
        "nasbench301_500.csv", "architecture", "nasbench301_surrogate_valid_pct", 500, (90.727905, 94.33028),
    ),
    "darts-1000": (
        "tables/darts_1000_cifar10.csv.gz", "architecture", "cifar10_valid_pct", 1000,
        (10.219999313354492, 86.61000061035156),
    ),
}  # fmt: skip
# normal and reduction cell as `DARTS-space/genotypes.py` of xiangning-chen/DrNAS prints them
PRINTED = {
    "DARTS_V1": (
        [
            ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("skip_connect", 0), ("sep_conv_3x3", 1),
            ("skip_connect", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("skip_connect", 2),
        ],
        [
            ("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 0),
            ("max_pool_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("avg_pool_3x3", 0),
        ],
    ),
    "DARTS_V2": (
        [
            ("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("sep_conv_3x3", 1),
            ("sep_conv_3x3", 1), ("skip_connect", 0), ("skip_connect", 0), ("dil_conv_3x3", 2),
        ],
        [
            ("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 1),
            ("max_pool_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("max_pool_3x3", 1),
        ],
    ),
    "PC_DARTS_cifar": (
        [
            ("sep_conv_3x3", 1), ("skip_connect", 0), ("sep_conv_3x3", 0), ("dil_conv_3x3", 1),
            ("sep_conv_5x5", 0), ("sep_conv_3x3", 1), ("avg_pool_3x3", 0), ("dil_conv_3x3", 1),
        ],
        [
            ("sep_conv_5x5", 1), ("max_pool_3x3", 0), ("sep_conv_5x5", 1), ("sep_conv_5x5", 2),
            ("sep_conv_3x3", 0), ("sep_conv_3x3", 3), ("sep_conv_3x3", 1), ("sep_conv_3x3", 2),
        ],
    ),
    "DrNAS_cifar10": (
        [
            ("sep_conv_3x3", 0), ("sep_conv_5x5", 1), ("sep_conv_3x3", 1), ("sep_conv_3x3", 2),
            ("skip_connect", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 2), ("dil_conv_5x5", 3),
        ],
        [
            ("max_pool_3x3", 0), ("sep_conv_5x5", 1), ("dil_conv_5x5", 2), ("sep_conv_5x5", 1),
            ("sep_conv_5x5", 1), ("dil_conv_5x5", 3), ("skip_connect", 4), ("sep_conv_5x5", 1),
        ],
    ),
    "DrNAS_imagenet": (
        [
            ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("sep_conv_3x3", 0), ("sep_conv_3x3", 1),
            ("sep_conv_3x3", 0), ("dil_conv_3x3", 3), ("skip_connect", 0), ("sep_conv_3x3", 1),
        ],
        [
            ("max_pool_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("skip_connect", 2),
            ("sep_conv_3x3", 0), ("sep_conv_3x3", 2), ("sep_conv_3x3", 3), ("sep_conv_3x3", 1),
        ],
    ),
}  # fmt: skip
CONCAT = [2, 3, 4, 5]
FIRST_ORDER = "Genotype(normal={}, normal_concat={}, reduce={}, reduce_concat={})".format(
    PRINTED["DARTS_V1"][0], CONCAT, PRINTED["DARTS_V1"][1], CONCAT
)


@pytest.fixture(params=FILES)
def real(request, data_folder):
    file, key, column, rows, limits = FILES[request.param]
    if not (data_folder / file).exists():
        pytest.skip(f"{data_folder / file} is not here")
    return open_table(request.param, path=data_folder / file), data_folder / file, key, column, rows, limits


def test_published_genotypes_are_those_of_the_space_in_its_own_text():
    table = open_table("darts-published")
    assert len(table) == len(PUBLISHED) == 5
    assert [str(DARTS.parse(key)) for key in table.keys] == list(table.keys)
    assert len({DARTS.key(DARTS.parse(key)) for key in table.keys}) == 5
    assert table.keys[0] == FIRST_ORDER


def test_published_genotypes_are_those_that_the_authors_print():
    assert [row.name for row in PUBLISHED] == list(PRINTED)
    for key, (normal, reduction) in zip(open_table("darts-published").keys, PRINTED.values(), strict=True):
        genotype = DARTS.parse(key)
        assert [list(genotype.normal), list(genotype.reduce)] == [normal, reduction]


def test_published_numbers_are_those_that_the_papers_print():
    table = open_table("darts-published")
    printed = {  # error, deviation, millions of parameters
        "DARTS_V1": (3.00, 0.14, 3.3),
        "DARTS_V2": (2.76, 0.09, 3.3),
        "PC_DARTS_cifar": (2.57, 0.07, 3.6),
        "DrNAS_cifar10": (2.46, 0.03, 4.1),
    }
    names = ("cifar10_test_600ep_error_pct", "cifar10_test_600ep_error_std_pct", "cifar10_params_m")
    for row, (name, numbers) in enumerate(printed.items()):
        assert PUBLISHED[row].name == name
        assert tuple(table.values([table.keys[row]], column)[0] for column in names) == numbers
        assert name in table.facts.source
    assert not any(column.higher_is_better for column in table.columns)


def test_printed_sizes_are_those_of_the_networks():
    """To the decimal that is printed. DARTS_V1's network has 3.17 million, printed as 3.3: its note says so.

    DrNAS prints 4.0 for its plain search and 4.1 for its progressive one: the genotype in its code is the latter.
    """
    for row in PUBLISHED:
        genotype = DARTS.parse(row.key())
        counted = {
            row.cifar10_params: DARTS.sizes(genotype, classes=10, width=36, depth=20).parameters,
            row.imagenet_params: DARTS.sizes(genotype, classes=1000, width=48, depth=14).parameters,
        }
        for printed, count in counted.items():
            if printed == printed and row.name != "DARTS_V1":
                assert round(count / 1e6, 1) == printed, row.name
    first = DARTS.sizes(DARTS.parse(PUBLISHED[0].key()), classes=10, width=36, depth=20).parameters
    assert round(first / 1e6, 2) == 3.17
    assert "3.17 million parameters, printed as 3.3" in open_table("darts-published").facts.note


def test_every_number_and_key_is_the_files(real):
    table, path, key, origin, rows, limits = real
    source = pd.read_csv(path, float_precision="round_trip")
    assert list(table.keys) == source[key].tolist()
    (column,) = table.columns
    assert (column.origin or column.name) == origin
    assert table.values(table.keys, column.name).tolist() == source[origin].tolist()
    assert len(table) == table.facts.rows == rows
    assert (source[origin].min(), source[origin].max()) == limits


def test_every_key_is_a_genotype_of_the_space_and_none_is_there_twice(real):
    table = real[0]
    space = {"darts": DARTS, "darts-none": DARTS_NONE}[table.facts.space]
    genotypes = [space.parse(key) for key in table.keys]
    assert len({canonical(genotype) for genotype in genotypes}) == len(table)


def test_by_its_file_name_the_file_opens_as_itself(real):
    assert open_table(real[1]).facts.name == real[0].facts.name


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("cell", "value", "complaint"),
    [
        (FIRST_ORDER[:-40], "95", "is no architecture of a known space, or is cut"),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", "95", "is of the space nasbench201, but row 0 is of the "),
        (FIRST_ORDER, "-1", "-1 is not a percentage from 0 to 100"),
        (FIRST_ORDER, "good", "'good' is not a number"),
    ],
)
def test_every_fault_is_named_with_file_row_and_column(tmp_path, name, cell, value, complaint):
    _, key, column, _, _ = FILES[name]
    good = open_table("darts-published").keys[1]
    path = tmp_path / "small.csv"
    pd.DataFrame({key: [good, cell], column: ["95", value]}).to_csv(path, index=False)
    with pytest.raises(TableError, match=re.escape(str(path)) + r".*row 1.*" + re.escape(complaint)):
        open_table(name, path=path)
