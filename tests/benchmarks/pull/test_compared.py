"""An extract of NAS-Bench-201 against other trainings of the same cells: what they refuse and what they let through."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from benchmarks import TableError
from benchmarks.formats.compact import write_compact
from benchmarks.pull import nasbench201
from benchmarks.pull.comparison import CannotCompareError, compare_table
from tests.benchmarks.pull.extracts import NAMES, official_order
from tests.sampling import one_in


@pytest.fixture
def compared(analog, tmp_path):
    """Compares a table whose accuracies are AnalogNAS-Bench's, or a share of them, after a change.

    Returns in how many cells the CIFAR-10 accuracies are more than 3 points apart then.
    """
    keys = tuple(official_order())
    trained = analog.values(keys, NAMES[0])

    def compare(change) -> int:
        numbers = [trained.copy(), trained * 0.75, trained * 0.48]
        change(numbers)
        path = tmp_path / "t.parquet"
        columns = [nasbench201.column_of(name, path) for name in NAMES]
        write_compact(path, keys, columns, numbers, nasbench201.FACTS)
        compare_table(path, "extract.csv")
        return sum(abs(number - other) > 3 for number, other in zip(numbers[0].tolist(), trained.tolist(), strict=True))

    return compare


def shuffled(place: int, share: float) -> Callable[[list[np.ndarray]], None]:
    """The accuracies of that share of the cells, in another order."""

    def change(numbers: list[np.ndarray]) -> None:
        generator = np.random.default_rng(0)
        rows = np.flatnonzero(generator.random(len(numbers[place])) < share)
        numbers[place][rows] = numbers[place][generator.permutation(rows)]

    return change


def shifted(numbers: list[np.ndarray]) -> None:
    """In every cell the same order, in a hundredth of them another accuracy."""
    order = np.argsort(numbers[0])
    numbers[0][order[:200]] = np.maximum(numbers[0][order[:200]] - 5, 0)


@pytest.mark.parametrize(
    ("share", "place"), one_in(2, [pytest.param(share, place) for share in (1.0, 0.1) for place in range(3)])
)
def test_accuracies_of_other_cells_are_refused(compared, place, share):
    with pytest.raises(TableError) as caught:
        compared(shuffled(place, share))
    assert type(caught.value) is TableError
    assert str(caught.value).startswith(f"extract.csv does not hold the official results: column {NAMES[place]} has a ")
    least = (0.98, 0.97, 0.945)[place]
    assert str(caught.value).endswith(f"; expected: at least {least:g}")


def test_accuracies_far_from_the_other_training_are_refused_though_their_ranks_agree(compared):
    with pytest.raises(TableError, match=r"differs from AnalogNAS-Bench's .* by more than 3 points in 200 cells"):
        compared(shifted)


def test_accuracies_like_those_of_the_other_training_are_taken(compared, monkeypatch):
    """Those of a few cells may be apart, and are seen to be: one fewer allowed, and they are refused."""
    assert compared(lambda numbers: None) == 0
    apart = compared(shuffled(0, 0.001))
    assert 0 < apart < 15625 * 0.002
    monkeypatch.setattr("benchmarks.pull.comparison.MOST_APART", apart)
    assert compared(shuffled(0, 0.001)) == apart
    monkeypatch.setattr("benchmarks.pull.comparison.MOST_APART", apart - 1)
    with pytest.raises(TableError, match=rf"more than 3 points in {apart} cells; expected: at most {apart - 1}"):
        compared(shuffled(0, 0.001))


def test_without_the_other_training_nothing_is_said_for_or_against(compared, monkeypatch):
    monkeypatch.setattr("benchmarks.readers.analognasbench.DISTRIBUTION", "no-such-distribution")
    with pytest.raises(CannotCompareError, match=r"extract\.csv: its numbers could not be compared .*pip install"):
        compared(lambda numbers: None)


def test_the_bounds_leave_room_for_the_official_table(official, analog, tmp_path):
    path = tmp_path / "official.parquet"
    numbers = [official.values(official.keys, name) for name in NAMES]
    write_compact(path, official.keys, [official.column(name) for name in NAMES], numbers, official.facts)
    compare_table(path, "the official table")
    ranks = [pd.Series(column).rank() for column in (*numbers, analog.values(official.keys, NAMES[0]))]
    found = [ranks[0].corr(ranks[3]), ranks[1].corr(ranks[0]), ranks[2].corr(ranks[0])]
    assert [round(rho, 4) for rho in found] == [0.9910, 0.9792, 0.9585]
