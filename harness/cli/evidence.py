"""What `nasinit correlate` adds to a ranking where it is asked to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.cli.joined import Joined

if TYPE_CHECKING:
    import pandas as pd

    from harness.report.tables.sheet import Sheet


@dataclass(frozen=True)
class Asked:
    """What was asked for beside the ranking, and how it is resampled."""

    against: str | None
    beyond_size: bool
    top: bool
    ceiling: bool
    resamples: int
    seed: int


@dataclass(frozen=True)
class Evidence:
    """One kind of evidence: its frame for a CSV file, its sheets, and sentences below them."""

    frame: pd.DataFrame
    sheets: tuple[Sheet, ...]
    words: tuple[str, ...] = ()


def gathered(joined: Joined, asked: Asked) -> dict[str, Evidence]:
    """The evidence that was asked for, by the name that goes into its files' names."""
    makers: Mapping[str, tuple[object, Callable[[Joined, Asked], Evidence]]] = {
        "against": (asked.against, _against),
        "beyond_size": (asked.beyond_size, _beyond_size),
        "top": (asked.top, _top),
        "ceiling": (asked.ceiling, _ceiling),
    }
    return {name: make(joined, asked) for name, (wanted, make) in makers.items() if wanted}


def _against(joined: Joined, asked: Asked) -> Evidence:
    from harness.evaluation.comparison import compare
    from harness.report.tables.evidence import comparison_sheet

    found = compare(joined.ranking, asked.against or "", resamples=asked.resamples, seed=asked.seed)
    return Evidence(found.frame, (comparison_sheet(found, joined.ranking),), found.words)


def _beyond_size(joined: Joined, asked: Asked) -> Evidence:
    from harness.evaluation.beyond_size import beyond_size
    from harness.report.tables.evidence import beyond_size_sheet

    ranking = joined.ranking
    frame = beyond_size(ranking, resamples=asked.resamples, seed=asked.seed)
    return Evidence(frame, (beyond_size_sheet(frame, ranking),))


def _top(joined: Joined, asked: Asked) -> Evidence:
    from harness.evaluation.top import top
    from harness.report.tables.evidence import top_sheets

    ranking = joined.ranking
    frame = top(ranking)
    return Evidence(frame, tuple(top_sheets(frame, ranking)))


def _ceiling(joined: Joined, asked: Asked) -> Evidence:
    from harness.evaluation.ceiling import ceiling, tables_with_trainings
    from harness.report.tables.evidence import ceiling_sheet

    ranking = joined.ranking
    found = ceiling(ranking, tables_with_trainings(ranking, joined.table))
    return Evidence(found.frame, (ceiling_sheet(found, ranking),))
