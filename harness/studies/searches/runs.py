"""Records of a study's searches by gradients, and of their outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from harness.evaluation.columns import SPACE
from harness.search.gradient.setting import CHECKPOINT_MINUTES

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from harness.search.gradient.setting import SearchSetting


class Run(NamedTuple):
    """One search by gradients.

    Attributes:
        method: name of the search, as `nasinit list searches` prints it.
        setting: setting of the search.
        data: data, as `harness.search.run_search` takes them.
        seed: seed of all random numbers.
        space: name of the space that is searched.
        own_folder: name of the search's folder; empty for one in a folder of its method.
    """

    method: str
    setting: SearchSetting
    data: str
    seed: int
    space: str = SPACE
    own_folder: str = ""

    @property
    def folder(self) -> str:
        """Folder of the search's checkpoint and log, below the folder of all searches."""
        return self.own_folder or f"{self.method}/seed_{self.seed}"

    @property
    def title(self) -> str:
        """Name of the search in messages."""
        return f"{self.method}, seed {self.seed}"


class Running(NamedTuple):
    """How searches run, on which their results do not depend but for rounding.

    Attributes:
        device: device of the supernets.
        autocast: whether passes run in bfloat16 where torch considers it safe.
        checkpoint_minutes: minutes between two checkpoints inside an epoch.
        threads: threads of each search.
    """

    device: str = "cpu"
    autocast: bool = False
    checkpoint_minutes: float = CHECKPOINT_MINUTES
    threads: int = 1


class Outcome(NamedTuple):
    """Outcome of a finished search: its log, its memory and the remark on it (`harness.search.SearchResult`)."""

    log: pd.DataFrame
    memory: Mapping[str, Tensor]
    remark: str = ""


class Failure(NamedTuple):
    """Reason why a search failed, and whether it diverged."""

    reason: str
    diverged: bool = False

    @property
    def brief(self) -> str:
        """The first clause of the reason, for a row of a table."""
        return self.reason.partition("\n")[0].partition(";")[0]


class Outcomes(NamedTuple):
    """Outcomes of all searches: those that finished, and those that failed, in the order of the requested runs."""

    ended: dict[Run, Outcome]
    failed: dict[Run, Failure]
