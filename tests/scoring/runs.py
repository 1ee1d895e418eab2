"""The cells that the tests of `run` score, and the rows that come out."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

import harness

PROXIES = ("grad_norm", "ntk_trace", "params", "m_trace", "flops")
WRITTEN = "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_1x1~2|"  # 0 and 1 are one node
ALIKE = "|skip_connect~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|nor_conv_1x1~2|"
DEAD_ENDS = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|nor_conv_1x1~2|"  # 1 leads nowhere

CLASS = (WRITTEN, ALIKE, DEAD_ENDS)


class Given(NamedTuple):
    space: Any
    cells: list[Any]
    setting: harness.Setting


def bits(frame: pd.DataFrame) -> dict[tuple[str, str], tuple[str, ...]]:
    """Everything but the times, floats in full."""
    columns = ["score", "status", "standard_error", "message"]
    return {
        (row["architecture"], row["proxy"]): tuple(
            value.hex() if isinstance(value, float) else value for value in (row[column] for column in columns)
        )
        for row in frame.to_dict("records")
    }


def scores_of(frame: pd.DataFrame, proxy: str) -> list[float]:
    return [float(value) for value in frame.loc[frame["proxy"] == proxy, "score"]]
