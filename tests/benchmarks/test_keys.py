"""Keys of tables: which space the form of a text is written for, against the spaces that read the texts."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import TableError
from benchmarks.keys import WIDTHS, quoted, space_of_key, space_of_keys
from harness.spaces import open_space
from harness.spaces.darts import forms
from harness.spaces.nasbench201.cell import OPERATIONS as CELL_OPERATIONS
from harness.spaces.nasbench201_large.cell import OPERATIONS as LARGE_OPERATIONS

FILE = Path("mine.csv")
CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
DARTS = open_space("darts")
DARTS_NONE = open_space("darts-none")
GENOTYPE = DARTS.sample(1, seed=3)[0]
FLAT = str(GENOTYPE)


@given(st.integers(0, 10_000))
def test_all_written_forms_of_a_genotype_have_the_form_of_darts(seed):
    (genotype,) = DARTS.sample(1, seed=seed)
    texts = (
        str(genotype),
        f" {genotype}\n",
        f"MINE = {genotype}",
        f"genotypes.{genotype}",
        forms.nested_text(genotype),
        str(forms.to_compact(genotype)),
        str(forms.to_configuration(genotype)),
        f"Configuration(values={forms.to_configuration(genotype)})",
    )
    assert {DARTS.key(DARTS.parse(text)) for text in texts} == {DARTS.key(genotype)}, "these are texts of one genotype"
    assert {space_of_key(text) for text in texts} == {"darts"}


def test_every_cell_has_the_form_of_its_space():
    assert {space_of_key(str(cell)) for cell in open_space("nasbench201")} == {"nasbench201"}


def test_a_cell_of_both_spaces_is_of_nasbench201_and_a_table_with_one_of_the_large_alone_is_of_that():
    large = open_space("nasbench201-large")
    own = [name for name in LARGE_OPERATIONS if name not in CELL_OPERATIONS]
    assert len(own) == 16
    for name in own:
        key = str(large.parse(CELL.replace("none~2", f"{name}~2")))
        assert space_of_key(key) == "nasbench201-large"
        assert space_of_keys(FILE, "architecture", [CELL, key]) == "nasbench201-large"
        assert space_of_keys(FILE, "architecture", [key, CELL]) == "nasbench201-large"
        assert space_of_keys(FILE, "architecture", [CELL, CELL], "nasbench201-large") == "nasbench201-large"
    with pytest.raises(TableError, match="is of the space darts, but row 0 is of the space nasbench201-large"):
        space_of_keys(FILE, "architecture", [key, FLAT])


def test_a_genotype_with_none_is_of_the_wider_space_and_others_may_be():
    wide = DARTS_NONE.parse(FLAT.replace(GENOTYPE.normal[0][0], "none", 1))
    key = DARTS_NONE.key(wide)
    assert space_of_key(key) == "darts-none"
    assert space_of_key(FLAT) == "darts"
    assert space_of_keys(FILE, "architecture", [FLAT, key]) == "darts-none"
    assert space_of_keys(FILE, "architecture", [key, FLAT]) == "darts-none"
    assert space_of_keys(FILE, "architecture", [FLAT, FLAT]) == "darts"
    with pytest.raises(TableError, match="is of the space nasbench201, but row 0 is of the space darts-none"):
        space_of_keys(FILE, "architecture", [key, CELL])


@pytest.mark.parametrize("key", ["8:16:24:32:64", ":".join([WIDTHS[0]] * 5)])
def test_sizes_are_recognised(key):
    assert space_of_keys(FILE, "architecture", [key]) == "natsbench-sizes"


def test_nothing_in_a_key_is_run(tmp_path):
    proof = tmp_path / "proof"
    call = f"__import__('os').mkdir({str(proof)!r})"
    key = f"Genotype(normal={call}, normal_concat=range(2, 6), reduce=[], reduce_concat=range(2, 6))"
    assert space_of_key(key) == "darts"
    assert not proof.exists()
    eval(call)
    assert proof.exists(), "the attack is not one, so the test shows nothing"


NO_FORM = "is no architecture of a known space, or is cut. Known: "


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        (["8:8:8:8:8", "8:8:8:8:12"], f"row 1, column 'architecture': '8:8:8:8:12' {NO_FORM}"),
        ([""], f"row 0, column 'architecture': '' {NO_FORM}"),
        (["resnet18", ""], f"row 1, column 'architecture': '' {NO_FORM}"),
        (["resnet18", CELL], f"row 1, column 'architecture': {CELL!r} is of the space nasbench201, but row 0 is of"),
        ([CELL, ""], f"row 1, column 'architecture': '' {NO_FORM}"),
        ([CELL, CELL[:-1]], f"row 1, column 'architecture': {CELL[:-1]!r} {NO_FORM}"),
        ([CELL, CELL + " "], f"row 1, column 'architecture': {CELL + ' '!r} {NO_FORM}"),
        ([FLAT, FLAT[:-3]], f"row 1, column 'architecture': {FLAT[:100]!r}… {NO_FORM}"),
        ([CELL, "8:8:8:8:8"], "row 1, column 'architecture': '8:8:8:8:8' is of the space natsbench-sizes, but row 0"),
        (
            [CELL, FLAT],
            f"row 1, column 'architecture': {FLAT[:100]!r}… is of the space darts, but row 0 is of the space ",
        ),
    ],
)
def test_cut_and_mixed_keys_are_named_with_file_row_and_column(keys, complaint):
    with pytest.raises(TableError, match=re.escape(f"mine.csv: {complaint}")):
        space_of_keys(FILE, "architecture", keys)


@pytest.mark.parametrize("keys", [["resnet18", "vit"], ["8:8:8:8"], [CELL[:-1]]])
def test_keys_of_no_known_form_are_left_to_the_join(keys):
    assert space_of_keys(FILE, "architecture", keys) == ""


def test_keys_of_another_space_than_a_table_is_about_are_refused():
    complaint = f"mine.csv: row 0, column 'architecture': {CELL!r} is of the space nasbench201, but this table is of"
    with pytest.raises(TableError, match=re.escape(complaint)):
        space_of_keys(FILE, "architecture", [CELL], "darts")


def test_long_keys_are_quoted_by_their_beginning():
    assert quoted(CELL) == repr(CELL)
    assert quoted("x" * 101) == repr("x" * 100) + "…"
