"""Sums of scores on a common scale: FreeREA's, soft votes, and RoBoT's with weights; one row per architecture.

As in `harness.proxies.combined`, each function takes a frame with a column per proxy and gives a series with the
frame's index; higher is better. The scales are those of the architectures in the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import ScoresError, unknown
from harness.proxies.combined import WRCOR_VOTE
from harness.proxies.complete_rows import combined_rows, score_matrix

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness.proxies.complete_rows import Matrix

FREEREA = ("nwot", "logsynflow", "skip_distance")


def soft_vote(frame: pd.DataFrame, columns: Sequence[str] = WRCOR_VOTE, *, scale: str = "standard") -> pd.Series[float]:
    """Mean of the scores on a common scale (Jing et al. 2025).

    Args:
        frame: scores, one row per architecture and one column per proxy.
        columns: proxies whose scores are averaged.
        scale: `standard`, for mean 0 and deviation 1 over the architectures, or `min_max`, for 0 to 1; a proxy that
            scores all alike is 0 on both.

    Raises:
        ScoresError: another scale.
    """
    if scale not in ("standard", "min_max"):
        raise ScoresError(unknown("scale", scale, ["standard", "min_max"]))

    def mean(scores: Matrix) -> Matrix:
        import numpy as np

        if scale == "min_max":
            return np.asarray(min_max_scaled(scores).mean(axis=1))
        deviations = scores.std(axis=0)
        deviations[(scores == scores[0]).all(axis=0)] = 1.0
        return np.asarray(((scores - scores.mean(axis=0)) / deviations).mean(axis=1))

    return combined_rows(frame, columns, mean)


def freerea(frame: pd.DataFrame, columns: Sequence[str] = FREEREA) -> pd.Series[float]:
    """FreeREA's score, the sum of NASWOT, LogSynflow and the skips, each over its largest size (Cavagnero et al. 2023).

    Args:
        frame: scores, one row per architecture and one column per proxy. Where it has no column `skip_distance`, that
            is computed of the index, which then holds cells of NAS-Bench-201.
        columns: proxies whose scores are summed.

    Returns:
        Numbers of any sign. They depend on which architectures are compared, by the largest sizes alone; the authors
        compare those of a population.

    Raises:
        ScoresError: an index that holds no cells of NAS-Bench-201.
    """

    def summed(scores: Matrix) -> Matrix:
        import numpy as np

        largest = np.abs(scores).max(axis=0)
        return np.asarray((scores / np.where(largest > 0, largest, 1.0)).sum(axis=1))

    if "skip_distance" in columns and "skip_distance" not in frame.columns:
        frame = frame.assign(skip_distance=[skip_distance(str(key)) for key in frame.index])
    return combined_rows(frame, columns, summed)


def skip_distance(key: str) -> float:
    """Mean number of nodes that the skip connections of a cell of NAS-Bench-201 pass over; 0 without one.

    Raises:
        ScoresError: a key of another space.

    >>> skip_distance("|none~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|none~2|")
    1.0
    """
    from harness.errors import SpaceError
    from harness.spaces.nasbench201 import NasBench201
    from harness.spaces.nasbench201.cell import EDGES

    try:
        operations = NasBench201().parse(key).operations
    except SpaceError as error:
        raise ScoresError(f"FreeREA's skips are those of cells of NAS-Bench-201: {error}") from None
    skipped = [
        target - source - 1 for (target, source), name in zip(EDGES, operations, strict=True) if name == "skip_connect"
    ]
    return sum(skipped) / len(skipped) if skipped else 0.0


def weighted_sum(frame: pd.DataFrame, columns: Sequence[str], weights: Sequence[float]) -> pd.Series[float]:
    """RoBoT's score Σ w M, each metric M from 0 to 1 over the architectures (He et al. 2024).

    Args:
        frame: scores, one row per architecture and one column per proxy.
        columns: the metrics.
        weights: the weight of each, of any sign; RoBoT finds them by the accuracies of a few architectures
            (`harness.search.query.robot.robot_weights`).

    Returns:
        The sums. A missing score adds nothing, as in the authors' code; an architecture without any has none.

    Raises:
        ScoresError: not one finite weight for each column.
    """
    import numpy as np
    import pandas as pd

    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (len(columns),) or not np.isfinite(given).all():
        raise ScoresError(f"a finite weight is needed for each of the {len(columns)} columns, got {list(weights)}")
    scores = score_matrix(frame, columns)
    scores[~np.isfinite(scores)] = np.nan
    sums = min_max_scaled(scores) @ given
    sums[np.isnan(scores).all(axis=1)] = np.nan
    return pd.Series(sums, index=frame.index)


def min_max_scaled(scores: Matrix) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Each column of scores [m, columns] from 0 to 1; 0 where a score is missing (NaN), or the same for all."""
    import numpy as np

    low, high = np.fmin.reduce(scores), np.fmax.reduce(scores)
    width = np.where(high > low, high - low, 1.0)
    return np.asarray(np.nan_to_num((scores - low) / width))
