"""The tables of the study of proxies on restoring networks."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.evaluation.matrix import Matrix
from harness.report.cells import estimate, number
from harness.report.tables.sheet import PROXY, Heading, Sheet, groups

SPEARMAN = "Spearman's ρ"


def psnr_matrix(frame: pd.DataFrame, last: Sequence[str]) -> Matrix:
    """Spearman's coefficients with PSNR: a row a proxy, the highest mean first, and a column for each set of images.

    Args:
        frame: `table`, `column`, `proxy` and `spearman`.
        last: names of the rows that stand below the proxies.
    """
    named = frame.assign(name=frame["table"] + ", " + frame["column"].str.removesuffix("_psnr_db"))
    wide = named.pivot(index="proxy", columns="name", values="spearman")[list(dict.fromkeys(named["name"]))]
    below = [name for name in last if name in wide.index]
    order = wide.drop(index=below).mean(axis=1).sort_values(ascending=False, kind="stable").index
    return Matrix(wide.loc[[*order, *below]], f"{SPEARMAN} with PSNR", -1, 1, 2)


def proxies_sheet(frame: pd.DataFrame, words: str, notes: Sequence[str] = ()) -> Sheet:
    """Coefficients with PSNR on one set of images, the highest first.

    Args:
        frame: `proxy`, `n`, `spearman` and `kendall_tau_b` with their intervals, and `against_params`.
        words: what the networks are ranked by.
        notes: sentences below the table.
    """
    rows = [
        [
            str(row["proxy"]), f"{row['n']:,}",
            *(
                estimate(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]))
                for name in ("spearman", "kendall_tau_b")
            ),
            str(row["against_params"]),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    headings: list[Heading | str] = [PROXY, "n", SPEARMAN, "Kendall's τ-b", Heading("beside params", "left")]
    return Sheet.of(f"Rank correlation with {words}", headings, rows, notes=tuple(notes))


def refused_sheet(frame: pd.DataFrame) -> Sheet:
    """Proxies that are not ranked, and why.

    Args:
        frame: `table`, `proxy`, `without` (share of the networks without a score) and `why`.
    """
    begins, ruled = groups(frame["table"])
    rows = [
        [str(row["table"]) if first else "", str(row["proxy"]), number(100 * float(row["without"]), 0), str(row["why"])]
        for first, row in zip(begins, frame.to_dict("records"), strict=True)
    ]
    headings: list[Heading | str] = [Heading("table", "left"), PROXY, "% without", Heading("why", "left")]
    return Sheet.of("Proxies that are not ranked", headings, rows, ruled_above=ruled)
