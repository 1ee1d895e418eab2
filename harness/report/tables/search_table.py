"""Searches that query a table as a plain text table: what each found, a paper's row below it, and what it spent."""

from __future__ import annotations

import math

import pandas as pd

from harness.errors import ScoresError
from harness.evaluation.columns import dataset_title
from harness.report.cells import number
from harness.report.tables.plain import plain_table, prose, terminal_width

_MEAN, _PUBLISHED = "_mean", "published_"


def searches_text(frame: pd.DataFrame, width: int | None = None) -> str:
    """The frame of `table_searches` as lines: mean ± standard deviation over the runs, if several.

    Args:
        frame: a row a search: `search`, `seconds`, `queries`, for each accuracy `NAME_mean` and `NAME_std`, and of a
            paper `published` (the search's name there), `published_source`, and numbers with `published_` before their
            name. A NaN or an empty text stands for what there is not, so that a CSV read back reads the same.
        width: characters a line of the sources; by default the terminal's.

    Returns:
        Lines without colour codes, the last without a line break. A published row is indented under its search.

    Raises:
        ScoresError: an empty frame, or one without `search` and an accuracy.
    """
    names = [name.removesuffix(_MEAN) for name in frame.columns if name.endswith(_MEAN)]
    names = [name for name in names if not name.startswith(_PUBLISHED)]
    if frame.empty or "search" not in frame.columns or not names:
        raise ScoresError("there are no searches to show: the frame needs rows, a column 'search' and one …_mean")
    frame = frame.assign(**{name: _texts(frame[name]) for name in ("published", "published_source")})
    rows = []
    for row in frame.to_dict("records"):
        spent = [number(float(row["seconds"]), 0), number(float(row["queries"]), 1)]
        rows.append([str(row["search"]), *(_accuracy(row, name) for name in names), *spent])
        if row["published"]:
            published = [_accuracy(row, f"{_PUBLISHED}{name}") for name in names]
            rows.append(
                [f"  {row['published']}, published", *published, number(float(row["published_seconds"]), 0), ""]
            )
    headings = ["search", *(dataset_title(name) for name in names), "seconds", "queries"]
    sources = frame[frame["published"] != ""].groupby("published_source", sort=False)["published"]
    footer = [f"published by {source}: {', '.join(labels)}" for source, labels in sources]
    lines = [line for text in footer for line in prose(text, terminal_width(width))]
    return "\n".join([*plain_table(headings, rows, left=["search"]), *([""] if lines else []), *lines])


def _accuracy(row: dict[object, object], name: str) -> str:
    """Mean and standard deviation, in the order of their columns; the mean alone, or a dash, where NaN."""
    mean, deviation = (float(str(row[f"{name}{end}"])) for end in (_MEAN, "_std"))
    alone = math.isnan(mean) or math.isnan(deviation)
    return number(mean, 2) if alone else f"{number(mean, 2)} ± {number(deviation, 2)}"


def _texts(labels: pd.Series[str]) -> pd.Series[str]:
    """The labels, empty where a CSV read back has NaN."""
    return labels.astype(object).where(labels.notna(), "")
