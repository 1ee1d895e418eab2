"""Genotypes as files hold them, in more ways than repositories print them."""

import json
import re

import pytest
import torch

from harness.errors import SpaceError
from harness.report.drawing.figure import draw
from harness.spaces.darts import Darts, Genotype, forms, parse
from harness.spaces.darts.genotype import canonical
from tests.spaces.darts.genotypes import DARTS_V2, PUBLISHED

DARTS_V2_TEXT = str(DARTS_V2)
WRITTEN = {
    "without names": lambda g: f"Genotype({list(g.normal)}, range(2, 6), {list(g.reduce)}, [2, 3, 4, 5])",
    "half named": lambda g: (
        f"Genotype({list(g.normal)}, range(2, 6), reduce_concat=range(2, 6), reduce={list(g.reduce)})"
    ),
    "list of a range": lambda g: str(g).replace("[2, 3, 4, 5]", "list(range(2, 6))"),
    "range with a step": lambda g: str(g).replace("[2, 3, 4, 5]", "tuple(range(2, 6, 1))"),
    "array": lambda g: str(g).replace("[2, 3, 4, 5]", "array([2, 3, 4, 5], dtype=int64)"),
    "numbers of NumPy": lambda g: re.sub(r"(\d)\)", r"np.int64(\1))", str(g)),
    "texts of NumPy": lambda g: re.sub(r"('\w+')", r"np.str_(\1)", str(g)),
    "further field": lambda g: str(g)[:-1] + ", layout='cell')",
    "mapping": lambda g: str(fields(g)),
    "mapping without outputs": lambda g: str({"normal": g.normal, "reduce": g.reduce}),
    "JSON": lambda g: json.dumps(fields(g)),
    "byte order mark": lambda g: f"\ufeff{g}",
    "compact of NumPy": lambda g: re.sub(r"(\d)", r"np.int64(\1)", str(forms.to_compact(g))),
}


def fields(genotype: Genotype) -> dict[str, object]:
    concat = [2, 3, 4, 5]
    nested = [[*genotype.normal[place : place + 2]] for place in range(0, 8, 2)]
    return {"normal": nested, "normal_concat": concat, "reduce": genotype.reduce, "reduce_concat": concat}


@pytest.mark.parametrize("form", WRITTEN)
def test_what_files_hold_is_read(form):
    for genotype in PUBLISHED.values():
        assert parse(WRITTEN[form](genotype)) == genotype


def test_a_node_may_read_one_input_twice():
    """The sum of both operations' outputs; the order of the two does not matter, so that they are one genotype."""
    twice = parse(
        DARTS_V2_TEXT.replace("('sep_conv_3x3', 1), ('skip_connect', 0)", "('sep_conv_3x3', 1), ('max_pool_3x3', 1)")
    )
    turned = Genotype((*twice.normal[:4], *twice.normal[5:3:-1], *twice.normal[6:]), twice.reduce)
    assert turned != twice
    assert canonical(turned) == canonical(twice)
    assert parse(str(twice)) == parse(str(forms.to_compact(twice))) == twice
    with pytest.raises(SpaceError, match="node 4 reads one input twice: no configuration holds that"):
        forms.to_configuration(twice)
    space = Darts()
    network = space.build(twice, width=4, depth=2, init="pytorch")
    assert (
        sum(parameter.numel() for parameter in network.parameters()) == space.sizes(twice, width=4, depth=2).parameters
    )
    network.eval()
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    other = space.build(turned, width=4, depth=2).eval()
    assert torch.isfinite(network(images)).all()
    assert network(images).shape == other(images).shape
    assert draw(space, twice).axes
    assert twice not in space.neighbours(twice)
    assert len(space.neighbours(twice)) > 100
