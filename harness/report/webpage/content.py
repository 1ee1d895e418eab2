"""What a page shows, and what a section of it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from harness.evaluation.ceiling import Ceiling
from harness.evaluation.comparison import Comparison
from harness.evaluation.known.against import AgainstKnown
from harness.evaluation.missing import MissingScores
from harness.evaluation.ranking import Ranking
from harness.report.frames import baselines_last
from harness.scoring.store import RunRecord


@dataclass(frozen=True)
class Section:
    """One section.

    Attributes:
        name: of its template, `templates/NAME.html`, and its address in the page, `#NAME`.
        title: heading, and entry of the page's contents.
        values: what the template reads.
        data: what the scripts read, under `page.NAME`.
    """

    name: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Content:
    """A ranking and what stands behind it.

    Attributes:
        ranking: that the page is about.
        others: rankings of the same scores by other columns.
        comparison: every proxy against one of them, or a sentence on why they are not compared; None says nothing.
        ceiling: one training against another; None where it is not known.
        known: the proxies against all known ones; None says nothing.
        missing: scores that were asked for and are none; None where that is not known.
        settings: name of another setting to the scores of the same architectures in it, as `harness.run` returns them.
        run: how the scores were made; None where that is not known.
        facts: by heading, terms and texts that are added to how it was all made.
    """

    ranking: Ranking
    others: Sequence[Ranking] = ()
    comparison: Comparison | str | None = None
    ceiling: Ceiling | None = None
    known: AgainstKnown | None = None
    missing: MissingScores | None = None
    settings: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    run: RunRecord | None = None
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The ranking's frame from the best Spearman coefficient down; baselines last, before them what has none."""
        frame = self.ranking.frame
        strength = frame["spearman"] * self.ranking.sign
        best_first = frame.loc[strength.sort_values(ascending=False, kind="stable").index]
        return baselines_last(best_first).reset_index(drop=True)

    @cached_property
    def proxies(self) -> list[str]:
        """Their names in the order of the frame."""
        return list(self.frame["proxy"])

    @cached_property
    def architectures(self) -> pd.DataFrame:
        """A row an architecture: `accuracy`, `parameters`, by its key."""
        points = self.ranking.points.drop_duplicates("architecture")
        return points.set_index("architecture")[["accuracy", "parameters"]]

    @cached_property
    def scores(self) -> pd.DataFrame:
        """A row an architecture, a column a proxy in the order of the frame; NaN where there is no score."""
        wide = self.ranking.points.pivot(index="architecture", columns="proxy", values="score")
        return wide.reindex(index=self.architectures.index, columns=self.proxies)
