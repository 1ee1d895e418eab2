"""Parameters of cells that E2RNAS's authors and another group have in their code, by our own counter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from harness.evaluation import published_architectures
from harness.spaces import open_space
from harness.spaces.darts.genotype import Genotype

DARTS_V2 = "DARTS_V2"
_SHORT = {
    "max": "max_pool_3x3", "avg": "avg_pool_3x3", "skip": "skip_connect", "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
}  # fmt: skip


class Source(NamedTuple):
    """Where a cell was read.

    Attributes:
        words: the place, and our reading of it.
        normal: operations and inputs of the normal cell, in short.
        reduce: those of the reduction cell.
    """

    words: str
    normal: str
    reduce: str


CELLS: Mapping[str, Source] = {
    "fgsm_nop_min": Source(
        "the first author's working code, CIFAR-10; probably the paper's cell, since its flags are those of the "
        "abstract (our reading)",
        "max0 max1 sep5-0 max1 skip3 max2 skip4 max2",
        "skip1 sep5-0 sep3-1 sep3-0 sep5-0 sep3-3 max4 max3",
    ),
    "listed by another group": Source(
        "a list of genotypes of another group, which calls it E2RNAS",
        "avg0 skip1 avg0 sep3-2 sep5-3 avg0 avg0 sep5-2",
        "avg0 avg1 avg0 avg1 avg0 skip3 avg0 skip3",
    ),
}
"""Cells by name. The paper's tables were not read: none is known to be the one whose accuracies it prints."""


def parameters_frame() -> pd.DataFrame:
    """Parameters of networks of 20 cells of width 36, without the auxiliary head: `cell`, `source`, `params_m`."""
    space = open_space("darts")
    genotypes = {name: Genotype(_pairs(source.normal), _pairs(source.reduce)) for name, source in CELLS.items()}
    every = {DARTS_V2: space.parse(published_architectures()[DARTS_V2]), **genotypes}
    words = {DARTS_V2: "Liu et al. 2019", **{name: source.words for name, source in CELLS.items()}}
    size = {"width": 36, "depth": 20}
    rows = [(name, words[name], space.sizes(one, size).parameters / 1e6) for name, one in every.items()]
    return pd.DataFrame(rows, columns=["cell", "source", "params_m"])


def _pairs(text: str) -> tuple[tuple[str, int], ...]:
    """Pairs of an operation and an input from their short form: `sep5-0`, `max1`."""
    found = []
    for part in text.split():
        name = part[:-1].rstrip("-")
        found.append((_SHORT[name], int(part[-1])))
    return tuple(found)
