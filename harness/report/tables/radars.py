"""Tables of the study of RADARS."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from harness.evaluation.columns import dataset_title
from harness.report.cells import number, percentage, spread_in
from harness.report.tables.sheet import Heading, Sheet, groups


def budgets_sheet(frame: pd.DataFrame, columns: Sequence[str]) -> Sheet:
    """Accuracies of what each search finds in each budget.

    Args:
        frame: from `harness.studies.searches.radars.budgets.budgets_frame`.
        columns: the test accuracies.
    """
    begins, ruled = groups(frame["budget_seconds"])
    rows = [
        [
            f"{row['budget_seconds']:,.0f}" if first else "", str(row["search"]), number(float(row["queries"]), 1),
            *(spread_in(row, name, 2) for name in columns),
        ]
        for first, row in zip(begins, frame.to_dict("records"), strict=True)
    ]  # fmt: skip
    headings: list[Heading | str] = ["seconds", Heading("search", "left"), "queries", *map(dataset_title, columns)]
    runs = int(frame["runs"].iloc[0])
    notes = (
        f"Test accuracies of the cell of the best queried validation accuracy, mean ± standard deviation over {runs} "
        "runs; seconds are simulated, those of the queried trainings. radars is our reading; random_pruning its null "
        "model.",
    )
    return Sheet.of("At equal seconds", headings, rows, ruled_above=ruled, notes=notes)


def memory_sheet(frame: pd.DataFrame) -> Sheet:
    """Bytes of a step by the number of operations on each edge.

    Args:
        frame: from `harness.studies.searches.radars.memory.memory_frame`.
    """
    begins, ruled = groups(frame["space"])
    rows = []
    for first, row in zip(begins, frame.to_dict("records"), strict=True):
        size = f"{row['space']}, C = {row['width']}, depth {row['depth']}, batch {row['batch_size']}" if first else ""
        rows.append(
            [size, f"{row['operations']} of {row['of']}", number(float(row["step_mb"]), 1), percentage(row["share"])]
        )
    notes = (
        "The operations that are the most expensive alone, on every edge: what a pass saves for its backward pass, and "
        "three times the weights, in 10⁶ bytes.",
    )
    headings: list[Heading | str] = [Heading("supernet", "left"), "operations", "MB of a step", "of the whole"]
    return Sheet.of("Memory of a step", headings, rows, ruled_above=ruled, notes=notes)


def arms_sheet(frame: pd.DataFrame, columns: Sequence[str]) -> Sheet:
    """Accuracies of the cells that searches by gradients chose, and of a random cell.

    Args:
        frame: from `harness.studies.searches.radars.searched.arms_frame`.
        columns: the test accuracies.
    """
    rows = [
        [
            str(row["supernet"]), str(row["method"]), number(float(row["runs"]), 0),
            *(spread_in(row, name, 1) for name in columns), number(float(row.get("skip_connections", math.nan)), 1),
            number(float(row.get("cpu_seconds", math.nan)), 0),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [Heading("supernet", "left"), Heading("search", "left"), "seeds"]
    headings += [*map(dataset_title, columns), "skips", "CPU s"]
    notes = (
        "Mean ± standard deviation over seeds; the last row is of all cells. A table supernet trains no weights: its "
        "rows are no searches.",
    )
    return Sheet.of("Searches by gradients", headings, rows, ruled_above=(len(rows) - 1,), notes=notes)
