"""The frames that reports are made of, and the guards that name what is wrong with one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.errors import ScoresError, unknown
from harness.stats.names import BASELINES, COEFFICIENTS

RANKING_COLUMNS = (
    "proxy",
    "n",
    "failed",
    *(f"{name}{end}" for name in COEFFICIENTS for end in ("", "_low", "_high")),
    "best_accuracy",
    "best_percentile",
    "top10_best",
)
POINT_COLUMNS = ("proxy", "architecture", "score", "accuracy", "parameters")
TRADE_OFF_COLUMNS = ("x", "y", "on_front", "scored")
PICK_COLUMNS = ("proxy", "x", "y")


def checked_ranking(frame: pd.DataFrame) -> pd.DataFrame:
    """The ranking frame in the order of a report: the proxies as given, then the baselines `params` and `flops`.

    Args:
        frame: one row a proxy, with at least `RANKING_COLUMNS`; accuracies in the unit of the column that was
            ranked by, `failed` a share (0..1), `best_percentile` 0..100. A NaN stands for what is undefined.

    Returns:
        A new frame of `RANKING_COLUMNS`, index 0..rows-1, numbers as float64 (`n` as int64).

    Raises:
        ScoresError: no rows, a missing column, a proxy twice, or values that are not numbers; named.
    """
    checked = _checked_columns(frame, "ranking", RANKING_COLUMNS, text=("proxy",))
    twice = checked.loc[checked["proxy"].duplicated(), "proxy"].unique()
    if twice.size:
        raise ScoresError(f"the ranking frame holds more than one row for: {', '.join(twice)}")
    if not np.isfinite(checked["n"]).all():
        raise ScoresError("the ranking frame's column 'n' must hold whole numbers; got NaN or infinity")
    checked = checked.astype({"n": "int64"})
    order = [*checked.index[~is_baseline(checked)], *(_row_of(checked, name) for name in BASELINES)]
    return checked.loc[[row for row in order if row is not None]].reset_index(drop=True)


def is_baseline(ranking: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of a ranking frame are baselines, aligned with its index."""
    return ranking["proxy"].isin(BASELINES)


def checked_points(frame: pd.DataFrame, ranking: pd.DataFrame) -> pd.DataFrame:
    """The points frame, numbers as float64, for the proxies of a checked ranking frame.

    Args:
        frame: long, one row a proxy and architecture, with at least `POINT_COLUMNS`; failures taken out.
        ranking: from `checked_ranking`; it may hold more proxies than are drawn.

    Raises:
        ScoresError: no rows, a missing column, NaN or infinity (counted), a proxy without a ranking row, or a proxy
            with another number of points than its `n`.
    """
    points = _checked_columns(frame, "points", POINT_COLUMNS, text=("proxy", "architecture"))
    _refuse_infinite(points, "points", ("score", "accuracy", "parameters"))
    ranked = dict(zip(ranking["proxy"], ranking["n"], strict=True))
    for proxy, count in points["proxy"].value_counts(sort=False).items():
        if proxy not in ranked:
            raise ScoresError(f"no ranking row: {unknown('proxy', proxy, ranked)}")
        if count != ranked[proxy]:
            raise ScoresError(f"proxy {proxy!r} has {count} points, but its ranking row says n = {ranked[proxy]}")
    return points


def checked_trade_off(frame: pd.DataFrame) -> pd.DataFrame:
    """All architectures of a trade-off, one row each: `x`, `y`, and as 0 or 1 `on_front` and `scored`.

    Raises:
        ScoresError: no rows, a missing column, or NaN or infinity (counted).
    """
    points = _checked_columns(frame, "trade-off", TRADE_OFF_COLUMNS, text=())
    _refuse_infinite(points, "trade-off", TRADE_OFF_COLUMNS)
    return points


def checked_picks(frame: pd.DataFrame) -> pd.DataFrame:
    """What proxies pick in a trade-off, one row a proxy and pick: `proxy`, `x`, `y`.

    Raises:
        ScoresError: no rows, a missing column, or NaN or infinity (counted).
    """
    picks = _checked_columns(frame, "picks", PICK_COLUMNS, text=("proxy",))
    _refuse_infinite(picks, "picks", ("x", "y"))
    return picks


def _refuse_infinite(checked: pd.DataFrame, kind: str, columns: Sequence[str]) -> None:
    for column in columns:
        bad = int(np.count_nonzero(~np.isfinite(checked[column])))
        if bad:
            raise ScoresError(
                f"the {kind} frame's column {column!r} holds {bad} NaN or infinite of {len(checked)} values"
            )


def _checked_columns(frame: pd.DataFrame, kind: str, columns: Sequence[str], *, text: tuple[str, ...]) -> pd.DataFrame:
    """A new frame of `columns`, those in `text` as strings and the others as float64, index 0..rows-1."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ScoresError(f"the {kind} frame lacks: {', '.join(missing)}. It needs: {', '.join(columns)}")
    if frame.empty:
        raise ScoresError(f"the {kind} frame is empty: there is nothing to show")
    checked = {}
    for column in columns:
        try:
            checked[column] = frame[column].astype(str if column in text else "float64").to_numpy()
        except (TypeError, ValueError) as error:
            raise ScoresError(f"the {kind} frame's column {column!r} must hold numbers: {error}") from None
    return pd.DataFrame(checked)


def _row_of(ranking: pd.DataFrame, proxy: str) -> int | None:
    """The row of a proxy in a frame with index 0..rows-1, or None."""
    rows = np.flatnonzero(ranking["proxy"] == proxy)
    return int(rows[0]) if rows.size else None
