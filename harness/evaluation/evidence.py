"""Evidence: further results on a ranking (comparison, sizes, top, ceiling), gathered in one record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks import Table
from harness.errors import ScoresError
from harness.evaluation.beyond_size import BeyondSize, beyond_size
from harness.evaluation.ceiling import Ceiling, ceiling, tables_with_trainings
from harness.evaluation.comparison import Comparison, compare
from harness.evaluation.known.against import AgainstKnown, against_known
from harness.evaluation.ranking import Ranking
from harness.evaluation.top import Top, top
from harness.text.presented import Presented

if TYPE_CHECKING:
    import pandas as pd


LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvidenceOptions:
    """Which evidence to gather on a ranking, and how to resample.

    Attributes:
        against: name of the proxy that all others are compared with; None for no comparison.
        beyond_size: whether to hold parameters and multiply-adds fixed.
        top: whether to evaluate the highest scores.
        ceiling: whether to compute the noise ceiling: how well one training ranks another.
        known: whether to compare the proxies with all known ones, whose scores come with the package.
        resamples: bootstrap resamples of the architectures.
        confidence: confidence level of the intervals, 0 to 1.
        seed: seed of the resampling.
        if_possible: whether evidence that the scores or tables do not allow is left out, with the reason, and no error.
    """

    against: str | None = None
    beyond_size: bool = False
    top: bool = False
    ceiling: bool = False
    known: bool = False
    resamples: int = 1000
    confidence: float = 0.95
    seed: int = 0
    if_possible: bool = False


@dataclass(frozen=True)
class Evidence(Presented):
    """A ranking and the evidence on it; None for evidence that was not requested, or is not possible.

    Attributes:
        ranking: the ranking of the proxies by a column.
        comparison: paired comparison of the proxies, corrected for all pairs.
        beyond_size: partial rank correlations, with the sizes held fixed.
        top: the value of the highest scores.
        ceiling: the noise ceiling: how well one training ranks another.
        known: the proxies against all known ones.
        left_out: reason why requested evidence is missing, by the name of its attribute.
    """

    ranking: Ranking
    comparison: Comparison | None = None
    beyond_size: BeyondSize | None = None
    top: Top | None = None
    ceiling: Ceiling | None = None
    known: AgainstKnown | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def frame(self) -> pd.DataFrame:
        """That of the ranking: a row for each proxy."""
        return self.ranking.frame


def gather_evidence(ranking: Ranking, table: Table, requested: EvidenceOptions, *, progress: bool = False) -> Evidence:
    """Gather the requested evidence on one ranking in one record.

    Args:
        ranking: from `harness.correlate`.
        table: the table of the ranking. Where it has no columns of single trainings, the ceiling also takes the other
            available tables with the column.
        requested: which evidence to gather, and how to resample.
        progress: whether to draw progress bars on standard error.

    Raises:
        ScoresError: an unknown proxy; and, unless `if_possible`, too few scores in common, or fewer than two trainings.
        TableError: a table that was listed and cannot be opened.
    """
    resampling: dict[str, Any] = {
        "resamples": requested.resamples,
        "confidence": requested.confidence,
        "seed": requested.seed,
        "progress": progress,
    }
    against = requested.against
    makers: dict[str, tuple[bool, Callable[[], Any]]] = {  # the ceiling first: what it refuses is said at once
        "ceiling": (requested.ceiling, lambda: ceiling(ranking, tables_with_trainings(ranking, table))),
        "comparison": (against is not None, lambda: compare(ranking, against or "", **resampling)),
        "beyond_size": (requested.beyond_size, lambda: beyond_size(ranking, **resampling)),
        "top": (requested.top, lambda: top(ranking, progress=progress)),
        "known": (requested.known, lambda: against_known(ranking, confidence=requested.confidence)),
    }
    found: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name, (wanted, make) in makers.items():
        if not wanted:
            continue
        try:
            found[name] = make()
        except ScoresError as error:
            if not requested.if_possible:
                raise
            left_out[name] = str(error)
            LOG.debug("%s is left out: %s", name, error)
    return Evidence(ranking, **found, left_out=left_out)
