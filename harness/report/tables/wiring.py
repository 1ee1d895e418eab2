"""Tables of the study of wiring: its statements with their verdicts, and what each search chose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.report.cells import EN_DASH, number
from harness.report.tables.sheet import Heading, Sheet


def claims_sheet(frame: pd.DataFrame) -> Sheet:
    """The statements, the number of each with its interval over the seeds, and the verdict.

    Args:
        frame: from `harness.studies.searches.wiring.claims.claims_table`.
    """
    rows = [
        [
            str(row["statement"]), str(row["source"]), str(row["arm"]) or EN_DASH, str(row["statistic"]),
            str(row["seeds"]) if row["seeds"] else EN_DASH, _estimate(row), str(row["verdict"]),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    left = [Heading(text, "left") for text in ("statement", "whose", "searches", "number")]
    headings: list[Heading | str] = [*left, "n", "mean [95 %]", Heading("verdict", "left")]
    return Sheet.of("Statements", headings, rows)


def collapse_sheet(frame: pd.DataFrame, words: Mapping[str, str]) -> Sheet:
    """The searches on NAS-Bench-201: early costs, what they predict, and what was chosen.

    Args:
        frame: from `harness.studies.searches.wiring.claims.collapse_table`.
        words: name of each arm.
    """
    recorded = [name for name in frame.columns if name.endswith("_for_the_record")]
    rows = [
        [
            words[str(row["arm"])], str(row["seed"]), number(row["difference_nats"], 4), _said(row["predicted"]),
            str(row["skip_connections"]), _said(row["collapsed"]), *(number(row[name], 2) for name in recorded),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [
        Heading("search", "left"), "seed", "convolutions − skips, nats", Heading("predicted collapse", "left"),
        "skips chosen", Heading("collapsed", "left"), *("CIFAR-10 test, for the record" for _ in recorded),
    ]  # fmt: skip
    return Sheet.of("Costs of the first epochs on NAS-Bench-201, and what the searches chose", headings, rows)


def choices_sheet(frame: pd.DataFrame) -> Sheet:
    """What each search on minimal cells chose after its last epoch.

    Args:
        frame: `search`, `seed`, `edges` not none, `architecture`.
    """
    rows = [
        [str(row["search"]), str(row["seed"]), str(row["edges"]), str(row["architecture"])]
        for row in frame.to_dict("records")
    ]
    headings: list[Heading | str] = [Heading("search", "left"), "seed", "edges", Heading("choice", "left")]
    return Sheet.of("Choices on minimal cells", headings, rows)


def _estimate(row: Mapping[Any, Any]) -> str:
    mean, low, high = (float(row[name]) for name in ("mean", "low", "high"))
    if math.isnan(mean):
        return EN_DASH
    ends = "" if math.isnan(low) else f" [{number(low, 3)}, {number(high, 3)}]"
    return f"{number(mean, 3)}{ends}"


def _said(value: object) -> str:
    return "yes" if value else "no"
