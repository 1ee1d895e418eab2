"""A search of a study, and what came of it: records alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from harness.evaluation.columns import SPACE

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from harness.search.gradient.setting import SearchSetting


class Run(NamedTuple):
    """One search.

    Attributes:
        method: as `nasinit list searches` names it.
        setting: of the search.
        data: as `harness.search.run_search` takes it.
        seed: of everything that is drawn.
        space: it searches.
    """

    method: str
    setting: SearchSetting
    data: str
    seed: int
    space: str = SPACE

    @property
    def folder(self) -> str:
        """Where its checkpoint and log lie, below the folder of all searches."""
        return f"{self.method}/seed_{self.seed}"

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"{self.method}, seed {self.seed}"


class Outcome(NamedTuple):
    """What a search leaves: its log, and what its method kept (`harness.search.SearchResult.memory`)."""

    log: pd.DataFrame
    memory: Mapping[str, Tensor]


class Failure(NamedTuple):
    """Why a search did not come to its end, and whether it diverged."""

    reason: str
    diverged: bool = False

    @property
    def brief(self) -> str:
        """The first clause of the reason, for a row of a table."""
        return self.reason.partition("\n")[0].partition(";")[0]


class Outcomes(NamedTuple):
    """What came of all searches: those that ended, and those that failed, in the order in which they were asked for."""

    ended: dict[Run, Outcome]
    failed: dict[Run, Failure]
