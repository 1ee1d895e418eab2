"""The table of searches whose networks are trained."""

from __future__ import annotations

import pandas as pd

from harness.report.cells import spread_in
from harness.report.tables.sheet import Heading, Sheet, groups

_QUANTITIES = {"networks": 0, "seconds": 0, "found_pct": 2, "validation_pct": 2, "test_pct": 2}
"""What is shown, with its decimals."""


def trained_sheet(frame: pd.DataFrame) -> Sheet:
    """What each arm found on each graph, and what that is worth when it is trained anew.

    Args:
        frame: from `harness.studies.searches.agnn.trained_claims.trained_frame`.
    """
    begins, ruled = groups(frame["graph"])
    rows = [
        [
            str(row["graph"]) if first else "", str(row["arm"]), f"{row['runs']:,}",
            *("–" if pd.isna(row[f"{name}_mean"]) else spread_in(row, name, digits)
              for name, digits in _QUANTITIES.items()),
        ]
        for first, row in zip(begins, frame.to_dict("records"), strict=True)
    ]  # fmt: skip
    headings: list[Heading | str] = [
        Heading("graph", "left"), Heading("search", "left"), "runs", "networks", "seconds", "found (%)",
        "validation (%)", "test (%)",
    ]  # fmt: skip
    notes = (
        "Mean ± standard deviation over runs. Networks: how many different ones a run asked for; seconds: of the "
        "processor, for their trainings. Found: the best validation accuracy that a run was answered. Validation and "
        "test: of that architecture trained anew, the mean over several seeds, at the epoch of the best validation "
        "accuracy. gcn: a plain network of two graph convolutions, its trainings as runs.",
    )
    return Sheet.of("Searches whose networks are trained", headings, rows, ruled_above=ruled, notes=notes)
