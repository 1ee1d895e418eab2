"""The heat map of many proxies and a long name: only what the name stands at grows, and numbers do not touch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from harness.evaluation.matrix import Matrix
from harness.report.figures.heat_map import heat_map
from tests.report.figures.test_long_names import named
from tests.sampling import one_in


def drawn(long: int, count: int = 36) -> Figure:
    """A map of `count` short names and one long one."""
    names = [named("underscores", long, 1), *(f"proxy_{place}" for place in range(count))]
    values = np.linspace(-1, 1, len(names) ** 2).reshape(len(names), -1)
    figure = heat_map(Matrix(pd.DataFrame(values, index=names, columns=names), "rho", -1, 1, 2))
    figure.draw_without_rendering()
    return figure


@pytest.mark.slow
@pytest.mark.parametrize("long", [50, 128])
def test_one_long_name_makes_one_row_higher(long: int) -> None:
    figure, short = drawn(long), drawn(7)
    inches = [one.get_size_inches()[1] for one in (figure, short)]
    assert inches[0] < inches[1] + 2, "a name of 128 characters took 47 inches"
    rows = np.diff(figure.axes[0].get_yticks())
    assert rows[0] > rows[1]
    np.testing.assert_allclose(rows[1:], rows[1])
    assert float(figure.axes[0].get_xticklabels()[0].get_fontsize()) >= 5.5


@pytest.mark.parametrize("count", one_in(2, [2, 12, 20, 36], at=1))
def test_numbers_of_neighbouring_cells_do_not_touch(count: int) -> None:
    figure = drawn(82, count)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    for before, after in pairwise(boxes[: count + 1]):
        assert before.x1 <= after.x0 + 1
    for before, after in pairwise(boxes[:: count + 1]):
        assert before.y0 >= after.y1 - 1


def test_a_cell_without_a_number_is_empty() -> None:
    frame = pd.DataFrame([[1.0, np.nan], [np.nan, 1.0]], index=["a", "b"], columns=["a", "b"])
    (mesh, *_) = heat_map(Matrix(frame, "rho", -1, 1, 2)).axes[0].collections
    assert np.isnan(np.ma.filled(mesh.get_array(), np.nan)).ravel().tolist() == [False, True, True, False]
