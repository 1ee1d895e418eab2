"""Architectures of AGNN's space as texts and as choices, and their sizes.

Oracles: counting by hand, and the forms of keys that tables know.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from benchmarks.keys import space_of_key
from harness.errors import SpaceError
from harness.search.query.agnn import edges_of_classes
from harness.search.query.indexed import cells_of, choices_of
from harness.spaces import open_space
from harness.spaces.agnn import Agnn
from harness.spaces.agnn.encoding import CHOICES, LAYERS, OPTIONS, WITHOUT_HEADS, of_choices

TEXT = "64:gat:8:sum:identity:elu||16:gcn:1:mean:mlp:relu"


@pytest.fixture(scope="module")
def space() -> Agnn:
    opened = open_space("agnn")
    assert isinstance(opened, Agnn)
    return opened


def test_the_space_is_counted_by_its_options(space: Agnn) -> None:
    assert len(space) == len(CHOICES) == (4 * 7 * 4 * 3 * 2 * 8) ** 2 == 28_901_376
    layers = {
        (attention, "1" if attention in WITHOUT_HEADS else heads)
        for attention, heads in itertools.product(OPTIONS["attention"], OPTIONS["heads"])
    }
    assert (4 * len(layers) * 3 * 2 * 8) ** 2 == 17_842_176


def test_heads_of_one_weight_are_not_told_apart(space: Agnn) -> None:
    first = space.parse("64:const:8:sum:identity:elu||16:gcn:4:mean:mlp:relu")
    assert space.key(first) == "64:const:1:sum:identity:elu||16:gcn:1:mean:mlp:relu"
    assert space.key(space.parse(TEXT)) == TEXT


def test_the_six_classes_hold_the_choices_of_both_layers(space: Agnn) -> None:
    assert edges_of_classes(CHOICES) == [[2 * row, 2 * row + 1] for row in range(6)]
    cells = [0, 1, 17_000_001, len(CHOICES) - 1]
    for cell in cells:
        (places,) = choices_of(CHOICES, cells_of(CHOICES, choices_of(CHOICES, np.array([cell]))))
        layers = of_choices(places.tolist()).layers
        for row, (name, options) in enumerate(OPTIONS.items()):
            own = [options[place] for place in places[LAYERS * row : LAYERS * (row + 1)]]
            assert [getattr(layer, name) for layer in layers] == own
    assert str(of_choices([0] * 12)) == "||".join(["8:const:1:sum:identity:sigmoid"] * 2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("64:gat:8:sum:identity:elu", "an architecture reads 64:gat:8:sum:identity:elu||"),
        (TEXT.replace(":mlp", ""), "an architecture reads 64:gat:8:sum:identity:elu||"),
        (TEXT.replace("64", "48"), "unknown width '48'"),
        (TEXT.replace("gat", "gta"), "unknown attention function 'gta'. Did you mean 'gat'"),
        (TEXT.replace(":8:", ":3:"), "unknown number of heads '3'"),
        (TEXT.replace("sum", "sun"), "unknown aggregate 'sun'. Did you mean 'sum'"),
        (TEXT.replace("mlp", "mpl"), "unknown combine 'mpl'. Did you mean 'mlp'"),
        (TEXT.replace("elu|", "gelu|"), "unknown activation 'gelu'. Did you mean 'elu'"),
    ],
)
def test_a_malformed_text_is_refused_with_its_fault(space: Agnn, text: str, why: str) -> None:
    with pytest.raises(SpaceError, match="malformed architecture of AGNN's space") as error:
        space.parse(text)
    assert why in str(error.value)


def test_neighbours_differ_in_one_choice(space: Agnn) -> None:
    found = space.neighbours(space.parse(TEXT))
    assert len(found) == 2 * sum(len(options) - 1 for options in OPTIONS.values()) == 44
    own = TEXT.replace("||", ":").split(":")
    for near in found:
        assert sum(one != other for one, other in zip(str(near).replace("||", ":").split(":"), own, strict=True)) == 1


def test_tables_know_every_option_by_its_form(space: Agnn) -> None:
    for near in space.neighbours(space.parse(TEXT)):
        assert space_of_key(str(near)) == "agnn"
    assert space_of_key(TEXT.replace("gat", "gin")) == ""


def test_a_sample_has_every_option(space: Agnn) -> None:
    sample = space.sample(200)
    for name, options in OPTIONS.items():
        drawn = [getattr(layer, name) for each in sample for layer in each.layers]
        spread = math.sqrt(len(drawn) * (1 - 1 / len(options)) / len(options))
        assert all(abs(drawn.count(option) - len(drawn) / len(options)) < 5 * spread for option in options)


def test_the_drawing_is_a_chain_with_a_classifier(space: Agnn) -> None:
    (graph,) = space.graphs(space.parse(TEXT))
    assert graph.operations == tuple(TEXT.split("||"))
    assert graph.wiring.labels == ("in", "1", "2", "out")
    assert graph.wiring.plain == ((2, 3),)
