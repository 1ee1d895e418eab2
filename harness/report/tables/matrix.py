"""Several rankings of the same scores next to each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from harness.evaluation.matrix import Matrix
from harness.evaluation.ranking import Ranking
from harness.report.cells import number
from harness.report.frames import baselines_last, baselines_start
from harness.report.tables.sheet import PROXY, Heading, Sheet, named

_HEADING_WIDTH = 14


def coefficients_by_column(rankings: Sequence[Ranking]) -> pd.DataFrame:
    """Spearman's coefficients: a row a proxy (by name), baselines last, a column for what each ranking is by.

    NaN stands for what is undefined, and for a proxy that a ranking does not have.
    """
    names = baselines_last(pd.concat([ranking.frame[["proxy"]] for ranking in rankings]).drop_duplicates())["proxy"]
    columns = {ranking.column: ranking.frame.set_index("proxy")["spearman"].reindex(names) for ranking in rankings}
    return pd.DataFrame(columns, index=pd.Index(names))


def matrix_sheet(rankings: Sequence[Ranking]) -> Sheet:
    """Spearman's coefficients, a row a proxy and a column for what each ranking is by."""
    frame = coefficients_by_column(rankings)
    return Sheet.of(
        "Spearman of every proxy with every column",
        (PROXY, *(named(_broken(column), column) for column in frame.columns)),
        ((str(row[0]), *(number(value, 2) for value in row[1:])) for row in frame.itertuples()),
        ruled_above=baselines_start(frame.reset_index()),
        in_blocks=True,
    )


def numbers_sheet(matrix: Matrix) -> Sheet:
    """Numbers of one kind, as they are laid out in their frame; an en dash where there is none."""
    frame = matrix.frame
    index = "" if frame.index.name is None else str(frame.index.name)
    return Sheet.of(
        f"{matrix.label[:1].upper()}{matrix.label[1:]}",
        (
            Heading(index, "left"),
            *(named(_broken(str(name)), str(name)) for name in frame.columns),
        ),
        ((str(row[0]), *(number(float(value), matrix.decimals) for value in row[1:])) for row in frame.itertuples()),
        in_blocks=True,
    )


def _broken(column: str) -> str:
    r"""A column's name in lines of some 14 characters, broken after underscores.

    >>> _broken("hwnas_cifar10_edgegpu_latency_ms").split("\n")
    ['hwnas_cifar10_', 'edgegpu_', 'latency_ms']
    """
    lines = [""]
    for part in re.findall("[^_]+_*|_+", column):
        if lines[-1] and len(lines[-1] + part) > _HEADING_WIDTH:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
