"""The line of one name in a panel of curves: of a single run, or the mean over several with the band of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from harness.report.figures.style import COLOURS

Dashes: TypeAlias = Literal["-", "--", ":", "-."]
_DASHES: tuple[Dashes, ...] = ("-", "--", ":", "-.")
_MARKED = 30
"""Most epochs of which each has a marker."""
_BAND_ALPHA = 0.2


class Look(NamedTuple):
    """How the line of one name looks.

    Attributes:
        colour: colour of line and band.
        dashes: style of the line.
    """

    colour: str
    dashes: Dashes

    @classmethod
    def of(cls, place: int) -> Look:
        """The look of the name at a place, from 0."""
        return cls(COLOURS[place % len(COLOURS)], _DASHES[place // len(COLOURS) % len(_DASHES)])


def draw_runs(axes: Axes, logs: Sequence[pd.DataFrame], column: str, look: Look, *, shares: bool, steps: bool) -> bool:
    """Draw a column of the runs of one name over the epochs; gives whether there was anything to draw.

    Runs of the same epochs become their mean, with a band from the smallest to the largest value; others are drawn one
    by one. Runs without the column, or without a number in it, are left out.

    Args:
        axes: axes of the panel.
        logs: log of each run.
        column: name of the column.
        look: colour and dashes.
        shares: whether the x-axis is the share of each run that is over (%), in place of its epochs.
        steps: whether a value stays until the next epoch, as that of a count does.
    """
    found = [(_along(log, shares), log[column].to_numpy(dtype=float)) for log in logs if column in log.columns]
    found = [(along, values) for along, values in found if np.isfinite(values).any()]
    if not found:
        return False
    first = found[0][0]
    if len(found) > 1 and all(np.array_equal(along, first) for along, _ in found):
        table = np.stack([values for _, values in found])
        low, high = table.min(axis=0), table.max(axis=0)
        axes.fill_between(
            first, low, high, step="post" if steps else None, color=look.colour, alpha=_BAND_ALPHA, linewidth=0
        )
        found = [(first, table.mean(axis=0))]
    for along, values in found:
        axes.plot(
            along,
            values,
            color=look.colour,
            linestyle=look.dashes,
            marker="o" if len(along) <= _MARKED else "",
            markersize=2.0,
            drawstyle="steps-post" if steps else "default",
        )
    return True


def _along(log: pd.DataFrame, shares: bool) -> npt.NDArray[np.float64]:
    epochs = log["epoch"].to_numpy(dtype=float)
    return 100 * epochs / epochs.max() if shares else epochs
