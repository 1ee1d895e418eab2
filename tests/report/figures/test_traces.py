"""The figure of two traces of the same networks."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import ScoresError
from harness.report.figures.traces import TracePair, trace_pairs


def pair(count: int, title: str = "train") -> TracePair:
    values = np.logspace(0, 3, count)
    return TracePair(title, values, values[::-1], "exact", "approximate", -1.0)


def test_each_comparison_is_a_panel_with_its_coefficient() -> None:
    figure = trace_pairs([pair(7), pair(9, "eval")], "small print")
    assert [panel.get_title(loc="left") for panel in figure.axes] == [
        "train\nSpearman -1.00, n = 7",
        "eval\nSpearman -1.00, n = 9",
    ]
    for panel, count in zip(figure.axes, (7, 9), strict=True):
        assert (panel.get_xscale(), panel.get_yscale()) == ("log", "log")
        assert (panel.get_xlabel(), panel.get_ylabel()) == ("exact", "approximate")
        np.testing.assert_array_equal(np.asarray(panel.collections[0].get_offsets())[:, 0], np.logspace(0, 3, count))


@pytest.mark.parametrize("pairs", [[], [pair(0)]])
def test_nothing_is_no_figure(pairs: list[TracePair]) -> None:
    with pytest.raises(ScoresError, match="no traces to draw"):
        trace_pairs(pairs, "small print")
