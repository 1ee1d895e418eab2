"""Architecture strings, against the spaces that build networks: what those refuse is refused here."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import TableError
from benchmarks.genotypes import OPERATIONS, KeyFault, genotype_cells
from benchmarks.keys import WIDTHS, cell_fault, identities, shown, space_of
from harness.errors import SpaceError
from harness.spaces import open_space
from harness.spaces.darts import forms
from harness.spaces.darts.genotype import Genotype

FILE = Path("mine.csv")
CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
DARTS = open_space("darts")
GENOTYPE = DARTS.sample(1, seed=3)[0]
FLAT = str(GENOTYPE)
CONFIGURATION = str(forms.to_configuration(GENOTYPE))

pairs_of_a_node = {
    node: [
        ((first, one), (second, other))
        for one, other in itertools.permutations(range(node), 2)
        for first in OPERATIONS
        for second in OPERATIONS
    ]
    for node in range(2, 6)
}
cells = st.tuples(*(st.sampled_from(pairs_of_a_node[node]) for node in range(2, 6))).map(
    lambda nodes: tuple(pair for node in nodes for pair in node)
)
genotypes = st.builds(Genotype, cells, cells)


@given(genotypes)
def test_all_written_forms_of_a_genotype_are_one_architecture(genotype):
    texts = (
        str(genotype),
        f"MINE = {genotype}",
        forms.nested_text(genotype),
        str(forms.to_compact(genotype)),
        str(forms.to_configuration(genotype)),
        f"Configuration(values={forms.to_configuration(genotype)})",
    )
    assert len({genotype_cells(text) for text in texts}) == 1
    assert {space_of(text) for text in texts} == {"darts"}


@given(genotypes, genotypes)
def test_genotypes_are_one_architecture_if_their_nodes_hold_the_same_pairs(one, other):
    def nodes(genotype):  # the definition, by sets
        return [{(place // 2, *pair) for place, pair in enumerate(cell)} for cell in (genotype.normal, genotype.reduce)]

    assert (genotype_cells(str(one)) == genotype_cells(str(other))) == (nodes(one) == nodes(other))
    swapped = Genotype(
        tuple(one.normal[place ^ 1] for place in range(8)), tuple(one.reduce[place ^ 1] for place in range(8))
    )
    assert genotype_cells(str(swapped)) == genotype_cells(str(one))


@given(st.data())
def test_a_genotype_changed_at_any_character_is_refused_where_the_space_refuses_it(data):
    place = data.draw(st.integers(0, len(FLAT) - 1))
    text = FLAT[:place] + data.draw(st.sampled_from(["", "9", "x", "(", "'", ",", "_5x5"])) + FLAT[place + 1 :]
    try:
        refused = forms.parse(text) is None
    except SpaceError:
        refused = True
    if refused:
        with pytest.raises(KeyFault, match="is not a DARTS genotype: "):
            genotype_cells(text)
    else:
        genotype_cells(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (FLAT[:-30], "it is cut, or of another form"),
        ("[[(0, 4)], [(0, 3)]]", "cell 'normal' has 1 pairs, expected 8"),
        (str(forms.to_compact(GENOTYPE)).replace("), (", "), 7, (", 1), "7 is not a pair (input, operation index)"),
        ("[[], [], []]", "does not hold two cells"),
        ("[[(0, 9)], []]", "operation index 9 is none of 0 to 6"),
        ("[7, []]", "cell 'normal' is 7, not a list of pairs"),
        ("{}", "entry NetworkSelectorDatasetInfo:darts:edge_normal_0 is missing"),
        (CONFIGURATION.replace("node_normal_3': '", "node_normal_3': 'x"), "_normal_3 is 'x"),
        ("Genotype(normal=[])", "field 'normal_concat' is missing"),
        (FLAT.replace("normal_concat=[2", "normal_concat=[1"), "field 'normal_concat' is not [2, 3, 4, 5]"),
        (
            re.sub(r"\('[a-z_0-9]+', [01]\)", "('sep_conv_7x7', 1)", FLAT, count=1),
            "unknown operation 'sep_conv_7x7'. Did",
        ),
        (re.sub(r"', [01]\)", "', 2)", FLAT, count=1), "cell 'normal', node 2: input 2 does not exist"),
        (FLAT.replace("normal=[", "normal=[__import__('os').getcwd(), ", 1), "nothing in a key is run"),
        (FLAT.replace("', 0)", "', True)", 1), "input True does not exist"),
        (FLAT.replace("', 1)", "', 0)"), "input 0 is read twice"),
        ("(" * 300 + ")" * 300, "it is cut, or of another form"),
        ("[" + "0," * 20_000 + "]", "it has 40,002 characters"),
        ("[[1], [2]]; print()", "it is cut, or of another form"),
        ("del x", "it is a statement"),
    ],
)
def test_a_broken_genotype_is_named_with_cell_and_node(text, complaint):
    with pytest.raises(KeyFault, match=r"is not a DARTS genotype: .*" + re.escape(complaint)):
        genotype_cells(text)


def test_nothing_in_a_key_is_run(tmp_path):
    proof = tmp_path / "proof"
    call = f"__import__('os').mkdir({str(proof)!r})"
    with pytest.raises(KeyFault, match="nothing in a key is run"):
        genotype_cells(f"Genotype(normal={call}, normal_concat=range(2, 6), reduce=[], reduce_concat=range(2, 6))")
    assert not proof.exists()
    eval(call)
    assert proof.exists(), "the attack is not one, so the test shows nothing"


def test_every_cell_of_the_space_is_whole():
    assert {cell_fault(str(cell)) for cell in open_space("nasbench201")} == {""}


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("|none~0|+|none~0|none~1|", "it has 2 nodes, expected 3 after the input"),
        (CELL + "+|none~0|none~1|none~2|none~3|", "it has 4 nodes"),
        (CELL.replace("|none~0|none~1|+", "|none~0|+"), "node 2 is '|none~0|', expected 2 operations"),
        (CELL.replace("none~2", "none~1"), "node 3: 'none~1' stands where none~2 is expected"),
        (CELL.replace("none~2", "skip~2"), "node 3: unknown operation 'skip'"),
        (CELL[:-1], "node 3 is '|none~0|none~1|none~2'"),
        (CELL + " ", "node 3 is '|none~0|none~1|none~2| '"),
        ("|", "it has 1 nodes"),
        ("||+||+||", "node 1: unknown operation ''"),
    ],
)
def test_a_broken_cell_says_which_node(key, complaint):
    assert cell_fault(key).startswith(complaint)


@pytest.mark.parametrize("key", ["8:16:24:32:64", ":".join([WIDTHS[0]] * 5)])
def test_sizes_are_recognised(key):
    assert identities(FILE, "architecture", [key]) == ("natsbench-size", [key])


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        (["8:8:8:8"], "row 0, column 'architecture': '8:8:8:8' is not a NATS-Bench size: expected five widths"),
        (["8:8:8:8:8", "8:8:8:8:12"], "row 1, column 'architecture': '8:8:8:8:12' is not a NATS-Bench size"),
        (["resnet18"], "row 0, column 'architecture': 'resnet18' is no architecture of a known space. Known: "),
        ([CELL, ""], "row 1, column 'architecture': '' is no architecture of a known space"),
        ([CELL, "8:8:8:8:8"], "row 1, column 'architecture': '8:8:8:8:8' is of the space natsbench-size, but row 0"),
        (
            [CELL, FLAT],
            f"row 1, column 'architecture': {FLAT[:100]!r}… is of the space darts, but row 0 is of the space ",
        ),
    ],
)
def test_broken_and_mixed_keys_are_named_with_file_row_and_column(keys, complaint):
    with pytest.raises(TableError, match=re.escape(f"mine.csv: {complaint}")):
        identities(FILE, "architecture", keys)


def test_long_keys_are_quoted_by_their_beginning():
    assert shown(CELL) == repr(CELL)
    assert shown("x" * 101) == repr("x" * 100) + "…"
