"""Searches: what each found with what a paper prints of it, as text, Markdown and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.errors import ScoresError
from harness.evaluation.columns import printed_dataset
from harness.report.cells import EN_DASH, MINUS, beside, best_printed, number
from harness.report.tables.sheet import Cell, Heading, Sheet, escaped, sheet_latex, sheet_markdown, sheet_text

_MEAN, _PUBLISHED = "_mean", "published_"
_OURS = "ours"
_SEARCH = Heading("search", "left", "")


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
    names = _accuracies(frame, needed="search")
    frame = frame.assign(**{name: _texts(frame[name]) for name in ("published", "published_source")})
    rows: list[list[Cell | str]] = []
    for row in frame.to_dict("records"):
        spent = (number(float(row["seconds"]), 0), number(float(row["queries"]), 1))
        rows.append([str(row["search"]), *(_accuracy(row, name) for name in names), *spent])
        if row["published"]:
            published = (_accuracy(row, f"{_PUBLISHED}{name}") for name in names)
            seconds = number(float(row["published_seconds"]), 0)
            rows.append([f"  {row['published']}, published", *published, seconds, ""])
    sources = frame[frame["published"] != ""].groupby("published_source", sort=False)["published"]
    footer = "\n".join(f"published by {source}: {', '.join(labels)}" for source, labels in sources)
    headings: list[Heading | str] = [_SEARCH, *map(printed_dataset, names), "seconds", "queries"]
    return sheet_text(Sheet.of("", headings, rows, grouped=True, notes=(footer,) if footer else ()), width)


def search_rows_text(frame: pd.DataFrame) -> str:
    """The frame of `harness.studies.searches.frame.table_of` as lines for a terminal; see `search_rows_sheet`."""
    return sheet_text(search_rows_sheet(frame))


def search_rows_markdown(frame: pd.DataFrame) -> str:
    """The same as a Markdown table, ours in bold and the published rows set in below; see `search_rows_sheet`."""
    return sheet_markdown(search_rows_sheet(frame))


def search_rows_latex(frame: pd.DataFrame) -> str:
    r"""The same as a booktabs `tabular`, needing `\usepackage{booktabs}`; the best mean of ours is bold.

    The highest of each column, which no search finds, counts for nothing there.
    """
    return sheet_latex(search_rows_sheet(frame).without("runs", "from"))


def search_rows_sheet(frame: pd.DataFrame) -> Sheet:
    """A paper's table of searches: our rows, and the printed ones set in below.

    Args:
        frame: `whose` (`ours` or `published`), `label`, `source`, `runs`, for each accuracy `…_mean` and `…_std` (per
            cent), `seconds`; NaN where there is nothing. Where a published row has `…_difference` it is shown in
            brackets, with a star where `…_inside` is false.

    Raises:
        ScoresError: an empty frame, or one without an accuracy.
    """
    names = _accuracies(frame)
    run = frame[(frame["whose"] == _OURS) & (frame["runs"] > 0)]
    best = {name: best_printed(run[f"{name}{_MEAN}"]) for name in names}
    rows: list[list[Cell | str]] = []
    for row in frame.to_dict("records"):
        source, seconds = str(row["source"]), number(float(row["seconds"]), 0)
        if row["whose"] == _OURS:
            label, runs = Cell(str(row["label"])), number(float(row["runs"]), 0)
        else:
            label, runs = Cell(f"  {row['label']}, published", latex=rf"\quad {escaped(source)}"), ""
        may_be_best = row["whose"] == _OURS and row["runs"] > 0
        accuracies = (_accuracy(row, name, best[name] if may_be_best else None) for name in names)
        rows.append([label, runs, *accuracies, seconds, source])
    datasets = map(printed_dataset, names)
    headings: list[Heading | str] = [
        _SEARCH,
        "runs",
        *datasets,
        Heading("seconds", latex="Seconds"),
        Heading("from", "left"),
    ]
    return Sheet.of("", headings, rows, grouped=True)


def bounds_text(frame: pd.DataFrame) -> str:
    """The frame of `harness.studies.searches.nasi_bounds.bounds_table` as lines for a terminal."""
    names = _accuracies(frame, needed="bound")
    rows: list[list[Cell | str]] = [
        [
            str(row["bound"]), number(float(row["nu"]), 0) if math.isfinite(row["nu"]) else EN_DASH,
            number(float(row["mu"]), 0), number(float(row["steps"]), 0), number(100 * float(row["above_nu0"]), 0),
            *(_accuracy(row, name) for name in names),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [
        Heading("bound", "left"),
        "ν",
        "μ",
        "steps",
        "above ν (%)",
        *map(printed_dataset, names),
    ]
    return sheet_text(Sheet.of("", headings, rows))


def _accuracy(row: Mapping[Any, Any], name: str, best: str | None = None) -> Cell:
    """Mean and standard deviation over the runs, the mean alone, or a dash; behind a published one how ours differs."""
    mean, deviation = (float(row[f"{name}{end}"]) for end in (_MEAN, "_std"))
    spread = "" if math.isnan(mean) or math.isnan(deviation) else f" ± {number(deviation, 2)}"
    differs = beside(float(row.get(f"{name}_difference", math.nan)), row.get(f"{name}_inside"), minus=MINUS)
    text = number(mean, 2)
    return Cell(text, rest=spread + differs, best=text == best)


def _accuracies(frame: pd.DataFrame, needed: str = "whose") -> list[str]:
    """What stands before `_mean` in the columns, but in a paper's; ScoresError where there is nothing to show."""
    found = [str(name).removesuffix(_MEAN) for name in frame.columns if str(name).endswith(_MEAN)]
    found = [name for name in found if not name.startswith(_PUBLISHED)]
    if frame.empty or not found or needed not in frame.columns:
        raise ScoresError(f"there are no searches to show: the frame needs rows, a column {needed!r} and one …_mean")
    return found


def _texts(labels: pd.Series[str]) -> pd.Series[str]:
    """The labels, empty where a CSV read back has NaN."""
    return labels.astype(object).where(labels.notna(), "")
