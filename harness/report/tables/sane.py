"""The table of the study of SANE."""

from __future__ import annotations

import pandas as pd

from harness.report.cells import spread_in
from harness.report.tables.sheet import Heading, Sheet, groups


def sane_sheet(frame: pd.DataFrame) -> Sheet:
    """Accuracies of human designs, random and searched architectures on each graph.

    Args:
        frame: from `harness.studies.searches.sane.summary.table_frame`.
    """
    begins, ruled = groups(frame["graph"])
    rows = [
        [
            str(row["graph"]) if first else "", _named(str(row["kind"]), str(row["name"])), f"{row['trainings']:,}",
            spread_in(row, "validation_pct", 2), spread_in(row, "test_pct", 2),
        ]
        for first, row in zip(begins, frame.to_dict("records"), strict=True)
    ]  # fmt: skip
    headings: list[Heading | str] = [
        Heading("graph", "left"),
        Heading("architectures", "left"),
        "trainings",
        "validation (%)",
        "test (%)",
    ]
    notes = (
        "Accuracies at the first epoch of the best validation accuracy, mean ± standard deviation over trainings with "
        "different seeds. Numbers that the paper prints for these graphs were not seen, so that none stand here.",
    )
    return Sheet.of("SANE on its split", headings, rows, ruled_above=ruled, notes=notes)


def _named(kind: str, name: str) -> str:
    return name if kind == "human" else f"{kind}, {name}"
