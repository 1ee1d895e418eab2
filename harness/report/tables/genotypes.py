"""Tables of the study darts-genotypes: genotypes with their published errors, and the percentiles of their scores."""

from __future__ import annotations

import pandas as pd

from harness.report.cells import number, plus_minus
from harness.report.tables.sheet import PROXY, Cell, Heading, Sheet, named


def genotypes_sheet(table: pd.DataFrame) -> Sheet:
    """A row for each genotype: its size, its skip connections and its published error.

    Args:
        table: from `harness.studies.darts_genotypes.table_of`.
    """
    rows: list[list[Cell | str]] = []
    for row in table.to_dict("records"):
        error, deviation = (float(row[f"published_error{end}_pct"]) for end in ("", "_std"))
        printed = Cell(number(error, 2), rest="" if error != error else plus_minus(deviation, 2))
        rows.append([str(row["genotype"]), number(float(row["params_m"]), 2), f"{row['skip_connections']}", printed])
    headings = ("params (M), C = 36, 20 cells", "skip connections", "published CIFAR-10 error (%)")
    return Sheet.of("", [Heading("genotype", "left"), *map(Heading, headings)], rows)


def percentiles_sheet(places: pd.DataFrame, among: str) -> Sheet:
    """A row for each proxy, a column for each genotype: the percentile of its score.

    Args:
        places: from `harness.studies.darts_genotypes.percentiles`.
        among: the genotypes that it is a percentile of, in words.
    """
    rows = [(str(name), *(number(float(value), 0) for value in places[name])) for name in places.columns]
    headings = [PROXY, *(named(str(genotype)) for genotype in places.index)]
    return Sheet.of(f"Percentile of each score among {among}, ties by half", headings, rows)
