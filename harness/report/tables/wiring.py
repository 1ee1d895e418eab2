"""Tables of the study of wiring: what its searches chose."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.report.cells import number
from harness.report.tables.sheet import Heading, Sheet


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


def _said(value: object) -> str:
    return "yes" if value else "no"
