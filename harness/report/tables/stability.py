"""A proxy over settings as sheets: its stability, and its transfer from the inputs of one data set to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from harness.report.cells import estimate, number
from harness.report.tables.ranking import NAMES
from harness.report.tables.sheet import PROXY, Heading, Sheet


def stability_sheet(
    frame: pd.DataFrame,
    *,
    coefficient: str,
    left_out: Mapping[str, str] | None = None,
    lacking: Mapping[str, Sequence[str]] | None = None,
) -> Sheet:
    """A row a proxy: mean correlation with itself over pairs of settings.

    Args:
        frame: columns `proxy`, `settings` (how many), `n`, `mean`, `mean_low`, `mean_high`, `least` (of a pair).
        coefficient: its name.
        left_out: proxies that are in no row, each with the reason.
        lacking: proxies in a row to the settings in which they have no scores.
    """
    rows = [
        (
            str(row["proxy"]),
            estimate(float(row["mean"]), float(row["mean_low"]), float(row["mean_high"])),
            number(float(row["least"]), 2),
            number(float(row["settings"]), 0),
            number(float(row["n"]), 0),
        )
        for row in frame.to_dict("records")
    ]
    headings = (PROXY, Heading("mean over pairs", "left"), "lowest pair", "settings", "n")
    title = f"Stability: {NAMES[coefficient]} of a proxy with itself under other settings"
    reasons = _by_value({name: f"Left out, with {reason}" for name, reason in (left_out or {}).items()})
    reasons += _by_value({name: f"Without {', '.join(labels)}" for name, labels in (lacking or {}).items()})
    return Sheet.of(title, headings, rows, notes=tuple(reasons))


def _by_value(said: Mapping[str, str]) -> list[str]:
    """A sentence for each different text, with all the names that have it."""
    names: dict[str, list[str]] = {}
    for name, text in said.items():
        names.setdefault(text, []).append(name)
    return [f"{text}: {', '.join(those)}." for text, those in names.items()]


def matrix_sheet(
    matrix: npt.NDArray[np.float64], settings: Sequence[str], *, proxy: str, coefficient: str, n: int
) -> Sheet:
    """The correlations of one proxy between each two settings."""
    rows = [
        (label, *(number(float(value), 2) for value in values)) for label, values in zip(settings, matrix, strict=True)
    ]
    title = f"{proxy} with itself, {NAMES[coefficient]}, {n:,} architectures"
    return Sheet.of(title, (Heading("setting", "left", code=True), *settings), rows)


def transfer_sheet(frame: pd.DataFrame, *, left_out: Sequence[str] = ()) -> Sheet:
    """A row a proxy and kind of inputs, a column a table's column: Spearman's coefficient with its interval.

    Args:
        frame: of `harness.evaluation.stability.transfer`.
        left_out: sentences on what is in no row, of `harness.evaluation.stability.left_out_of_transfer`.
    """
    columns = list(dict.fromkeys(frame["column"]))
    rows = []
    for (proxy, inputs), group in frame.groupby(["proxy", "inputs"], sort=False):
        by_column = group.set_index("column")
        cells = [
            estimate(*(float(by_column.loc[column, f"spearman{end}"]) for end in ("", "_low", "_high")))
            for column in columns
        ]
        rows.append((str(proxy), str(inputs), *cells, f"{group['n'].max():,}"))
    first = [place for place in range(1, len(rows)) if rows[place][0] != rows[place - 1][0]]
    return Sheet.of(
        "Transfer: Spearman of scores on some inputs with accuracies on others",
        (PROXY, Heading("scored on", "left"), *(Heading(column, "left") for column in columns), "n"),
        rows,
        ruled_above=tuple(first),
        notes=tuple(left_out),
    )
