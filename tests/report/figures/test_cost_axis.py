"""The axis of costs: its scale, its ticks, and where what lies beside it is drawn."""

import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from harness.report.figures.cost_axis import set_cost_axis
from harness.report.figures.style import COLUMN_WIDTH_INCHES


def cost_axes(costs, **options):
    figure = Figure(figsize=(COLUMN_WIDTH_INCHES, 2.5))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    spanned = set_cost_axis(axes, np.asarray(costs, dtype=float), **options)
    figure.draw_without_rendering()
    return axes, spanned


@pytest.mark.parametrize(
    ("costs", "scale"),
    [
        ([1, 10], "linear"),
        ([1, 10.1], "log"),
        ([0, 100], "linear"),
        ([-5, 100], "linear"),
        ([1e-300, 1e300], "log"),
        ([7, 7], "linear"),
        ([0, 0], "linear"),
    ],
)
def test_the_axis_is_logarithmic_beyond_a_decade(costs, scale):
    axes, spanned = cost_axes(costs)
    assert axes.get_xscale() == scale
    low, high = axes.get_xlim()
    assert low < spanned.left < min(costs) == spanned.low
    assert high > spanned.right > max(costs) == spanned.high
    places = [low, *costs, high]
    assert spanned.clamped(np.array(places)).tolist() == [spanned.left, *costs, spanned.right]
    assert cost_axes(costs, may_be_log=False)[0].get_xscale() == "linear"


@pytest.mark.parametrize("decades", [1.1, 1.5, 2.4, 5, 40, 600])
@pytest.mark.parametrize("least", [1e-300, 0.0113, 0.501, 2e5])
def test_a_logarithmic_axis_has_a_few_labels(least, decades):
    axes, _ = cost_axes([least, 10.0 ** min(math.log10(least) + decades, 308)])
    low, high = axes.get_xlim()
    labels = [
        text.get_text()
        for text, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
        if low <= place <= high
    ]
    assert 2 <= len(labels) <= 9
    assert len(set(labels)) == len(labels)
