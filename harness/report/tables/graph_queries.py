"""The table of searches that query NAS-Bench-Graph."""

from __future__ import annotations

import pandas as pd

from harness.report.cells import spread_in
from harness.report.tables.sheet import Heading, Sheet, groups

_WORDS = {
    "test_pct": "test accuracy (%)",
    "valid_regret": "validation regret (points)",
    "test_regret": "test regret (points)",
}


def queries_sheet(frame: pd.DataFrame, quantity: str, asked: str) -> Sheet:
    """A quantity of what the searches found: a row for each data set and search, a column for each number of queries.

    Args:
        frame: from `harness.studies.searches.graph_queries.runs.summary_frame`.
        quantity: `test_pct`, `valid_regret` or `test_regret`.
        asked: the split whose accuracy was queried, `valid` or `test`.
    """
    part = frame[frame["asked"] == asked]
    budgets = sorted(set(part["queries"]))
    names: list[str] = []
    rows: list[list[str]] = []
    for (dataset, search), group in part.groupby(["dataset", "search"], sort=False):
        by_budget = group.set_index("queries").to_dict("index")
        names.append(str(dataset))
        rows.append([str(search), *(spread_in(by_budget[budget], quantity, 2) for budget in budgets)])
    begins, ruled = groups(pd.Series(names))
    cells = [[name if first else "", *row] for first, name, row in zip(begins, names, rows, strict=True)]
    by = "validation" if asked == "valid" else "test"
    headings: list[Heading | str] = [Heading("data set", "left"), Heading("search", "left")]
    headings += [f"{budget:,} queries" for budget in budgets]
    runs = int(part["runs"].max())
    notes = (
        f"Mean ± standard deviation over {runs:,} runs, of the architecture of the best queried {by} accuracy. Regret: "
        "points below the best of the table's split.",
    )
    return Sheet.of(
        f"{_WORDS[quantity].capitalize()}, chosen by {by} accuracy", headings, cells, ruled_above=ruled, notes=notes
    )
