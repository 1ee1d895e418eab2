"""Proxies by columns: one coefficient each, side by side, for a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from harness.report.cells import number
from harness.report.frames import checked_ranking, is_baseline
from harness.report.tables.sheet import PROXY, Sheet, sheet_text, terminal_width

_HEADING_WIDTH = 14


def matrix_text(frames: Mapping[str, pd.DataFrame], title: str, width: int | None = None) -> str:
    """Spearman's coefficients, a row a proxy and a column a table's column.

    Args:
        frames: column to its ranking frame, see `harness.report.frames.checked_ranking`; in the order to be shown.
        title: printed above, literally.
        width: characters a line; by default the terminal's, or 100 where there is none.

    Returns:
        Lines without colour codes, the last one without a line break; an empty line between blocks of columns where
        they do not fit beside each other. A dash stands for what is undefined, and for a proxy without a row.

    Raises:
        ScoresError: what `checked_ranking` refuses.
    """
    width = terminal_width(width)
    rankings = {column: checked_ranking(frame).set_index("proxy", drop=False) for column, frame in frames.items()}
    every = pd.concat([ranking["proxy"] for ranking in rankings.values()]).drop_duplicates().to_frame()
    baseline = is_baseline(every)
    proxies = [*every.loc[~baseline, "proxy"], *every.loc[baseline, "proxy"]]
    ruled = (len(every) - int(baseline.sum()),) if 0 < baseline.sum() < len(every) else ()
    cells = {column: _cells(ranking, proxies) for column, ranking in rankings.items()}

    def block(columns: list[str]) -> str:
        rows = zip(proxies, *(cells[column] for column in columns), strict=True)
        return sheet_text(Sheet.of("", (PROXY, *map(_broken, columns)), rows, ruled_above=ruled))

    blocks, waiting = [title], list(rankings)
    while waiting:
        count = len(waiting)
        while count > 1 and max(map(len, block(waiting[:count]).split("\n"))) > width:
            count -= 1
        blocks.append(block(waiting[:count]))
        waiting = waiting[count:]
    return "\n\n".join(blocks)


def _cells(ranking: pd.DataFrame, proxies: list[str]) -> list[str]:
    coefficients = ranking["spearman"].reindex(proxies)
    return [number(value, 2) for value in coefficients]


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
