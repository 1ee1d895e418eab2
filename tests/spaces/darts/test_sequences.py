"""Genotypes as sequences of choices: each genotype once, and every sequence a genotype."""

from __future__ import annotations

import math
import random
from itertools import combinations

from harness.spaces import open_space
from harness.spaces.darts.genotype import OPERATIONS, Genotype, canonical
from harness.spaces.darts.sequences import SEQUENCES, tokens

SPACE = open_space("darts")


def written(sequence: list[int]) -> Genotype:
    """The genotype of a sequence, one choice after the other."""
    waiting, cells = list(sequence), []
    for _ in range(2):
        pairs = []
        for node in range(2, 6):
            read = list(combinations(range(node), 2))
            sources = read[waiting.pop(0)] if len(read) > 1 else read[0]
            pairs += [(OPERATIONS[waiting.pop(0)], source) for source in sources]
        cells.append(tuple(pairs))
    assert not waiting
    return Genotype(*cells)


def test_a_sequence_is_a_genotype_and_there_are_as_many() -> None:
    assert math.prod(SEQUENCES.choices.options) == len(SPACE)
    generator = random.Random(0)
    for _ in range(20):
        sequence = [generator.randrange(options) for options in SEQUENCES.choices.options]
        assert tokens(written(sequence)) == tuple(sequence)


def test_a_canonical_genotype_has_a_sequence_that_gives_it_again() -> None:
    for genotype in SPACE.sample(20):
        own = canonical(genotype)
        sequence = tokens(own)
        assert sequence is not None
        assert written(list(sequence)) == own


def test_a_node_that_reads_one_node_twice_has_none() -> None:
    pairs = (("skip_connect", 0), ("skip_connect", 1)) * 4
    twice = (*pairs[:6], ("skip_connect", 0), ("max_pool_3x3", 0))
    assert tokens(Genotype(pairs, pairs)) is not None
    assert tokens(Genotype(pairs, twice)) is None
