"""Architectures and their texts.

Oracles: the format and the choices of the paper (Dong et al. 2021, section 3), the list of architectures in the
official release's meta file (data folder), enumeration, and properties.
"""

import itertools
import random
import re

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.keys import space_of_key
from harness.errors import SpaceError
from harness.spaces import open_space
from harness.spaces.listed import all_architectures
from harness.spaces.natsbench_sizes import Layers, NatsBenchSizes, parse
from harness.spaces.space import ListedSpace, searchable

CHOICES = (8, 16, 24, 32, 40, 48, 56, 64)
FIVE = st.tuples(*[st.sampled_from(CHOICES)] * 5)
QUOTED = 60
"""Characters of a longer text that a message quotes at least."""
READS = "An architecture reads 8:16:24:32:40"


def test_the_space_has_its_32768_architectures_each_once_in_the_order_of_a_product(space):
    found = list(space)
    assert len(space) == len(found) == 8**5 == 32_768
    assert [each.channels for each in found] == list(itertools.product(CHOICES, repeat=5))
    assert all_architectures(space) == found
    assert isinstance(space, ListedSpace)


def test_the_order_is_that_of_the_official_release(space, client):
    assert [str(each) for each in space] == list(client.meta_archs)
    assert [str(each) for each in space][284] == client.arch(284) == "8:8:40:32:40"


def test_every_architecture_prints_as_the_paper_does_and_parses_back(space):
    for each in space:
        text = str(each)
        assert text == "{}:{}:{}:{}:{}".format(*each.channels)
        assert space.parse(text) == each
        assert space.key(each) == text


def test_in_order_keeps_any_order_and_refuses_what_is_none(space):
    keys = [str(each) for each in space]
    random.Random(0).shuffle(keys)
    assert [str(each) for each in space.in_order(keys)] == keys
    with pytest.raises(SpaceError, match=re.escape("got 32,767 keys of which 32,767 differ")):
        space.in_order(keys[:-1])
    with pytest.raises(SpaceError, match=re.escape("got 32,768 keys of which 32,767 differ")):
        space.in_order([*keys[:-1], keys[0]])
    with pytest.raises(SpaceError, match=re.escape("malformed NATS-Bench sizes '8:8'")):
        space.in_order([*keys[:-1], "8:8"])


@given(channels=FIVE)
def test_an_architecture_is_its_own_text_canonical_and_minimal_form(channels):
    space, found = NatsBenchSizes(), Layers(channels)
    assert parse(":".join(map(str, channels))) == found == space.canonical(found) == space.minimal(found)
    assert hash(parse(str(found))) == hash(found)


@pytest.mark.parametrize("around", [" {}", "{}\n", "\t {} \r\n"])
def test_white_space_around_a_text_is_no_matter(around):
    assert str(parse(around.format("8:16:24:32:40"))) == "8:16:24:32:40"


@pytest.mark.parametrize("cast", [tuple, list, np.array, torch.tensor, lambda row: tuple(np.array(row))])
def test_five_channels_are_read_as_values_and_as_their_texts(space, cast):
    for each in space.sample(50, seed=5):
        value = cast(list(each.channels))
        assert space.parse(value) == each
        for text in (str(each.channels), ",".join(map(str, each.channels)), str(np.array(each.channels))):
            assert space.parse(text) == each
        assert space_of_key(str(each.channels)) == space_of_key(str(each.channels)[1:-1]) == "natsbench-sizes"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("8:16:24:32", "it has 4 layers between ':', expected 5"),
        ("8:16:24:32:40:48", "it has 6 layers between ':', expected 5"),
        ("", "it has 1 layers between ':', expected 5"),
        ("8,16,24,32", "it has 4 layers between ':', expected 5"),
        ("(8, 16, 24, 32, 41)", "layer 5 has '41' channels"),
        ("(8, 16, 24, 32, True)", "it has 1 layers"),
        ("8:16:24:32:41", "layer 5 has '41' channels, allowed are 8, 16, 24, 32, 40, 48, 56, 64"),
        ("0:16:24:32:40", "layer 1 has '0' channels, allowed are 8,"),
        ("8:72:24:32:40", "layer 2 has '72' channels, allowed are 8,"),
        ("8:-16:24:32:40", "layer 2 has '-16' channels"),
        ("8:16::32:40", "layer 3 has '' channels"),
        ("8:16:24:32:", "layer 5 has '' channels"),
        ("8:16: 24:32:40", "layer 3 has ' 24' channels"),
        ("08:16:24:32:40", "layer 1 has '08' channels"),
        ("8.0:16:24:32:40", "layer 1 has '8.0' channels"),
        ("٨:16:24:32:40", "layer 1 has '٨' channels"),
        ("a:16:24:32:40", "layer 1 has 'a' channels"),
        (None, "it has 1 layers"),
        (8, "it has 1 layers"),
        ((8, 16, 24, 32), "it has 4 layers"),
        (b"8:16:24:32:40", 'layer 1 has "b\'8" channels'),
    ],
)
def test_a_malformed_text_is_refused_by_layer_and_value(text, complaint):
    with pytest.raises(SpaceError, match=re.escape(complaint)) as error:
        parse(text)
    assert f"malformed NATS-Bench sizes {str(text)!r}: " in str(error.value)
    assert str(error.value).endswith(READS)


@given(text=st.text() | st.text("0123456789: ", max_size=20))
@example(text="0" * 147)
def test_any_text_parses_to_itself_or_is_refused(text):
    printed, refusal = None, ""
    try:
        printed = str(parse(text))
    except SpaceError as error:
        refusal = str(error)
    assert printed == text.strip() or repr(text)[:QUOTED] in refusal


@pytest.mark.parametrize(
    ("channels", "complaint"),
    [
        ((8,) * 4, "an architecture of NATS-Bench's size space has 5 layers, got 4"),
        ((), "has 5 layers, got 0"),
        ((8, 8, 12, 8, 8), "layer 3 has 12 channels, allowed are 8, 16, 24, 32, 40, 48, 56, 64"),
        ((8, 8, 8, 8, 8.0), "layer 5 has 8.0 channels"),
        ((8, "8", 8, 8, 8), "layer 2 has '8' channels"),
    ],
)
def test_an_architecture_of_other_channels_is_refused(channels, complaint):
    with pytest.raises(SpaceError, match=re.escape(complaint)):
        Layers(channels)


@pytest.mark.slow
@settings(max_examples=15)
@given(seed=st.integers(0, 2**64), fewer=st.integers(1, 60), more=st.integers(0, 60))
def test_the_same_seed_gives_the_same_sample_and_a_smaller_one_is_its_start(seed, fewer, more):
    space = NatsBenchSizes()
    larger = space.sample(fewer + more, seed)
    assert len(set(larger)) == fewer + more
    assert space.sample(fewer, seed) == larger[:fewer]


@pytest.mark.slow
def test_seeds_give_different_samples_and_all_of_them_the_space(space):
    assert len({tuple(space.sample(20, seed)) for seed in range(30)}) == 30
    assert set(space.sample(32_768)) == set(space)


def test_a_sample_is_uniform_over_the_channels_of_every_layer(space):
    # 4,000 draws of 8 choices: mean 500, standard deviation 21; 105 is five of them.
    sample = space.sample(4000, seed=1)
    for place in range(5):
        counts = [sum(each.channels[place] == wide for each in sample) for wide in CHOICES]
        assert max(abs(count - 500) for count in counts) < 105


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (-3, "-3"), (32_769, "32,769")])
def test_a_sample_that_cannot_be_drawn_is_refused(space, count, shown):
    message = f"cannot sample {shown} architectures: the space has 32,768 (allowed: 1 to 32,768)"
    with pytest.raises(SpaceError, match=re.escape(message)):
        space.sample(count)


def test_no_global_random_state_matters_to_a_sample_or_moves(space):
    samples = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        samples.append(space.sample(50, seed=7))
        assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before
    assert samples[0] == samples[1]


def test_neighbours_are_exactly_those_that_differ_in_one_layer(space):
    everything = np.array([each.channels for each in space])
    for found in [parse("8:8:8:8:8"), parse("64:8:32:40:8"), *space.sample(5, seed=2)]:
        differing = (everything != np.array(found.channels)).sum(axis=1)
        expected = {Layers(tuple(row)) for row in everything[differing == 1].tolist()}
        neighbours = space.neighbours(found)
        assert len(neighbours) == len(set(neighbours)) == 35
        assert set(neighbours) == expected
        assert all(found in space.neighbours(neighbour) for neighbour in neighbours[::6])


def test_the_graph_is_the_chain_of_layers_with_their_channels(space):
    (drawn,) = space.graphs(parse("8:16:24:32:40"))
    assert drawn.operations == ("cell 8", "block 16", "cell 24", "block 32", "cell 40")
    assert drawn.wiring.edges == ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5))
    assert drawn.wiring.labels == ("in", "H", "H/2", "H/2", "H/4", "out")
    assert drawn.wiring.plain == ()
    assert {cells[0].wiring for cells in map(space.graphs, space.sample(50))} == {drawn.wiring}


def test_no_search_by_gradients_runs_on_it(space):
    message = "the space natsbench-sizes has no supernet: no gradient-based search runs on it"
    with pytest.raises(SpaceError, match=re.escape(message)):
        searchable(space)


@pytest.mark.parametrize(
    ("other", "more"),
    [
        ("8:16:24:32:40", ", here space.parse('8:16:24:32:40')"),
        ((8, 16, 24, 32, 40), ", here space.parse((8, 16, 24, 32, 40))"),
        (None, " or space.sample(n)"),
    ],
)
def test_what_is_no_architecture_of_the_space_is_refused(space, other, more):
    message = f"{other!r} is no architecture of NATS-Bench's size space: get one from space.parse(text){more}"
    methods = (
        space.key, space.canonical, space.minimal, space.neighbours, space.build, space.sizes, space.graphs,
    )  # fmt: skip
    for method in methods:
        with pytest.raises(SpaceError, match=re.escape(message)):
            method(other)


def test_no_space_reads_the_text_of_another(space):
    for other in map(open_space, ("nasbench201", "darts")):
        (architecture,) = other.sample(1)
        with pytest.raises(SpaceError, match="malformed"):
            space.parse(str(architecture))
        with pytest.raises(SpaceError, match="malformed"):
            other.parse("8:16:24:32:40")
