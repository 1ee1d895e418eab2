"""The table of the study of SemiNAS."""

from __future__ import annotations

import pandas as pd

from harness.evaluation.columns import dataset_title
from harness.report.cells import interval, number, spread_in
from harness.report.tables.sheet import Heading, Sheet, groups


def labels_sheet(frame: pd.DataFrame, column: str) -> Sheet:
    """Accuracies of what each search finds, by the number of labels.

    Args:
        frame: from `harness.studies.searches.seminas.labels.summary_frame`.
        column: the test accuracy.
    """
    ordered = frame.sort_values("labels", kind="stable")
    begins, ruled = groups(ordered["labels"])
    rows = [
        [
            f"{row['labels']:,}" if first else "", str(row["search"]), f"{row['runs']:,}", spread_in(row, column, 2),
            interval(float(row[f"{column}_low"]), float(row[f"{column}_high"])), number(float(row["regret_mean"]), 2),
        ]
        for first, row in zip(begins, ordered.to_dict("records"), strict=True)
    ]  # fmt: skip
    headings: list[Heading | str] = [
        "labels",
        Heading("search", "left"),
        "runs",
        dataset_title(column),
        "95 %",
        "regret",
    ]
    notes = (
        "Test accuracy of the cell of the best queried validation accuracy (both after 200 epochs), mean ± standard "
        "deviation over runs, and the mean's interval by Student's t; every label is a query. Regret is to the best "
        "cell of the table.",
    )
    return Sheet.of("Searches by labels", headings, rows, ruled_above=ruled, notes=notes)
