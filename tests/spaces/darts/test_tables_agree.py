"""The tables, which know no spaces, check genotypes by a reader of their own: both read and refuse the same texts."""

import random

import pytest

from benchmarks.genotypes import KeyFault, genotype_cells, looks_like_a_genotype
from harness.errors import SpaceError
from harness.spaces import open_space
from harness.spaces.darts import Genotype, forms, parse
from harness.spaces.darts.genotype import canonical
from tests.spaces.darts.genotypes import DARTS_V2, EVERY_OPERATION, PUBLISHED
from tests.spaces.darts.test_forms import WRONG

SPACE = open_space("darts")


def texts(genotype):
    configuration = forms.to_configuration(genotype)
    return [
        str(genotype),
        f" {genotype}\n",
        f"found = {genotype}",
        f"genotypes.{genotype}",
        forms.nested_text(genotype),
        forms.nested_text(genotype).replace("range(2, 6)", "(2, 3, 4, 5)"),
        str(forms.to_compact(genotype)),
        str(configuration),
        f"Configuration(values={configuration})",
        str({**configuration, "OptimizerSelector:sgd:momentum": 0.9}),
    ]


def tables_read(text):
    try:
        return genotype_cells(text.strip()) if looks_like_a_genotype(text.strip()) else None
    except KeyFault:
        return None


def spaces_read(text):
    try:
        return parse(text)
    except SpaceError:
        return None


@pytest.mark.parametrize("genotype", [*PUBLISHED.values(), EVERY_OPERATION, *SPACE.sample(5, seed=9)], ids=range(11))
def test_every_form_is_read_by_both_as_one_architecture(genotype):
    assert {canonical(spaces_read(text)) for text in texts(genotype)} == {canonical(genotype)}
    assert len({tables_read(text) for text in texts(genotype)}) == 1
    swapped = Genotype(genotype.normal[1::-1] + genotype.normal[2:], genotype.reduce)
    assert tables_read(str(swapped)) == tables_read(str(genotype))


@pytest.mark.parametrize("case", WRONG)
def test_what_the_space_refuses_the_tables_refuse(case):
    assert tables_read(WRONG[case][0]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"edge_normal_99": "skip_connect"},
        {"edge_normal_4": "skip_connect"},
        {"edge_reduce_0": None},
        {"inputs_node_normal_4": "0_4"},
        {"inputs_node_reduce_5": "2"},
        {"edge_normal_0": "conv"},
    ],
)
def test_a_broken_configuration_is_refused_by_both(changes):
    named = {f"NetworkSelectorDatasetInfo:darts:{name}": value for name, value in changes.items()}
    text = str({**forms.to_configuration(DARTS_V2), **named})
    assert spaces_read(text) is None
    assert tables_read(text) is None


@pytest.mark.parametrize("seed", range(8))
def test_random_damage_is_taken_the_same_way_by_both(seed):
    """Characters cut out, put in or changed, anywhere: both read the text, or neither."""
    generator = random.Random(seed)
    alphabet = "0123456789()[]{},:'= _abcnorswx"
    read = 0
    for text in texts(EVERY_OPERATION)[3:] * 12:
        damaged = list(text)
        for _ in range(generator.randint(1, 2)):
            place = generator.randrange(len(damaged))
            damaged[place : place + generator.randint(0, 2)] = generator.choice(alphabet) * generator.randint(0, 1)
        damaged = "".join(damaged)
        both = spaces_read(damaged) is not None, tables_read(damaged) is not None
        assert both[0] == both[1], damaged
        read += both[0]
    assert 0 < read < 84
