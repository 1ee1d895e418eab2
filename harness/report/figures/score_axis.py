"""The axis of a panel's scores: linear, logarithmic or both ways logarithmic, with few ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator, ScalarFormatter

from harness.report.figures.style import SMALL_POINTS

FloatArray = npt.NDArray[np.float64]

_DECADES = 2.0
_MARGIN = 0.05
_MOST_TICKS = 4
_MOST_DECADES = 25
_APART = 0.6  # of the size of small print, between two labels
_LABEL_SHARE = 0.043  # of a narrow panel's width, taken by a character
_LEAST_POWER = -323
_LARGEST = float(np.finfo(np.float64).max)
_SMALLEST = float(np.finfo(np.float64).tiny)


class ScoreScale(NamedTuple):
    """Which scale, and for `symlog` the magnitude (a power of ten) up to which it is linear, else 0."""

    kind: Literal["linear", "log", "symlog"]
    linear_within: float


def score_scale(scores: FloatArray) -> ScoreScale:
    """The scale on which scores (finite, shape [n], n >= 1) can be read.

    How far magnitudes span is said by the largest over the 5 % quantile of those that are not zero; over the median
    where scores have both signs. (The very smallest is near 0 for any density that does not vanish there, and says
    nothing: scores that are normally distributed stay linear, as do their magnitudes.) Up to two decades: `linear`.
    Above, `log` for scores that are all positive. Else `symlog`, which is linear around 0: below the smallest
    magnitude for scores of one sign, so that a floor of zeros stands apart, and below the 5 % quantile for both signs.
    """
    magnitudes = np.abs(scores[scores != 0])
    if magnitudes.size == 0:
        return ScoreScale("linear", 0.0)
    decades = np.log10(magnitudes)
    has_both_signs = bool(scores.min() < 0 < scores.max())
    if decades.max() - np.quantile(decades, 0.5 if has_both_signs else 0.05) <= _DECADES:
        return ScoreScale("linear", 0.0)
    if scores.min() > 0:
        return ScoreScale("log", 0.0)
    smallest = np.quantile(decades, 0.05) if has_both_signs else decades.min()
    return ScoreScale("symlog", 10.0 ** max(math.floor(smallest), _LEAST_POWER))


def set_score_axis(axes: Axes, scores: FloatArray) -> None:
    """Give the x-axis of `axes` the scale of `scores` (finite, shape [n], n >= 1), limits around them and few ticks."""
    scale = score_scale(scores)
    if scale.kind == "symlog":
        axes.set_xscale("symlog", linthresh=scale.linear_within)
    else:
        axes.set_xscale(scale.kind)
    set_limits(axes, scores)
    if scale.kind == "linear":
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        formatter = ScalarFormatter(useMathText=True, useOffset=False)
        formatter.set_powerlimits((-3, 4))
        axes.xaxis.set_major_formatter(formatter)
    else:
        is_log = scale.kind == "log"
        labelled, decades = _log_ticks(scores) if is_log else _symlog_ticks(axes, scores, scale.linear_within)
        axes.xaxis.set_major_locator(FixedLocator(labelled.tolist()))
        axes.xaxis.set_minor_locator(FixedLocator(decades.tolist()) if len(decades) <= _MOST_DECADES else NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _decade_label(value)))


def thin_ticks(axes: Axes) -> None:
    """Fewer labels at the x-axis of `axes`, whose layout is settled, until none comes near the next.

    The axis's own label goes left where it would touch the power of ten by which the ticks are multiplied.
    """
    label, power = axes.xaxis.label, axes.xaxis.get_offset_text()
    if label.get_text() and power.get_text():
        frame, below, beside = (one.get_window_extent() for one in (axes, label, power))
        shift = beside.x0 - _APART * beside.height - below.x1
        label.set_x(0.5 + min(0.0, shift) / frame.width)
    low, high = axes.get_xlim()
    ticks = np.asarray(axes.xaxis.get_majorticklocs())
    ticks = ticks[(low <= ticks) & (ticks <= high)]
    # zero stays, and so do the same powers on both sides of it
    middle = int(np.argmin(np.abs(ticks))) if np.any(ticks == 0) else 0
    for step in range(2, len(ticks) + 1):
        if not _labels_touch(axes):
            return
        axes.xaxis.set_major_locator(FixedLocator(ticks[middle % step :: step].tolist()))


def _labels_touch(axes: Axes) -> bool:
    """Whether two labels of the x-axis that can be seen come near each other."""
    low, high = sorted(axes.get_xlim())
    boxes = []
    for place, label in zip(axes.xaxis.get_majorticklocs(), axes.xaxis.get_majorticklabels(), strict=True):
        if low <= place <= high and label.get_text():
            boxes.append(label.get_window_extent())
    gap = _APART * SMALL_POINTS / 72 * axes.figure.dpi
    boxes.sort(key=lambda box: box.x0)
    return any(after.x0 - before.x1 < gap for before, after in pairwise(boxes))


def set_limits(axes: Axes, scores: FloatArray) -> None:
    """Give the x-axis limits a twentieth beyond the scores on either side, as seen on its scale."""
    transform = axes.xaxis.get_transform()
    low, high = transform.transform(np.array([scores.min(), scores.max()]))
    margin = _MARGIN * (high - low) or 0.5 * abs(high) or 0.5
    with np.errstate(over="ignore"):
        limits = transform.inverted().transform(np.array([low - margin, high + margin]))
    least = _SMALLEST if axes.get_xscale() == "log" else -_LARGEST
    axes.set_xlim(*np.clip(limits, least, _LARGEST))


def _log_ticks(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Powers of ten within positive scores: those with a label, a few at even steps, and all of them."""
    powers = range(math.floor(math.log10(scores.max())), math.ceil(math.log10(scores.min())) - 1, -1)
    decades = np.array([10.0**power for power in powers])
    return decades[:: math.ceil(len(powers) / _MOST_TICKS)], decades


def _symlog_ticks(axes: Axes, scores: FloatArray, linear_within: float) -> tuple[FloatArray, FloatArray]:
    """Zero and powers of ten of both signs within the scores: those with a label, and all of them.

    Labels stand at the same powers on both sides, in the smallest steps at which they do not touch.
    """
    reaches = [reach for reach in (-scores.min(), scores.max()) if reach >= linear_within]
    first, last = round(math.log10(linear_within)), math.floor(math.log10(max(reaches)))
    decades = _signed_decades(range(first, last + 1), scores)
    transform = axes.xaxis.get_transform()
    low, high = transform.transform(np.array(axes.get_xlim()))
    common = range(math.floor(math.log10(min(reaches))), first - 1, -1)
    ticks: FloatArray = np.zeros(1)
    for step in range(1, len(common) + 1):
        ticks = _signed_decades(common[::step], scores)
        widths = _LABEL_SHARE * np.array([_label_characters(tick) for tick in ticks])
        gaps = np.diff(transform.transform(ticks)) / (high - low)
        if np.all(gaps >= (widths[1:] + widths[:-1]) / 2 + _LABEL_SHARE):
            break
    return ticks, decades


def _signed_decades(powers: Sequence[int], scores: FloatArray) -> FloatArray:
    """Zero and plus and minus ten to the `powers`, rising, those within the range of the scores."""
    magnitudes = np.array([10.0**power for power in powers])
    values = np.sort(np.concatenate([-magnitudes, [0.0], magnitudes]))
    return np.asarray(values[(values >= scores.min()) & (values <= scores.max())])


def _label_characters(tick: float) -> float:
    """Width of a label in characters; those of the exponent are small."""
    if tick == 0:
        return 1.0
    return (tick < 0) + 2 + 0.7 * len(str(round(math.log10(abs(tick)))))


def _decade_label(value: float) -> str:
    r"""Zero or a signed power of ten in mathtext.

    >>> _decade_label(-1000.0)
    '$\\mathdefault{-10^{3}}$'
    """
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    return rf"$\mathdefault{{{sign}10^{{{round(math.log10(abs(value)))}}}}}$"
