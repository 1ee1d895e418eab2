"""The axis of what an architecture costs: logarithmic where costs span more than a decade; an edge for the rest."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, ScalarFormatter

from harness.report.figures.score_axis import set_limits

FloatArray = npt.NDArray[np.float64]

_STEPS = {1: (1, 2, 5), 2: (1, 3)}  # within a decade, by how many decades there are


class CostRange(NamedTuple):
    """The costs that the axis shows, from `low` to `high`; those outside are drawn at `left` or at `right`."""

    low: float
    high: float
    left: float
    right: float

    def clamped(self, values: FloatArray) -> FloatArray:
        """The values (shape [n]), those outside the axis at its edge."""
        return np.where(values < self.low, self.left, np.where(values > self.high, self.right, values))


def set_cost_axis(axes: Axes, costs: FloatArray, *, may_be_log: bool = True) -> CostRange:
    """Give the x-axis of `axes` limits around `costs` (finite, shape [n], n >= 1), its scale and a few ticks.

    Logarithmic if it may be, all are positive and the largest is more than ten times the smallest, else linear. What
    is drawn at an edge lies in the middle of the margin between the costs and the limit.
    """
    low, high = float(costs.min()), float(costs.max())
    is_log = may_be_log and low > 0 and high / 10 > low
    axes.set_xscale("log" if is_log else "linear")
    set_limits(axes, costs)
    if is_log:
        labelled, minor = _log_ticks(low, high)
        axes.xaxis.set_major_locator(FixedLocator(labelled))
        axes.xaxis.set_minor_locator(FixedLocator(minor))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _label(value)))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        formatter = ScalarFormatter(useMathText=True, useOffset=False)
        formatter.set_powerlimits((-3, 5))
        axes.xaxis.set_major_formatter(formatter)
    transform = axes.xaxis.get_transform()
    ends, limits = transform.transform(np.array([low, high])), transform.transform(np.array(axes.get_xlim()))
    left, right = transform.inverted().transform((ends + limits) / 2).tolist()
    return CostRange(low, high, left, right)


def _log_ticks(low: float, high: float) -> tuple[list[float], list[float]]:
    """Ticks within the limits: those with a label, at one to three round numbers a decade, and all others."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = _STEPS.get(round(math.log10(high) - math.log10(low)), (1,))
    spread = max(1, math.ceil(len(powers) / 8))
    labelled = [step * 10.0**power for power in powers[::spread] for step in steps]
    every = [step * 10.0**power for power in powers for step in range(1, 10)] if len(powers) <= 8 else []
    return [tick for tick in labelled if low <= tick <= high], [tick for tick in every if low <= tick <= high]


def _label(value: float) -> str:
    r"""A round number as it is, or as a power of ten where it would be long.

    >>> _label(0.5), _label(2000.0), _label(1e6), _label(5e-4)
    ('0.5', '2000', '$\\mathdefault{10^{6}}$', '$\\mathdefault{5×10^{-4}}$')
    """
    if 1e-3 <= value < 1e5:
        return f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    step = round(value / 10.0**power)
    return rf"$\mathdefault{{{'' if step == 1 else f'{step}×'}10^{{{power}}}}}$"
