"""A frame of scores as columns of the right types, or an error that says which row is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.errors import ScoresError, unknown
from harness.text.shown import LONGEST_ARCHITECTURE, plain, shown

if TYPE_CHECKING:
    import pandas as pd


def check_frame(given: object) -> None:
    """Refuse anything but a frame.

    Raises:
        ScoresError: naming what was given.
    """
    import pandas as pd

    if not isinstance(given, pd.DataFrame):
        raise ScoresError(
            "scores are a frame, as harness.run, harness.read_scores and a store's scores return it, got "
            f"{type(given).__name__}"
        )


def check_frames(given: object) -> None:
    """Refuse anything but frames by label.

    Raises:
        ScoresError: naming what was given.
    """
    if not isinstance(given, Mapping):
        raise ScoresError(f"scores under several labels are a dictionary of frames, got {type(given).__name__}")
    for frame in given.values():
        check_frame(frame)


def checked_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """Architecture, proxy and score of a frame, with NaN where the status is not `ok`; the given frame is not changed.

    Raises:
        ScoresError: no frame, no rows, a missing column (with the nearest name), a row without a proxy or with blanks
            around its name, text for a number, or numbers that `harness.stats.real_numbers` refuses.
    """
    import numpy as np
    import pandas as pd

    from harness.stats.real_numbers import check_whole, real_numbers

    check_frame(frame)
    for name in ("architecture", "proxy", "score"):
        if name not in frame.columns:
            raise ScoresError(unknown("column of the scores: wanted", name, [str(column) for column in frame.columns]))
    if frame.empty:
        raise ScoresError("there are no scores to rank: the frame has no rows")
    scores = pd.DataFrame({name: frame[name].to_numpy() for name in ("architecture", "proxy", "score")})
    scores["proxy"] = _proxies(scores["proxy"])
    given = frame["score"].dropna()
    whole = [value for value in given if not isinstance(value, str)] if given.dtype == object else given
    if real_numbers(whole, "the scores").ndim != 1:
        raise ScoresError("the scores must be one number a row; some hold several")
    if given.dtype == np.longdouble:
        scores["score"] = scores["score"].astype(float)  # checked above; pandas reads none of them
    if given.dtype == object:  # such as tensors
        scores["score"] = scores["score"].map(lambda value: value.item() if hasattr(value, "item") else value)
    numbers = pd.to_numeric(scores["score"], errors="coerce")
    text = scores["score"].notna() & numbers.isna()
    if text.any():
        row = scores[text].iloc[0]
        where = f"of {plain(row['proxy'])} for {plain(row['architecture'], LONGEST_ARCHITECTURE)}"
        raise ScoresError(f"the score {shown(row['score'])} {where} is not a number")
    as_float = numbers.astype(float)
    check_whole(scores["score"].to_numpy(), np.asarray(as_float, dtype=np.float64), "the scores")
    scores["score"] = as_float.where(as_float.abs() != math.inf)
    if "status" in frame.columns:
        scores["score"] = scores["score"].where((frame["status"] == "ok").to_numpy())
    return scores


def _proxies(given: pd.Series[Any]) -> pd.Series[str]:
    """The names of the proxies as texts, each of which is one proxy."""
    if given.isna().any():
        nameless = int(given.isna().to_numpy().argmax())
        raise ScoresError(f"row {nameless} (from 0) of the scores names no proxy")
    names = given.astype(str)
    blank = names.str.strip() != names
    if blank.any():
        row = int(blank.to_numpy().argmax())
        raise ScoresError(
            f"row {row} (from 0) of the scores names the proxy {shown(names.iloc[row])}, with blanks around it: take "
            "them away, since it would be another proxy than the one without"
        )
    return names
