"""Frames with a row a proxy: the baselines stand last, below a line."""

from __future__ import annotations

import pandas as pd

from harness.stats.names import BASELINES


def is_baseline(frame: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of a frame with a column `proxy` are baselines, aligned with its index."""
    return frame["proxy"].isin(BASELINES)


def baselines_last(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in their order, but with those of the baselines behind all others."""
    return pd.concat([frame[~is_baseline(frame)], frame[is_baseline(frame)]])


def baselines_start(frame: pd.DataFrame) -> tuple[int, ...]:
    """The first row of the baselines (from 0), if other proxies stand above it: there a table has a line."""
    baseline = is_baseline(frame).tolist()
    return tuple(row for row in range(1, len(baseline)) if baseline[row] and not baseline[row - 1])
