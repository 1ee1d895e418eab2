"""A matrix: numbers of one kind, each between two things with names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.text.presented import Drawn

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Matrix(Drawn):
    """Numbers of one kind, such as the coefficients of proxies under settings.

    Attributes:
        frame: the numbers; index and columns are named as they are to be read. NaN where there is none.
        label: what the numbers are, in words.
        low: smallest number that there can be.
        high: largest number that there can be.
        decimals: decimals that are worth printing.
    """

    frame: pd.DataFrame
    label: str
    low: float
    high: float
    decimals: int = 0

    def plot(self) -> Figure:
        """Heat map of the numbers; pyplot does not know of it, and a notebook shows it."""
        return self._figure()
