"""Cells that are chosen by a rule alone, next to plain loops over the table."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import benchmarks
from harness.evaluation.searches.null_models import all_convolutions, largest_of
from harness.spaces import open_space

COLUMN = "cifar10_test_200ep_pct"


def values_of(table: benchmarks.Table) -> dict[str, float]:
    keys = list(table.keys)
    return dict(zip(keys, map(float, table.values(keys, COLUMN)), strict=True))


def test_the_cells_of_convolutions_are_sixty_four(official: benchmarks.Table) -> None:
    chosen = [
        value
        for cell, value in values_of(official).items()
        if sum("conv" in one for one in cell.replace("+", "").strip("|").split("|")) == 6
    ]
    assert len(chosen) == 64
    mean, deviation = all_convolutions(official, [COLUMN])[COLUMN]
    assert mean == pytest.approx(math.fsum(chosen) / 64, rel=1e-12)
    assert deviation == pytest.approx(float(np.std(chosen)), rel=1e-12)
    assert (round(mean, 2), round(deviation, 2)) == (93.21, 0.60)


def test_one_random_cell_is_the_mean_of_all(official: benchmarks.Table) -> None:
    values = np.array(list(values_of(official).values()))
    assert largest_of(official, [COLUMN], 1)[COLUMN] == pytest.approx((values.mean(), values.std()), rel=1e-9)


def test_the_largest_of_ten_is_what_draws_give(official: benchmarks.Table) -> None:
    """20,000 draws, ties broken at random; the parameters are those of the space."""
    space, generator = open_space("nasbench201"), np.random.default_rng(0)
    values = values_of(official)
    sizes = np.array([space.sizes(space.parse(cell)).parameters for cell in values])
    found = np.array(list(values.values()))
    drawn = generator.integers(0, len(found), (20_000, 10))
    order = sizes[drawn] + generator.random(drawn.shape) * 0.5
    chosen = found[drawn[np.arange(len(drawn)), order.argmax(axis=1)]]
    mean, deviation = largest_of(official, [COLUMN], 10)[COLUMN]
    assert mean == pytest.approx(chosen.mean(), abs=4 * chosen.std() / math.sqrt(len(chosen)))
    assert deviation == pytest.approx(chosen.std(), rel=0.05)


def test_more_cells_to_choose_from_are_larger(official: benchmarks.Table) -> None:
    means = [largest_of(official, [COLUMN], count)[COLUMN][0] for count in (1, 10, 100, 1000)]
    assert all(earlier < later for earlier, later in itertools.pairwise(means))
