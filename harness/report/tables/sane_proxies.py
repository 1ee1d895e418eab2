"""The tables of the study of proxies and supernets on SANE's genotypes."""

from __future__ import annotations

import pandas as pd

from harness.report.cells import estimate
from harness.report.tables.sheet import Heading, Sheet, groups

_SPEARMAN = "Spearman's ρ"


def supernets_sheet(frame: pd.DataFrame) -> Sheet:
    """How two supernets rank the same genotypes.

    Args:
        frame: from `harness.studies.sane_proxies.results.between_supernets`, of all graphs.
    """
    begins, ruled = groups(frame["graph"])
    rows = [
        [
            str(row["graph"]) if first else "", str(row["kind"]), f"{row['first']}, {row['second']}", f"{row['n']:,}",
            *(
                estimate(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]))
                for name in ("spearman", "kendall_tau_b")
            ),
        ]
        for first, row in zip(begins, frame.to_dict("records"), strict=True)
    ]  # fmt: skip
    headings: list[Heading | str] = [
        Heading("graph", "left"), Heading("score", "left"), Heading("seeds", "left"), "n", _SPEARMAN, "Kendall's τ-b",
    ]  # fmt: skip
    return Sheet.of("Agreement of the supernets", headings, rows, ruled_above=ruled)
