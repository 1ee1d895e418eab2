"""How numbers read in tables and figures: rounding, intervals, signs, and a dash for what is undefined."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

EN_DASH = "–"
MINUS = "−"
_MOST_DECIMALS = 100  # that browsers write too


def number(value: float, decimals: int, *, minus: str = "-", dash: str = EN_DASH) -> str:
    """`value` to so many decimals; NaN as `dash`; what rounds to zero has no sign.

    >>> number(-0.6, 2), number(-0.001, 2), number(float("nan"), 2)
    ('-0.60', '0.00', '–')
    """
    if math.isnan(value):
        return dash
    text = f"{abs(value):,.{decimals}f}"
    is_zero = not text.strip("0.,")
    return f"{minus}{text}" if value < 0 and not is_zero else text


def difference_in_brackets(difference: float, inside: object) -> str:
    """The text behind a published number: how much ours is above it, and a star if it lies outside our interval.

    Args:
        difference: ours less the published one; NaN gives an empty text.
        inside: whether the published one lies in our interval, as a truth value or as a CSV spells it; None if there
            is no interval.

    >>> difference_in_brackets(0.05, True), difference_in_brackets(-0.2, "False")
    (' (+0.05)', ' (-0.20)*')
    >>> difference_in_brackets(0.01, None), difference_in_brackets(float("nan"), None)
    (' (+0.01)', '')
    """
    if math.isnan(difference):
        return ""
    text = number(difference, 2)
    signed = text if text.startswith("-") else f"+{text}"
    return f" ({signed}){'*' if str(inside) == 'False' else ''}"


def plus_minus(deviation: float, decimals: int) -> str:
    """The text behind a mean: its standard deviation to so many decimals; nothing where that is NaN.

    >>> plus_minus(0.444, 2), plus_minus(float("nan"), 2)
    (' ± 0.44', '')
    """
    return "" if math.isnan(deviation) else f" ± {number(deviation, decimals)}"


def spread(mean: float, deviation: float, decimals: int) -> str:
    """A mean with its standard deviation, or alone where it has none; a dash alone where the mean is NaN.

    >>> spread(94.117, 0.444, 2), spread(94.117, float("nan"), 1), spread(float("nan"), 0.4, 2)
    ('94.12 ± 0.44', '94.1', '–')
    """
    return EN_DASH if math.isnan(mean) else number(mean, decimals) + plus_minus(deviation, decimals)


def ranged(value: float, low: float, high: float, decimals: int) -> str:
    """A number with its interval in brackets, or alone where that is NaN.

    >>> ranged(79.71, 78.2, 81.0, 1), ranged(79.71, float("nan"), float("nan"), 1)
    ('79.7 [78.2, 81.0]', '79.7')
    """
    return number(value, decimals) + ("" if math.isnan(low) else f" {interval(low, high, decimals=decimals)}")


def spread_in(row: Mapping[Any, Any], name: str, decimals: int) -> str:
    """The mean of a row's `…_mean` with its `…_std`; see `spread`."""
    return spread(float(row[f"{name}_mean"]), float(row[f"{name}_std"]), decimals)


def percentage(share: float) -> str:
    """A share (0..1) in per cent, one decimal; what is above 0 and would read as 0 is `< 0.1 %`, NaN a dash.

    >>> percentage(0.15), percentage(0.0), percentage(0.0001)
    ('15.0 %', '0.0 %', '< 0.1 %')
    """
    if math.isnan(share):
        return EN_DASH
    text = number(100 * share, 1)
    return "< 0.1 %" if share > 0 and text == "0.0" else f"{text} %"


def interval(low: float, high: float, *, decimals: int = 2, minus: str = "-", dash: str = EN_DASH) -> str:
    """An interval of a coefficient in brackets.

    >>> interval(0.53, 0.66)
    '[0.53, 0.66]'
    """
    return f"[{number(low, decimals, minus=minus, dash=dash)}, {number(high, decimals, minus=minus, dash=dash)}]"


def estimate(value: float, low: float, high: float, *, decimals: int = 2, minus: str = "-") -> str:
    """A coefficient with its interval; a dash alone where the coefficient is undefined.

    >>> estimate(0.6, 0.53, 0.66)
    '0.60 [0.53, 0.66]'
    >>> estimate(0.9997, 0.9995, 0.9998, decimals=4)
    '0.9997 [0.9995, 0.9998]'
    """
    if math.isnan(value):
        return EN_DASH
    return f"{number(value, decimals, minus=minus)} {interval(low, high, decimals=decimals, minus=minus)}"


def p_value(value: float) -> str:
    """A p-value to two digits, or that it is below a thousandth; below the level of 5 % it reads so.

    >>> p_value(0.034), p_value(0.00001), p_value(1.0), p_value(0.0497), p_value(0.04999)
    ('0.034', '< 0.001', '1.00', '0.0497', '0.0499')
    """
    if value != value:
        return EN_DASH
    if value < 0.001:
        return "< 0.001"
    if 0.0495 <= value < 0.05:
        return f"{min(value, 0.0499):.4f}"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def best_printed(values: npt.ArrayLike, *, highest: bool = True, decimals: int = 2) -> str | None:
    """The best of some numbers as it is printed, by which all that read like it are known; None where all are NaN.

    >>> best_printed([0.751, 0.7489, float("nan")]), best_printed([0.2, -0.3], highest=False)
    ('0.75', '-0.30')
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    return number(float(known.max() if highest else known.min()), decimals) if known.size else None


def value_decimals(ranking: pd.DataFrame) -> int:
    """Decimals of the values that were ranked by: two, as of accuracies in per cent; see `decimals_for`."""
    return decimals_for(ranking[["best_accuracy", "top10_best"]].to_numpy())


def decimals_for(values: npt.ArrayLike) -> int:
    """Decimals for numbers of this size (any shape, NaN left out): two up to 1,000, beyond none.

    Up to 1 there are four, and more where the largest would have fewer than four significant digits.

    >>> decimals_for([0.93, float("nan")]), decimals_for([93.5, 0.2]), decimals_for([1_531_546.0])
    (4, 2, 0)
    >>> decimals_for([0.00123, 0.0004])
    6
    """
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    if largest <= 1:
        return 4 if largest == 0 else min(max(4, 3 - math.floor(math.log10(largest))), _MOST_DECIMALS)
    return 2 if largest <= 1000 else 0
