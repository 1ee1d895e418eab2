"""Proxies in a base setting and in others, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from harness.errors import ScoresError
from harness.report.cells import EN_DASH, number
from harness.report.frames import baselines_last, baselines_start
from harness.report.tables.sheet import COUNT, PROXY, Cell, Heading, Sheet, estimated

_LEVEL = 0.05


def by_setting(frame: pd.DataFrame, value: str, words: Mapping[str, str]) -> pd.DataFrame:
    """One column of an ablation's frame as a matrix: a row a proxy, baselines last, a column a setting.

    Args:
        frame: of that function.
        value: the name of its column.
        words: label of a setting to what it is called, in the order of the columns; others are left out.

    Raises:
        ScoresError: no row of these settings.
    """
    kept = [label for label in words if (frame["setting"] == label).any()]
    if not kept:
        raise ScoresError("no proxy has scores under any of the settings: there is nothing to show")
    ordered = baselines_last(frame)
    matrix = ordered.pivot(index="proxy", columns="setting", values=value)
    found: pd.DataFrame = matrix.loc[ordered["proxy"].unique(), kept].rename(columns=words)
    return found.rename_axis(index=None, columns=None)


def agreement_sheet(frame: pd.DataFrame, words: Mapping[str, str]) -> Sheet:
    """Spearman's coefficient of every proxy with itself under the base, a column a setting."""
    matrix = by_setting(frame, "spearman", words)
    rows = [(str(name), *(number(float(value), 2) for value in row)) for name, row in matrix.iterrows()]
    title = "Spearman of a proxy's scores with its scores in the base setting"
    headings = [PROXY, *(Heading(str(name).replace(" ", "\n")) for name in matrix.columns)]
    return Sheet.of(title, headings, rows, ruled_above=baselines_start(matrix.rename_axis("proxy").reset_index()))


def change_sheet(frame: pd.DataFrame, label: str, title: str) -> Sheet:
    """All that `harness.evaluation.ablation.ablate` says of one setting, a row a proxy.

    Args:
        frame: of that function.
        label: of the setting.
        title: above the table.
    """
    rows = baselines_last(frame[frame["setting"] == label])
    cells: list[list[Cell | str]] = [
        [
            str(row["proxy"]), f"{row['n']:,}",
            *(estimated(row, name) for name in ("spearman", "kendall_tau_b", "ranking_base", "ranking")),
            replace(estimated(row, "difference"), rest="*" if row["p_holm"] < _LEVEL else ""),
            _ratio(float(row["seconds_ratio"])),
        ]
        for row in rows.to_dict("records")
    ]  # fmt: skip
    compared = (
        "Spearman with\nthe base",
        "Kendall τ-b\nwith the base",
        "ranking,\nbase",
        "ranking,\nhere",
        "difference",
    )
    headings = [PROXY, COUNT, *(Heading(text, "point") for text in compared), Heading("seconds,\nof the base's")]
    return Sheet.of(title, headings, cells, ruled_above=baselines_start(rows))


def _ratio(share: float) -> str:
    text = number(share, 2)
    return text if text == EN_DASH else f"× {text}"
