"""Scores of the training-free proxies of nasinit on cells of NAS-Bench-201: a table that comes with the package.

They are no published numbers and no accuracies: every column has the unit `score`, by which nothing is ranked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks.formats.proxy_scores import ProxyScores, describe_proxy_scores, read_proxy_scores
from benchmarks.table import SCORE, Column, Facts

NAME: Final = "nasbench201-proxies"
FILE: Final = Path(__file__).parent.parent / "packaged" / "nasbench201_proxies.parquet"
"""The file in the package."""


FACTS = Facts(
    name=NAME,
    space="nasbench201",
    title="NAS-Bench-201, scores of the training-free proxies of nasinit under one setting",
    source="computed by nasinit; `nasinit list proxies` names the paper of each proxy",
    licence="MIT (nasinit)",
    path=None,
    sha256=None,
    rows=None,
    note="",
    splits="none: no network was trained",
    epochs="0",
    seeds="",
)
"""What is known of the table without its file; the file has the rest."""


def score_column(proxy: str) -> str:
    """Name of a proxy's column."""
    return f"{proxy}_{SCORE}"


def proxy_of(column: str) -> str:
    """Name of a column's proxy."""
    return column.removesuffix(f"_{SCORE}")


def packaged_scores(path: Path | None = None) -> ProxyScores:
    """The scores of the package, or of another file of the same kind.

    Raises:
        TableError: a file that is missing or damaged.

    """
    return read_proxy_scores(FILE if path is None else path)


def packaged_columns_and_facts() -> tuple[tuple[Column, ...], Facts]:
    """Columns and facts of the package's table, without reading its numbers.

    Raises:
        TableError: a file that is missing or damaged.

    """
    columns, facts = describe_proxy_scores(FILE)
    return tuple(columns), facts
