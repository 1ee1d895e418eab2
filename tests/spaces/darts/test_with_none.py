"""Genotypes with `none`, and with nodes that read one input twice.

Oracles: the network as plain arithmetic on a dictionary of tensors (tests/reference), the parameters of built
networks, and pairs of pairs counted one by one.
"""

from __future__ import annotations

import itertools
import random
import sys

import pandas as pd
import pytest
import torch

from harness.batches import Batch
from harness.errors import SpaceError
from harness.evaluation.matching import recognised_space
from harness.scoring.scorer import score
from harness.spaces.darts import Darts, forms
from harness.spaces.darts.genotype import NONE, GenotypeWithNone, canonical, numberings, renumbered
from harness.spaces.darts.with_none import GENOTYPES, DartsWithNone
from tests.reference import spaces_darts_network as reference

SPACE, DARTS = DartsWithNone(), Darts()
SMALL = {"width": 4, "depth": 3, "classes": 3}
ALL_NONE = (("none", 0), ("none", 1))
MIXED = GenotypeWithNone(
    (("none", 1), ("sep_conv_3x3", 0), *ALL_NONE, ("skip_connect", 3), ("none", 2), ("max_pool_3x3", 4), ("none", 4)),
    (*ALL_NONE, ("none", 2), ("avg_pool_3x3", 0), ("dil_conv_5x5", 1), ("dil_conv_5x5", 1), ("none", 0), ("none", 4)),
)


def _images(count: int = 3, side: int = 8) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("genotype", [MIXED, *SPACE.sample(3)], ids=["mixed", "first", "second", "third"])
def test_logits_are_the_plain_arithmetics(genotype: GenotypeWithNone, training: bool) -> None:
    network = SPACE.build(genotype, SMALL).double().train(training)
    expected = reference.logits(  # type: ignore[no-untyped-call]
        genotype.normal, genotype.reduce, network.state_dict(), _images(), depth=3, training=training
    )
    torch.testing.assert_close(network(_images()), expected, rtol=1e-9, atol=1e-12)


def test_sizes_are_those_of_the_networks() -> None:
    for genotype in [MIXED, *SPACE.sample(20, seed=1)]:
        network = SPACE.build(genotype, SMALL)
        assert SPACE.sizes(genotype, SMALL).parameters == sum(weight.numel() for weight in network.parameters())


def test_a_genotype_of_darts_has_the_same_network_there() -> None:
    (genotype,) = DARTS.sample(1)
    same = SPACE.parse(str(genotype))
    assert SPACE.key(same) == DARTS.key(genotype)
    assert SPACE.sizes(same, SMALL) == DARTS.sizes(genotype, SMALL)
    for own, theirs in zip(
        SPACE.build(same, SMALL).state_dict().values(), DARTS.build(genotype, SMALL).state_dict().values(), strict=True
    ):
        assert torch.equal(own, theirs)


def test_what_none_reads_does_not_matter_nor_the_order_of_pairs_and_nodes() -> None:
    generator = random.Random(0)
    for genotype in [MIXED, *SPACE.sample(20, seed=2)]:
        cells = []
        for pairs in (genotype.normal, genotype.reduce):
            moved = tuple(
                (operation, generator.randrange(2 + place // 2) if operation == NONE else source)
                for place, (operation, source) in enumerate(pairs)
            )
            new = renumbered(moved, generator.choice(list(numberings(moved))))
            cells.append(tuple(itertools.chain(*(new[place : place + 2][::-1] for place in range(0, 8, 2)))))
        other = GenotypeWithNone(*cells)
        assert canonical(other) == canonical(genotype)
        assert SPACE.key(canonical(genotype)) == SPACE.key(genotype)


def test_as_many_nodes_as_the_length_counts() -> None:
    """Of each node the sums of two pairs, all `none` alike: counted one by one, for a cell without renumbering."""
    counts = []
    for node in range(2, 6):
        pairs = {
            ("none", 0) if operation == "none" else (operation, source)
            for operation in GenotypeWithNone.operations
            for source in range(node)
        }
        counts.append(len({tuple(sorted(two)) for two in itertools.product(pairs, pairs)}))
    cell = 1
    for count in counts:
        cell *= count
    assert cell**2 == GENOTYPES
    assert len(SPACE) == min(GENOTYPES, sys.maxsize)


def test_every_choice_of_a_sequence_is_one_of_its_options_and_no_two_genotypes_share_one() -> None:
    genotypes = {canonical(genotype) for genotype in SPACE.sample(200, seed=3)}
    options = SPACE.sequences.choices.options
    sequences = {SPACE.sequences.tokens(genotype) for genotype in genotypes}
    assert len(sequences) == len(genotypes)
    for sequence in sequences:
        assert sequence is not None
        assert len(sequence) == len(options) == 32
        assert all(0 <= choice < count for choice, count in zip(sequence, options, strict=True))


def test_neighbours_differ_in_one_operation_or_in_one_input_that_is_read() -> None:
    (genotype,) = SPACE.sample(1, seed=4)
    found = SPACE.neighbours(genotype)
    assert len(found) == len(set(found))
    for other in found:
        changed = [
            (old, new)
            for cell in ("normal", "reduce")
            for old, new in zip(getattr(genotype, cell), getattr(other, cell), strict=True)
            if old != new
        ]
        ((old, new),) = changed
        assert (old[0] != new[0]) != (old[1] != new[1])
    inputs = sum(node - 1 for node in range(2, 6)) * 2 * 2
    lost = sum(
        1 + place // 2
        for cell in (genotype.normal, genotype.reduce)
        for place, (operation, _) in enumerate(cell)
        if operation == NONE
    )
    assert lost
    assert len(found) == 16 * 7 + inputs - lost


def test_multiply_adds_are_those_of_the_parts_that_compute() -> None:
    """`none` in the place of an operation takes away what that has, counted by the measurement of a built network."""
    batch = Batch(_images().float(), torch.tensor([0, 1, 2]))
    for genotype in (MIXED, GenotypeWithNone(ALL_NONE * 4, ALL_NONE * 4)):
        measured = score(SPACE.build(genotype, SMALL), batch, ["flops", "params"])
        sizes = SPACE.sizes(genotype, SMALL, image_size=8)
        assert {name: one.value for name, one in measured.items()} == {"flops": sizes.macs, "params": sizes.parameters}


def test_a_configuration_may_hold_none_and_tuples_may_not() -> None:
    (genotype,) = DARTS.sample(1)
    configuration = forms.to_configuration(genotype)
    edge = next(name for name in configuration if "edge_normal" in name)
    written = SPACE.parse(str({**configuration, edge: "none"}))
    assert [operation for operation, _ in written.normal].count(NONE) == 1
    with pytest.raises(SpaceError, match="have no index of the operation 'none'"):
        forms.to_compact(written)


def test_scores_are_recognised_by_all_their_texts() -> None:
    plain, wide = (str(one) for one in (DARTS.sample(1)[0], MIXED))
    for texts in ([plain, wide], [wide, plain], [wide]):
        frame = pd.DataFrame({"architecture": texts, "proxy": "x", "score": 1.0, "status": "ok"})
        assert recognised_space(frame) == "darts-none"
    assert recognised_space(frame.assign(architecture=plain)) == "darts"


def test_the_space_darts_refuses_none_and_says_where_it_is() -> None:
    with pytest.raises(SpaceError, match=r"cell 'normal', node 2, pair 0 .*'none' is dropped .*; darts-none has it"):
        DARTS.parse(str(MIXED))
    with pytest.raises(SpaceError, match="is not a DARTS genotype"):
        DARTS.sizes(MIXED, SMALL)
    with pytest.raises(SpaceError, match="too many to go through: sample some"):
        list(SPACE)
    with pytest.raises(SpaceError, match=r"no genotype of the space darts-none: get one from space.parse"):
        SPACE.key(DARTS.sample(1)[0])


def test_networks_of_zeros_have_scores() -> None:
    """Nodes of two `none` give channels of zeros, behind which gradients are zero and not missing."""
    names = ["grad_norm", "synflow", "swap", "nwot", "ntk_trace"]
    batch = Batch(_images().float(), torch.tensor([0, 1, 2]))
    scores = score(SPACE.build(MIXED, SMALL), batch, names)
    assert {name: one.status for name, one in scores.items()} == dict.fromkeys(names, "ok")
