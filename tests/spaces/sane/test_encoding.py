"""Architectures of SANE as texts, and their sizes.

Oracles: the space's size in the authors' code, counting by hand, and the parameters that PyTorch counts.
"""

from __future__ import annotations

import pytest

from harness.errors import SpaceError
from harness.measurements.size import parameter_count
from harness.spaces.sane import Sane, SaneArchitecture
from harness.spaces.sane.encoding import LAYER_AGGREGATORS, NODE_AGGREGATORS

TEXT = "gcn||gat||gin||skip||none||skip||l_max"


def test_the_space_has_as_many_architectures_as_the_authors_count(space: Sane) -> None:
    assert len(space) == 11**3 * 2**3 * 3 == 31_944


def test_networks_are_counted_by_the_last_layer_that_is_read(space: Sane) -> None:
    """Depth 1 has 11 of them, depth 2 has 2 · 11², depth 3 has 4 · 11³, each with three layer aggregators."""
    assert len({space.canonical(each) for each in space}) == 3 * (11 + 2 * 11**2 + 4 * 11**3)


def test_a_text_is_read_into_its_parts(space: Sane) -> None:
    expected = SaneArchitecture(("gcn", "gat", "gin"), ("skip", "none", "skip"), "l_max")
    assert space.parse(TEXT) == expected
    assert space.parse("gcn||gat||gin||skip||none||l_max") == expected, "the last layer is fixed"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("gcn||gat||skip", "an architecture reads gcn||gat||gin||skip||none||skip||l_max"),
        (TEXT.replace("gin", "gim"), "unknown node aggregator 'gim'. Did you mean 'gin'"),
        (TEXT.replace("none", "non"), "unknown skip 'non'. Did you mean 'none'"),
        (TEXT.replace("l_max", "l_mix"), "unknown layer aggregator 'l_mix'. Did you mean 'l_max'"),
    ],
)
def test_a_malformed_text_is_refused_with_its_fault(space: Sane, text: str, why: str) -> None:
    with pytest.raises(SpaceError, match="malformed architecture of SANE") as error:
        space.parse(text)
    assert why in str(error.value)


def test_what_no_output_depends_on_is_not_told_apart(space: Sane) -> None:
    first, second = (space.parse(f"gcn||{name}||gat||skip||none||none||l_max") for name in ("gin", "gat_cos"))
    assert space.key(first) == space.key(second) == "gcn||sage||sage||skip||none||none||l_max"
    assert space.key(space.parse("gcn||gat||gin||none||none||none||l_max")) == "gcn||gat||gin||none||none||skip||l_max"


def test_neighbours_differ_in_one_choice(space: Sane) -> None:
    found = space.neighbours(space.parse(TEXT))
    assert len(found) == 3 * 10 + 3 + 2
    for near in found:
        pairs = zip(str(near).split("||"), TEXT.split("||"), strict=True)
        assert sum(one != other for one, other in pairs) == 1


def test_sizes_are_those_of_the_networks_for_every_aggregator(space: Sane) -> None:
    pytest.importorskip("torch_geometric", reason="torch_geometric is not installed (the extra graphs has it)")
    sizes = {"features": 5, "classes": 3, "hidden": 16}
    for place, name in enumerate(NODE_AGGREGATORS):
        text = f"{name}||gcn||{name}||skip||none||skip||{LAYER_AGGREGATORS[place % 3]}"
        architecture = space.parse(text)
        assert space.sizes(architecture, sizes).parameters == parameter_count(space.build(architecture, sizes)), text


def test_the_drawing_shows_what_is_read(space: Sane) -> None:
    (graph,) = space.graphs(space.parse("gcn||gat||gin||skip||none||none||l_lstm"))
    assert graph.operations == ("gcn",)
    assert graph.wiring.labels == ("in", "1", "l_lstm", "out")
    assert graph.wiring.plain == ((1, 2), (2, 3))
