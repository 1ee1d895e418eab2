"""What a page is made of, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from harness.report.frames import checked_points, checked_ranking
from harness.report.webpage.against import Against

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Content:
    """One ranking and what surrounds it.

    Args:
        ranking_frame: see `harness.report.frames.checked_ranking`.
        points_frame: a row a proxy and architecture that has a score: `proxy`, `architecture` (its key), `score`,
            `accuracy` (the value that was ranked by), `parameters`.
        space: name of the architectures' space.
        column: what was ranked by.
        label: the same in words, with its unit.
        higher_is_better: its direction.
        measured: `accuracy`, or `value` for what is none.
        ceiling: Spearman of one training of the space with another, and which, in words; None where it is not known.
        against: every proxy against params, or why they are not compared, in a sentence.
        remarks: sentences on how to read the ranking.
        facts: by heading, terms and texts: the setting, the scores, the table, the command.
        failures: a row a proxy and architecture without a score: `proxy`, `architecture`, `status`, `message`.
        asked: proxy to how many scores of it were asked for; a share of failures is shown for these proxies.
        left_out: by reason, the architectures that are not in the ranking, or of which rows were dropped.
        settings: name to scores of the same architectures in another setting: `architecture` (key), `proxy`, `score`.

    Raises:
        ScoresError: what `checked_ranking` and `checked_points` refuse.
    """

    ranking_frame: pd.DataFrame
    points_frame: pd.DataFrame
    space: str
    column: str
    label: str
    higher_is_better: bool = True
    measured: str = "accuracy"
    ceiling: tuple[float, str] | None = None
    against: Against | str | None = None
    remarks: Sequence[str] = ()
    facts: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    failures: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["proxy", "architecture", "status", "message"])
    )
    asked: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    settings: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """The ranking, checked, from the best Spearman coefficient down; baselines last, before them what has none."""
        checked = checked_ranking(self.ranking_frame)
        strength = checked["spearman"] * (1 if self.higher_is_better else -1)
        return checked_ranking(checked.loc[strength.sort_values(ascending=False, kind="stable").index])

    @cached_property
    def points(self) -> pd.DataFrame:
        """The points, checked."""
        return checked_points(self.points_frame, self.ranking)

    @cached_property
    def architectures(self) -> pd.DataFrame:
        """A row an architecture: `accuracy`, `parameters`, by its key."""
        return self.points.drop_duplicates("architecture").set_index("architecture")[["accuracy", "parameters"]]

    @cached_property
    def scores(self) -> pd.DataFrame:
        """A row an architecture, a column a proxy in the order of the ranking; NaN where there is no score."""
        wide = self.points.pivot(index="architecture", columns="proxy", values="score")
        return wide.reindex(index=self.architectures.index, columns=self.ranking["proxy"])
