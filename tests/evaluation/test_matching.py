"""Keys and directions of the join.

Oracles: the same numbers with their sign turned, scipy, and genotypes written in other ways by hand.
"""

import math
import random
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks import Column, Facts, Table, TableError, open_table
from harness.errors import ScoresError
from harness.evaluation import matching
from harness.evaluation.matching import column_by_key, recognised_space, table_architectures
from harness.evaluation.ranking import correlate
from harness.spaces import open_space
from harness.spaces.nasbench201 import NasBench201

CELLS = [str(cell) for cell in open_space("nasbench201").sample(25, seed=3)]
GENOTYPES = [str(genotype) for genotype in open_space("darts").sample(8, seed=1)]
COEFFICIENTS = ["spearman", "kendall_tau_b", "weighted_tau", "pearson"]


def column(name, unit="ratio", higher_is_better=True, **facts):
    given = {"dataset": None, "split": None, "epochs": None, "description": "made here", **facts}
    return Column(name, unit=unit, seeds="none", may_be_missing=True, higher_is_better=higher_is_better, **given)


def make(keys, values, what=None, space="nasbench201", **options):
    facts = Facts("made", space, "A table of this test", "nowhere", "none", None, None, None, "No limits.")
    return Table(list(keys), [what or column("value")], [values], facts, **options)


def scored(keys, scores, proxy="mine"):
    return pd.DataFrame({"architecture": list(keys), "proxy": proxy, "score": list(scores)})


def row(ranking, proxy="mine"):
    return ranking.frame.set_index("proxy").loc[proxy]


def rank(frame, table, name="value"):
    return correlate(frame, table, name, resamples=5)


def swapped(genotype, node=0):
    """The same genotype with the two inputs of a node of its normal cell in the other order."""
    pairs = re.findall(r"\('\w+', \d\)", genotype)
    first, second = pairs[2 * node : 2 * node + 2]
    turned = genotype.replace(f"{first}, {second}", f"{second}, {first}", 1)
    assert turned != genotype
    return turned


def nested(genotype):
    """The same genotype with a list for each node, as other code prints it."""
    cells = re.findall(r"(normal|reduce)=\[((?:\('\w+', \d\)(?:, )?)+)\]", genotype)
    text = genotype
    for name, flat in cells:
        pairs = re.findall(r"\('\w+', \d\)", flat)
        nodes = ", ".join(f"[{first}, {second}]" for first, second in zip(pairs[::2], pairs[1::2], strict=True))
        text = text.replace(f"{name}=[{flat}]", f"{name}=[{nodes}]")
    assert text != genotype
    return text


# Directions


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 9)), min_size=3, max_size=25))
def test_where_lower_is_better_the_best_are_those_of_the_turned_values(rows):
    scores, values = (np.array(numbers, dtype=float) for numbers in zip(*rows, strict=True))
    keys = CELLS[: len(rows)]
    lower = rank(scored(keys, scores), make(keys, values, column("value", higher_is_better=False)))
    turned = rank(scored(keys, scores), make(keys, -values))
    for proxy in ("mine", "params"):
        found, expected = row(lower, proxy), row(turned, proxy)
        for name in ("best_accuracy", "top10_best"):
            assert found[name] == -expected[name]
        assert found["best_percentile"] == expected["best_percentile"]
        for name in ("spearman", "kendall_tau_b", "pearson"):
            assert found[name] == pytest.approx(-expected[name], abs=1e-12, nan_ok=True)


def test_where_lower_is_better_the_best_are_the_lowest():
    values = np.arange(25.0) + 1
    scores = np.random.default_rng(0).permutation(25).astype(float)
    ranking = rank(scored(CELLS, scores), make(CELLS, values, column("value", "ms", higher_is_better=False)))
    found = row(ranking)
    first = values[scores.argmax()]
    assert found["best_accuracy"] == first
    assert found["best_percentile"] == stats.percentileofscore(-values, -first, kind="mean")
    assert found["top10_best"] == values[np.argsort(scores)[-10:]].min()
    assert found["spearman"] == pytest.approx(stats.spearmanr(scores, values).statistic)
    assert ranking.higher_is_better is False
    assert ranking.direction.startswith("Lower value is better. Coefficients are those of score against value")


def test_where_higher_is_better_nothing_is_said():
    assert rank(scored(CELLS, range(25)), make(CELLS, range(25))).direction == ""


# Keys


def test_one_genotype_is_matched_however_it_is_written():
    values = np.random.default_rng(0).normal(size=8)
    scores = np.random.default_rng(1).normal(size=8)
    plain = rank(scored(GENOTYPES, scores), make(GENOTYPES, values, space="darts"))
    written = [nested(swapped(text, node)) for text, node in zip(GENOTYPES, [0, 1, 2, 3] * 2, strict=True)]
    for frame, table in (
        (scored(written, scores), make(GENOTYPES, values, space="darts")),
        (scored(GENOTYPES, scores), make(written, values, space="darts")),
        (scored(map(nested, GENOTYPES), scores), make(map(swapped, GENOTYPES), values, space="darts")),
    ):
        ranking = rank(frame, table)
        pd.testing.assert_frame_equal(ranking.frame, plain.frame)
        pd.testing.assert_frame_equal(ranking.points, plain.points)
        assert ranking.unmatched == ranking.repeated == ranking.duplicates == ()


def test_what_the_table_lacks_is_named_as_the_scores_write_it():
    written = list(map(swapped, GENOTYPES))
    ranking = rank(scored(written, range(8)), make(GENOTYPES[2:], range(6), space="darts"))
    assert ranking.unmatched == tuple(written[:2])
    assert row(ranking)["n"] == 6


def test_equal_scores_of_one_architecture_count_once_and_are_named():
    scores = np.random.default_rng(1).normal(size=8)
    table = make(GENOTYPES, range(8), space="darts")
    frame = pd.concat(
        [
            scored(GENOTYPES, scores),
            scored([swapped(GENOTYPES[3]), GENOTYPES[5]], scores[[3, 5]]),
            scored(GENOTYPES[:4], [math.nan] * 4, "other"),
            scored([swapped(GENOTYPES[1])], [math.nan], "other"),
        ]
    )
    ranking = rank(frame, table)
    assert ranking.repeated == (GENOTYPES[3], GENOTYPES[5], GENOTYPES[1])
    plain = rank(frame.iloc[[*range(8), *range(10, 14)]], table)
    pd.testing.assert_frame_equal(ranking.frame, plain.frame)


def test_equal_rows_of_a_table_count_once_and_are_named():
    values = np.random.default_rng(0).normal(size=8)
    again = [swapped(GENOTYPES[2]), nested(GENOTYPES[2]), swapped(GENOTYPES[6])]
    table = make([*GENOTYPES, *again], [*values, values[2], math.nan, values[6]], space="darts")
    ranking = rank(scored(GENOTYPES, range(8)), table)
    assert ranking.duplicates == tuple(again)
    pd.testing.assert_frame_equal(
        ranking.frame, rank(scored(GENOTYPES, range(8)), make(GENOTYPES, values, space="darts")).frame
    )


def test_rows_that_a_reader_left_out_are_named_too():
    table = make(CELLS, range(25), repeated=CELLS[:2])
    assert rank(scored(CELLS, range(25)), table).duplicates == tuple(CELLS[:2])


def test_a_missing_number_gives_way_to_the_one_of_another_row():
    table = make([GENOTYPES[0], swapped(GENOTYPES[0]), *GENOTYPES[1:]], [math.nan, 5, *range(7)], space="darts")
    key = open_space("darts").key(open_space("darts").parse(GENOTYPES[0]))
    assert column_by_key(table, "value").values[key] == 5


def test_rows_of_one_architecture_that_contradict_each_other_are_refused():
    other = swapped(GENOTYPES[0])
    table = make([*GENOTYPES, other], [*range(8), 0.25], space="darts")
    message = "table made (no file): rows 0 and 8 (from 0) are one architecture with different value, 0 and 0.25: keep"
    with pytest.raises(TableError, match=re.escape(message)) as error:
        rank(scored(GENOTYPES, range(8)), table)
    assert repr(GENOTYPES[0]) in str(error.value)
    assert repr(other) in str(error.value)


def test_a_key_of_a_table_that_does_not_parse_is_named_with_its_row():
    wrong = CELLS[4].replace("~0", "~7", 1)
    table = make([*CELLS[:4], wrong], range(5))
    message = f"table made (no file), row 4 (from 0): malformed NAS-Bench-201 cell {wrong!r}"
    with pytest.raises(TableError, match=re.escape(message)):
        rank(scored(CELLS, range(25)), table)


def written(folder, keys, **columns):
    """A table of the user's own from a file."""
    pd.DataFrame({"architecture": list(keys), **columns}).to_csv(folder / "mine.csv", index=False)
    return open_table(folder / "mine.csv")


def test_one_genotype_under_two_texts_of_a_file_is_one_row_of_the_join(tmp_path):
    values = np.random.default_rng(0).normal(size=8)
    again = [nested(swapped(GENOTYPES[2])), GENOTYPES[4]]
    table = written(tmp_path, [*GENOTYPES, *again], value=[*values, values[2], values[4]])
    ranking = rank(scored(GENOTYPES, range(8)), table)
    assert ranking.duplicates == (GENOTYPES[4], again[0])
    plain = rank(scored(GENOTYPES, range(8)), make(GENOTYPES, values, space="darts"))
    pd.testing.assert_frame_equal(ranking.frame, plain.frame.assign(table="mine.csv"))


def test_a_file_with_two_texts_of_one_genotype_that_contradict_each_other_is_refused_by_the_join(tmp_path):
    other = nested(GENOTYPES[2])
    table = written(tmp_path, [*GENOTYPES, other], value=[*range(8), 9], same=[*range(8), 2])
    message = "rows 2 and 8 (from 0) are one architecture with different value, 2 and 9: keep one of them"
    with pytest.raises(TableError, match=re.escape(message)) as error:
        rank(scored(GENOTYPES, range(8)), table)
    assert str(tmp_path / "mine.csv") in str(error.value)
    assert rank(scored(GENOTYPES, range(8)), table, "same").duplicates == (other,)


def test_the_architectures_of_a_table_are_each_there_once_in_its_order():
    space = open_space("darts")
    table = make([*GENOTYPES, swapped(GENOTYPES[2])], [*range(8), 2], space="darts")
    assert list(map(str, table_architectures(table))) == [str(space.parse(text)) for text in GENOTYPES]
    wrong = make([CELLS[0], CELLS[1].replace("~0", "~7", 1)], [1, 2])
    with pytest.raises(TableError, match=r"table made \(no file\), row 1 \(from 0\): malformed NAS-Bench-201 cell"):
        table_architectures(wrong)


@pytest.mark.parametrize(
    ("keys", "wrong", "reason"),
    [
        (CELLS, CELLS[1].replace("~0", "~7", 1), "malformed NAS-Bench-201 cell"),
        (GENOTYPES, GENOTYPES[1].replace("reduce=[('", "reduce=[('un", 1), "unknown operation 'un"),
        (GENOTYPES, "[[(0, 4)], [(0, 3)]]", "malformed DARTS genotype"),
    ],
)
def test_a_broken_key_of_a_file_is_an_error_of_the_join(tmp_path, keys, wrong, reason):
    table = written(tmp_path, [keys[0], wrong, keys[2]], value=[1, 2, 3])
    with pytest.raises(TableError, match=re.escape(f"({tmp_path / 'mine.csv'}), row 1 (from 0): ") + ".*" + reason):
        rank(scored(keys, range(len(keys))), table)


def test_a_space_without_networks_is_refused_plainly():
    table = make(["a graph", "another"], [1, 2], space="nasbench101")
    with pytest.raises(TableError, match="holds architectures of the space 'nasbench101', which has no networks"):
        rank(scored(CELLS, range(25)), table)


def test_a_row_without_a_proxy_is_refused():
    frame = scored(CELLS, range(25))
    frame.loc[3, "proxy"] = None
    with pytest.raises(ScoresError, match=re.escape("row 3 (from 0) of the scores names no proxy")):
        rank(frame, make(CELLS, range(25)))


def test_a_second_join_parses_nothing_again(monkeypatch):
    matching._keyed.cache_clear()
    parsed = []
    parse = NasBench201.parse
    monkeypatch.setattr(NasBench201, "parse", lambda self, text: parsed.append(text) or parse(self, text))
    frame = scored(CELLS, range(25))
    rank(frame, make(CELLS, range(25)))
    assert sorted(parsed) == sorted(CELLS)
    rank(frame, make(CELLS, range(25), column("latency", "ms")), "latency")
    assert len(parsed) == len(CELLS)


def test_the_whole_space_keeps_one_row_a_cell():
    """NAS-Bench-201's tables have a row for each way to write a cell, so no two of them share a key."""
    keys = [str(cell) for cell in open_space("nasbench201")]
    random.Random(0).shuffle(keys)
    values, duplicates = column_by_key(make(keys, range(15_625)), "value")
    assert (list(values), duplicates) == (keys, ())
    assert list(values.values()) == list(range(15_625))


# Which space


@pytest.mark.parametrize(
    ("texts", "space"),
    [
        (CELLS, "nasbench201"),
        (GENOTYPES, "darts"),
        ([nested(GENOTYPES[0])], "darts"),
        (["8:16:24:32:40"], "natsbench-sizes"),
        (["0123:skip:skip:gcn:gcn"], "nasbench-graph"),
        (["gcn||gat||gin||skip||none||skip||l_max"], "sane"),
        (["64:gat:8:sum:identity:elu||16:gcn:1:mean:mlp:relu"], "agnn"),
        (["1_02_333"], "transnas-micro"),
        (["64-41414-1_02_333"], "transnas-micro"),
        (["|none~0|+|none~0|none~1|+|none~0|sep_conv_7x7~1|none~2|"], "nasbench201-large"),
    ],
)
def test_the_space_is_that_which_reads_the_first_architecture(texts, space):
    assert recognised_space(scored(texts, range(len(texts)))) == space


@pytest.mark.parametrize("text", ["8:8:8:8", "", math.nan, "|none~0|"])
def test_an_architecture_of_no_space_is_refused_with_every_reason(text):
    with pytest.raises(ScoresError, match="is of no space that is known") as error:
        recognised_space(scored([text], [1.0]))
    assert f"nasbench201: malformed NAS-Bench-201 cell {str(text)!r}" in str(error.value)
    assert ". darts: " in str(error.value)
    assert f". natsbench-sizes: malformed NATS-Bench sizes {str(text)!r}" in str(error.value)
