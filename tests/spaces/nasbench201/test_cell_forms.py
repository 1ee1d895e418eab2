"""Forms of cells that files hold beside the string. Oracle: NASLib's conversions, written out here."""

import json
import re

import numpy as np
import pytest

from benchmarks.keys import space_of_key
from harness.errors import SpaceError
from harness.spaces.nasbench201 import parse
from harness.spaces.nasbench201.cell import EDGES

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")  # Dong & Yang 2020, section 2.1
NASLIB = dict(zip(OPERATIONS, ["Zero", "Identity", "ReLUConvBN1x1", "ReLUConvBN3x3", "AvgPool1x1"], strict=True))
WRITTEN = {
    "blanks around +": lambda cell: str(cell).replace("+", " + "),
    "byte order mark": lambda cell: f"\ufeff{cell}",
    "edges": lambda cell: str({f"{t}<-{s}": name for (t, s), name in zip(EDGES, cell.operations, strict=True)}),
    "JSON of edges": lambda c: json.dumps({f"{t} <- {s}": n for (t, s), n in zip(EDGES, c.operations, strict=True)}),
    "edges from 0": lambda cell: str({(s, t): name for (t, s), name in zip(EDGES, cell.operations, strict=True)}),
    "edges from 1": lambda cell: str({(s + 1, t + 1): n for (t, s), n in zip(EDGES, cell.operations, strict=True)}),
    "NASLib's names": lambda cell: str({
        (s + 1, t + 1): NASLIB[name] for (t, s), name in zip(EDGES, cell.operations, strict=True)
    }),
    "targets first": lambda cell: str(dict(zip(EDGES, cell.operations, strict=True))),
    "nodes": lambda cell: str([
        [(name, s) for (t, s), name in zip(EDGES, cell.operations, strict=True) if t == target] for target in (1, 2, 3)
    ]),
}  # fmt: skip


@pytest.mark.parametrize("form", WRITTEN)
def test_what_files_hold_is_read(space, form):
    for cell in space.sample(50, seed=3):
        assert parse(WRITTEN[form](cell)) == cell
        assert space_of_key(WRITTEN[form](cell).removeprefix("\ufeff")) == "nasbench201"


def naslibs_indices(text):
    """Six indices as NASLib's conversions make them: edges by source first, operations in its own order."""
    order = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"]
    nodes = [[term.split("~")[0] for term in node.strip("|").split("|")] for node in text.split("+")]
    return [order.index(nodes[v - 2][u - 1]) for u, v in ((1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4))]


@pytest.mark.parametrize("kind", [tuple, list])
def test_six_indices_are_naslibs(space, kind):
    for cell in space.sample(160, seed=7):
        text = str(kind(naslibs_indices(str(cell))))
        for printed in (text, re.sub(r"([0-9])", r"np.int64(\1)", text), f"array({text})"):
            assert parse(printed) == cell
            assert space_of_key(printed) == "nasbench201"
    assert (
        str(parse("(4, 0, 3, 1, 4, 3)"))
        == "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|"
    )


@pytest.mark.parametrize("cast", [tuple, list, np.array, np.uint8, lambda row: tuple(np.array(row))])
def test_six_indices_are_read_as_values_and_without_brackets(space, cast):
    for cell in space.sample(50, seed=9):
        indices = naslibs_indices(str(cell))
        value = cast(indices)
        assert space.parse(value) == cell
        for text in (",".join(map(str, indices)), str(indices)[1:-1], str(np.array(indices))):
            assert parse(text) == cell
            assert space_of_key(text) == "nasbench201"
        with pytest.raises(SpaceError, match=re.escape(f"here space.parse({value!r})")):
            space.sizes(value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("(5, 0, 3, 1, 4, 3)", "operation index 5 does not exist; they go from 0 to 4"),
        ("4 0 3 1 4 3", "it has 1 nodes"),
        ("4,0,3,1,4", "it is no tuple of six indices"),
        ("4,0,3,1,4,05", "it is neither a string of edges"),
        (np.array([4.0, 0.0, 3.0, 1.0, 4.0, 3.0]), "it is no tuple of six indices"),
        ("(4, 0, 3, 1, 4)", "it is no tuple of six indices"),
        ("{'1<-0': 'none'}", "it names 1 edges; a cell has 6: 1<-0, 2<-0"),
        ("{'a': 'none'}", "edge 'a' is not like '1<-0'"),
        ("{(1, 2, 3): 'none'}", "edge (1, 2, 3) is not like"),
        ("{'x<-y': 'none'}", "it is no tuple of six indices"),
        ("[[('none', 0)], [('none', 0), ('none', 0)], [('none', 0), ('none', 1), ('none', 2)]]", "it names 6 edges"),
        ("[[('conv', 0)], [('none', 0), ('none', 1)], [('none', 0), ('none', 1), ('none', 2)]]", "unknown operation"),
        ("(" * 900 + ")" * 900, "it is neither a string of edges nor plain values"),
        ("(__import__('os'),)", "it is neither a string of edges nor plain values"),
        ("{}", "it names 0 edges"),
        ("()", "it names 0 edges"),
    ],
)  # fmt: skip
def test_a_malformed_value_is_refused_by_what_is_wrong(text, complaint):
    with pytest.raises(SpaceError, match=re.escape(complaint)) as caught:
        parse(text)
    assert len(str(caught.value)) < 800
