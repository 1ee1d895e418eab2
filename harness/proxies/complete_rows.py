"""Scores of several proxies as a matrix of the architectures that have all of them, for what combines them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from harness.errors import ScoresError, unknown

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Matrix = npt.NDArray[np.float64]


def combined_rows(frame: pd.DataFrame, columns: Sequence[str], combine: Callable[[Matrix], Matrix]) -> pd.Series[float]:
    """The result of `combine` for the complete rows [m, columns]; NaN for the other rows."""
    import numpy as np
    import pandas as pd

    scores = score_matrix(frame, columns)
    complete = np.isfinite(scores).all(axis=1)
    combined = np.full(len(frame), np.nan)
    if complete.any():
        combined[complete] = combine(scores[complete])
    return pd.Series(combined, index=frame.index)


def score_matrix(frame: pd.DataFrame, columns: Sequence[str]) -> Matrix:
    """The scores of some columns, shape [architectures, columns].

    Raises:
        ScoresError: no columns, one that is missing, with the nearest name, or one that holds no numbers.
    """
    import numpy as np

    from harness.stats.real_numbers import real_numbers

    check_columns(frame, columns)
    return np.stack([real_numbers(frame[column], f"column {column!r}") for column in columns], axis=1)


def check_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse no columns, and columns that a frame lacks.

    Raises:
        ScoresError: naming the column, and the nearest one.
    """
    if not columns:
        raise ScoresError("no columns given to combine")
    for column in columns:
        if column not in frame.columns:
            raise ScoresError(unknown("column of the frame", column, map(str, frame.columns)))
