"""A paper's table of searches: our row and the printed ones, as text, Markdown and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from harness.errors import ScoresError
from harness.evaluation.columns import dataset_title
from harness.report.cells import EN_DASH, MINUS, beside, number
from harness.report.tables.latex import escaped
from harness.report.tables.plain import plain_table

_MEAN = "_mean"
_UNBROKEN = "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}"  # rendered in a narrow column
_OURS = "ours"


def search_rows_text(frame: pd.DataFrame) -> str:
    """The frame of `harness.studies.searches.frame.table_of` as lines for a terminal.

    Args:
        frame: `whose` (`ours` or `published`), `label`, `source`, `runs`, for each accuracy `…_mean` and `…_std` (per
            cent), `seconds`; NaN where there is nothing. Where a published row has `…_difference` it is shown in
            brackets, with a star where `…_inside` is false.

    Raises:
        ScoresError: an empty frame, or one without an accuracy.
    """
    headings, rows = _cells(frame)
    return "\n".join(plain_table(headings, rows, left=[headings[0], headings[-1]]))


def search_rows_markdown(frame: pd.DataFrame) -> str:
    """The same as a Markdown table, ours in bold and the published rows set in below; see `search_rows_text`."""
    headings, rows = _cells(frame)
    first, last = headings[0], headings[-1]
    rules = ["---" if heading in (first, last) else "---:" for heading in headings]
    lines = [[text.replace("|", "\\|").replace(" ± ", _UNBROKEN) for text in row] for row in rows]
    for line, whose in zip(lines, frame["whose"], strict=True):
        line[0] = f"**{line[0]}**" if whose == _OURS else f"&emsp;{line[0].strip()}"
    return "\n".join(f"| {' | '.join(line)} |" for line in [headings, rules, *lines])


def search_rows_latex(frame: pd.DataFrame) -> str:
    r"""The same as a booktabs `tabular`, needing `\usepackage{booktabs}`; the best mean of ours is bold.

    Args and errors as `search_rows_text`. The highest of each column, which no search finds, counts for nothing there.
    """
    names = _accuracies(frame)
    ours = frame[(frame["whose"] == _OURS) & (frame["runs"] > 0)]
    best = {name: number(ours[f"{name}{_MEAN}"].max(), 2) for name in names}
    lines = [rf"\begin{{tabular}}{{l{'r' * (len(names) + 1)}}}", r"\toprule"]
    headings = ["", *(dataset_title(name) for name in names), "Seconds"]
    lines += [" & ".join(escaped(text) for text in headings) + r" \\", r"\midrule"]
    for place, row in enumerate(frame.to_dict("records")):
        if place and row["whose"] == _OURS:
            lines.append(r"\addlinespace")
        label = escaped(str(row["label"])) if row["whose"] == _OURS else rf"\quad {escaped(str(row['source']))}"
        numbers = []
        for name in names:
            mean, deviation = (number(float(row[f"{name}{end}"]), 2, dash="--") for end in (_MEAN, "_std"))
            bold = row["whose"] == _OURS and row["runs"] > 0 and mean == best[name]
            mean = rf"\textbf{{{mean}}}" if bold else mean
            text = mean if deviation == "--" else rf"{mean} $\pm$ {deviation}"
            numbers.append(text + _beside(row, name, "$-$").replace("*", "$^*$"))
        lines.append(" & ".join([label, *numbers, number(float(row["seconds"]), 0, dash="--")]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def bounds_text(frame: pd.DataFrame) -> str:
    """The frame of `harness.studies.searches.nasi_bounds.bounds_table` as lines for a terminal."""
    names = _accuracies(frame)
    rows = [
        [
            str(row["bound"]), number(float(row["nu"]), 0) if math.isfinite(row["nu"]) else EN_DASH,
            number(float(row["mu"]), 0), number(float(row["steps"]), 0), number(100 * float(row["above_nu0"]), 0),
            *(_accuracy(row, name) for name in names),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings = ["bound", "ν", "μ", "steps", "above ν (%)", *(dataset_title(name) for name in names)]
    return "\n".join(plain_table(headings, rows, left=["bound"]))


def _cells(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    names = _accuracies(frame)
    headings = ["search", "runs", *(dataset_title(name) for name in names), "seconds", "from"]
    rows = []
    for row in frame.to_dict("records"):
        ours = row["whose"] == _OURS
        runs = float(row["runs"])
        rows.append(
            [
                str(row["label"]) if ours else f"  {row['label']}, published",
                number(runs, 0) if ours else "",
                *(_accuracy(row, name) for name in names),
                number(float(row["seconds"]), 0),
                str(row["source"]),
            ]
        )
    return headings, rows


def _accuracy(row: Mapping[Any, Any], name: str) -> str:
    mean, deviation = (float(row[f"{name}{end}"]) for end in (_MEAN, "_std"))
    if math.isnan(mean):
        return EN_DASH
    text = number(mean, 2) if math.isnan(deviation) else f"{number(mean, 2)} ± {number(deviation, 2)}"
    return text + _beside(row, name, MINUS)


def _beside(row: Mapping[Any, Any], name: str, minus: str) -> str:
    """What a published row says of ours; nothing in a row of ours."""
    return beside(float(row.get(f"{name}_difference", math.nan)), row.get(f"{name}_inside"), minus=minus)


def _accuracies(frame: pd.DataFrame) -> list[str]:
    found = list(_named(frame))
    if frame.empty or not found:
        raise ScoresError("there are no searches to show: the frame needs rows and an accuracy, a column …_mean")
    return found


def _named(frame: pd.DataFrame) -> Iterator[str]:
    return (str(name).removesuffix(_MEAN) for name in frame.columns if str(name).endswith(_MEAN))
