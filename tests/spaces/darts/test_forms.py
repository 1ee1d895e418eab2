"""Genotypes in the forms in which they are written down.

Oracles: the text that the authors' repository prints, NAS-Bench-301's numbering of edges counted out here, and the
published files of trained cells (data folder).
"""

import csv
import json

import pytest

from harness.errors import SpaceError
from harness.spaces.darts import Genotype, forms, parse
from harness.spaces.darts.genotype import OPERATIONS, canonical
from tests.spaces.darts.genotypes import DARTS_V2, PUBLISHED

# quark0/darts, cnn/genotypes.py
DARTS_V2_TEXT = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], "
    "normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), "
    "('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
    "reduce_concat=[2, 3, 4, 5])"
)
EDGES = [(node, source) for node in (2, 3, 4, 5) for source in range(node)]


def test_the_text_is_what_the_repository_prints():
    assert str(DARTS_V2) == DARTS_V2_TEXT
    assert parse(DARTS_V2_TEXT) == DARTS_V2


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_form_gives_back_the_genotype(name):
    genotype = PUBLISHED[name]
    assert parse(str(genotype)) == genotype
    assert parse(forms.nested_text(genotype)) == genotype
    assert parse(str(forms.to_compact(genotype))) == genotype
    assert parse(json.dumps(forms.to_compact(genotype))) == genotype
    assert forms.from_compact(forms.to_compact(genotype)) == genotype
    assert parse(f"{name.replace('-', '_')} = {genotype}") == genotype


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_configuration_gives_back_the_genotype_but_the_order_of_pairs(name):
    genotype = PUBLISHED[name]
    configuration = forms.to_configuration(genotype)
    again = forms.from_configuration(configuration)
    assert forms.to_configuration(again) == configuration
    for cell in ("normal", "reduce"):
        given, read = getattr(genotype, cell), getattr(again, cell)
        assert [set(given[i : i + 2]) for i in (0, 2, 4, 6)] == [set(read[i : i + 2]) for i in (0, 2, 4, 6)]
    assert parse(json.dumps(configuration)) == again
    assert parse(str(configuration)) == again
    assert parse(f"Configuration(values={configuration})") == again


def test_a_configuration_counts_the_edges_node_by_node():
    configuration = forms.to_configuration(DARTS_V2)
    chosen = {(2 + position // 2, source): operation for position, (operation, source) in enumerate(DARTS_V2.normal)}
    expected = {
        f"NetworkSelectorDatasetInfo:darts:edge_normal_{EDGES.index(edge)}": operation
        for edge, operation in chosen.items()
    }
    edges = {name: value for name, value in configuration.items() if "edge_normal" in name}
    assert edges == expected
    inputs = [configuration[f"NetworkSelectorDatasetInfo:darts:inputs_node_normal_{node}"] for node in (3, 4, 5)]
    assert inputs == ["0_1", "0_1", "0_2"]
    assert "NetworkSelectorDatasetInfo:darts:inputs_node_normal_2" not in configuration
    assert len(configuration) == 2 * (8 + 3)


def test_what_else_a_configuration_holds_is_passed_over():
    configuration = {
        **forms.to_configuration(DARTS_V2),
        "OptimizerSelector:sgd:learning_rate": 0.03,
        "NetworkSelectorDatasetInfo:darts:edge_normal_4": None,
    }
    assert canonical(forms.from_configuration(configuration)) == canonical(DARTS_V2)


def test_compact_indices_are_nas_bench_301s():
    compact = forms.to_compact(DARTS_V2)
    assert compact[0][0] == (0, 3)
    assert OPERATIONS == (
        "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
    )  # fmt: skip


@pytest.mark.parametrize(("file", "rows"), [("darts_random214_cifar10.csv", 214), ("nasbench301_500.csv", 500)])
def test_every_published_cell_is_read_and_written_back(published_data, file, rows):
    path = published_data / file
    if not path.exists():
        pytest.skip(f"{file} is not in {published_data}")
    with path.open() as lines:
        texts = [row[0] for row in csv.reader(lines)][1:]
    genotypes = [parse(text) for text in texts]
    assert len(set(genotypes)) == rows
    for text, genotype in zip(texts, genotypes, strict=True):
        pairs = forms.to_compact(genotype)
        assert text in (forms.nested_text(genotype), str([list(pairs[0]), list(pairs[1])]))


@pytest.mark.parametrize(
    "text",
    [
        "Genotype(normal=__import__('os').mkdir('{made}'), normal_concat=[2], reduce=[], reduce_concat=[2])",
        "__import__('os').mkdir('{made}')",
        "Genotype(normal=[(open('{made}', 'w'), 0)], normal_concat=range(2, 6), reduce=[], reduce_concat=range(2, 6))",
        "[x for x in [__import__('os').mkdir('{made}')]]",
        "{{'a': __import__('os').mkdir('{made}')}}",
        "import os; os.mkdir('{made}')",
        "Genotype(normal=[], normal_concat=range(__import__('os').mkdir('{made}')), reduce=[], reduce_concat=[2])",
    ],
)
def test_nothing_in_a_text_is_run(tmp_path, text):
    made = tmp_path / "made"
    with pytest.raises(SpaceError, match="malformed DARTS genotype"):
        parse(text.format(made=made))
    assert not made.exists()


def changed(old, new):
    text = str(DARTS_V2)
    assert old in text
    return text.replace(old, new, 1)


WRONG = {
    "empty": ("", "it has 0 characters"),
    "cut": (DARTS_V2_TEXT[:200], "incomplete, or has another form"),
    "another form": ("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|", "incomplete, or has another form"),
    "a number": ("7", "compact tuples are two cells"),
    "text": ("'Genotype'", "compact tuples are two cells"),
    "a name": ("DARTS_V2", "is not a plain value"),
    "huge": ("(" * 30_000, "30,000 characters"),
    "deep": ("(" * 5_000 + ")" * 5_000, "incomplete, or has another form"),
    "another range": (changed("normal_concat=[2, 3, 4, 5]", "normal_concat=range(10**9)"), "field 'normal_concat' is"),
    "unknown operation": (changed("dil_conv_3x3", "dil_conv_3x4"), "unknown operation 'dil_conv_3x4'. Did you mean"),
    "none": (changed("'skip_connect', 0", "'none', 0"), "'none' is dropped when a cell is derived"),
    "input that does not exist": (
        changed("('dil_conv_3x3', 2)", "('dil_conv_3x3', 5)"),
        "cell 'normal', node 5, pair 1 ('dil_conv_3x3', 5): input 5 does not exist; node 5 reads from 0 to 4",
    ),
    "input as text": (changed("('dil_conv_3x3', 2)", "('dil_conv_3x3', '2')"), "input '2' does not exist"),
    "negative input": (changed("('dil_conv_3x3', 2)", "('dil_conv_3x3', -1)"), "input -1 does not exist"),
    "missing node": (
        changed("('skip_connect', 0), ('dil_conv_3x3', 2)]", "]"),
        "cell 'normal' of a DARTS genotype has 6 pairs, expected 8",
    ),
    "one pair at a node, three at the next": (
        forms.nested_text(DARTS_V2).replace(
            "[('sep_conv_3x3', 1), ('skip_connect', 0)], [(", "[('sep_conv_3x3', 1)], [('skip_connect', 0), ("
        ),
        "cell 'normal', node 4 has 1 pairs, expected 2",
    ),
    "two nodes in one": (
        forms.nested_text(DARTS_V2).replace(
            "('sep_conv_3x3', 1)], [('sep_conv_3x3', 0)", "('sep_conv_3x3', 1), ('sep_conv_3x3', 0)"
        ),
        "cell 'normal' has 3 nodes, expected 4",
    ),
    "too many values": ("Genotype([], [], [], [], [])", "5 values have no field name; the fields are normal"),
    "a field twice": ("Genotype([], normal=[])", "field 'normal' is given twice"),
    "a call": (changed("normal_concat=[2, 3, 4, 5]", "normal_concat=len([2])"), "is not a plain value"),
    "a long range": (changed("normal_concat=[2, 3, 4, 5]", "normal_concat=list(range(10**9))"), "is not a plain value"),
    "a step of zero": (
        changed("normal_concat=[2, 3, 4, 5]", "normal_concat=list(range(2, 6, 0))"),
        "not a plain value",
    ),
    "a mapping without a cell": ("{'normal': []}", "field 'reduce' is missing"),
    "a mapping with another output": (
        str({"normal": [], "reduce": [], "normal_concat": [3, 4]}),
        "'normal_concat' is [3, 4]: in this space",
    ),
    "one input twice in a configuration": (
        str({**forms.to_configuration(DARTS_V2), f"{forms.PREFIX}inputs_node_normal_3": "0_0"}),
        "expected two inputs from 0 to 2, such as",
    ),
    "missing nested node": (
        forms.nested_text(DARTS_V2).replace(", [('skip_connect', 0), ('dil_conv_3x3', 2)]", ""),
        "cell 'normal' has 3 nodes, expected 4",
    ),
    "concat": (changed("normal_concat=[2, 3, 4, 5]", "normal_concat=[3, 4, 5]"), "'normal_concat' is [3, 4, 5]"),
    "missing field": (DARTS_V2_TEXT[:-28] + ")", "field 'reduce_concat' is missing"),
    "unknown field": (changed("normal_concat", "normal_cat"), "unknown field 'normal_cat'"),
    "another name": (changed("Genotype", "Genotypes"), "unknown form 'Genotypes'. Did you mean 'Genotype'"),
    "no pairs": (changed("('sep_conv_3x3', 0)", "'sep_conv_3x3'"), "not (operation, input)"),
    "operation index": ("[[(0, 7), (1, 0)], []]", "operation index 7 does not exist; they go from 0 to 6"),
    "one compact cell": ("[[(0, 1), (1, 0)]]", "compact tuples are two cells"),
    "empty configuration": ("{}", "edge_normal_0 is missing"),
}


@pytest.mark.parametrize("levels", [300, 900, 3000])
@pytest.mark.parametrize(
    "deep",
    [
        lambda levels: "f" + "()" * levels,
        lambda levels: f"Genotype(normal={'1+' * levels}1, normal_concat=[2], reduce=[], reduce_concat=[2])",
        lambda levels: f"a{'.b' * levels}(normal=1)",
        lambda levels: "not " * levels + "1",
        lambda levels: "-" * levels + "1",
        lambda levels: "[" * (levels // 4) + "]" * (levels // 4),
        lambda levels: "{'a':" * (levels // 4) + "1" + "}" * (levels // 4),
    ],
    ids=range(7),
)
def test_a_deep_text_is_an_error_and_nothing_worse(deep, levels):
    with pytest.raises(SpaceError, match="malformed DARTS genotype"):
        parse(deep(levels))


def test_a_genotype_is_one_value_whatever_sequences_it_is_made_of():
    lists = Genotype([list(pair) for pair in DARTS_V2.normal], list(DARTS_V2.reduce))
    assert lists == DARTS_V2
    assert hash(lists) == hash(DARTS_V2)
    with pytest.raises(SpaceError, match="not \\(operation, input\\)"):
        Genotype([("skip_connect", 0, 1), *DARTS_V2.normal[1:]], DARTS_V2.reduce)


@pytest.mark.parametrize("case", WRONG)
def test_a_malformed_text_says_what_is_wrong_and_what_is_expected(case):
    text, complaint = WRONG[case]
    with pytest.raises(SpaceError) as error:
        parse(text)
    assert complaint in str(error.value)
    assert str(error.value).startswith("malformed DARTS genotype ")
    assert "A genotype reads Genotype(normal=" in str(error.value)
    assert len(str(error.value)) < 900


@pytest.mark.parametrize(
    ("entry", "value", "complaint"),
    [
        ("inputs_node_normal_4", "0_4", "expected two inputs from 0 to 3"),
        ("inputs_node_reduce_5", "0", "expected two inputs from 0 to 4"),
        ("inputs_node_reduce_5", None, "inputs_node_reduce_5 is missing"),
        ("edge_normal_0", "conv", "unknown operation 'conv'"),
        ("edge_normal_4", "skip_connect", "edge_normal_4 belongs to no chosen input"),
        ("inputs_node_normal_5", "1_2", "edge_normal_10 is missing"),
    ],
)
def test_a_broken_configuration_names_its_entry(entry, value, complaint):
    configuration = {**forms.to_configuration(DARTS_V2), f"NetworkSelectorDatasetInfo:darts:{entry}": value}
    with pytest.raises(SpaceError, match=complaint):
        forms.from_configuration(configuration)


@pytest.mark.parametrize("pairs", [(), DARTS_V2.normal[:7], (*DARTS_V2.normal, ("skip_connect", 0))])
def test_a_cell_of_another_length_is_refused(pairs):
    with pytest.raises(SpaceError, match=f"has {len(pairs)} pairs, expected 8"):
        Genotype(pairs, DARTS_V2.reduce)
