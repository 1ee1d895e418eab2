"""The page as a file, from results."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pandas as pd

from harness.errors import ScoresError
from harness.evaluation.comparison import Comparison, compare
from harness.evaluation.evidence import Evidence
from harness.evaluation.missing import missing_scores
from harness.evaluation.ranking import Ranking, check_ranking
from harness.report.files import write_text
from harness.report.suffixes import PAGES, check_suffix
from harness.report.webpage.content import Content
from harness.report.webpage.rendering import page
from harness.scoring.store import RunRecord

_AGAINST = "params"


def report_page(
    ranking: Ranking | Sequence[Ranking],
    path: str | os.PathLike[str] = "report.html",
    *,
    title: str | None = None,
    evidence: Evidence | None = None,
    scores: pd.DataFrame | None = None,
    settings: Mapping[str, pd.DataFrame] | None = None,
    run: RunRecord | None = None,
    facts: Mapping[str, Mapping[str, str]] | None = None,
    progress: bool = False,
) -> Path:
    """Write one HTML page of a ranking, which needs nothing but itself.

    It holds the ranking, a plot to look into with every architecture drawn, the best of the first k, the proxies
    against each other and against themselves in other settings, what failed, and how it was all made.

    Args:
        ranking: from `harness.correlate`; of several, by other columns of the same scores, the first is shown in full
            and all are put next to each other.
        path: of the file, `.html` or `.htm`; missing parent folders are made.
        title: of the page; by default what was ranked by.
        evidence: from `harness.evaluation.evidence.gather_evidence`, of which the page shows the comparison of the
            proxies with one of them, and with the known ones, and the ceiling; by default they are compared with
            `params` here.
        scores: the scores that were ranked, as `harness.run` returns them, by which the page says what failed.
        settings: name of another setting to the scores of the same architectures in it, with which each proxy's are
            compared.
        run: how the scores were made, from `harness.Store.runs`.
        facts: by heading, terms and texts that are added to how it was all made.
        progress: whether to draw a progress bar on standard error, where the proxies are compared here.

    Returns:
        The path written to.

    Raises:
        ScoresError: no ranking, and what `harness.evaluation.matching.matched_scores` refuses.
        HarnessError: another suffix, or a path that cannot be written.
    """
    target = check_suffix(Path(path), "a page", PAGES)
    rankings: list[Ranking] = list(ranking) if isinstance(ranking, (list, tuple)) else [cast(Ranking, ranking)]
    for each in rankings:
        check_ranking(each)
    if not rankings:
        raise ScoresError("there is no ranking to show")
    first, *others = rankings
    content = Content(
        first,
        others=others,
        comparison=_compared(first, progress) if evidence is None else _shown(evidence),
        ceiling=None if evidence is None else evidence.ceiling,
        known=None if evidence is None else evidence.known,
        missing=None if scores is None else missing_scores(scores, first),
        settings=settings or {},
        run=run,
        facts=facts or {},
    )
    return write_text(page(content, title=title or f"Training-free proxies against {first.label}"), target)


def _compared(ranking: Ranking, progress: bool) -> Comparison | str:
    """Every proxy against params, or a sentence on why they are not compared."""
    try:
        return compare(ranking, _AGAINST, progress=progress)
    except ScoresError as error:
        return _refused(str(error))


def _shown(evidence: Evidence) -> Comparison | str | None:
    """The comparison, or a sentence on why it was left out; None if it was not asked for."""
    reason = evidence.left_out.get("comparison")
    return evidence.comparison if reason is None else _refused(reason)


def _refused(reason: str) -> str:
    return f"No proxy is compared with another: {reason}."
