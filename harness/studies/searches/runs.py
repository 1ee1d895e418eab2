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


PRESET = "laptop"
"""The preset of a study's searches, where its row names no other."""
QUICK = "quick"
"""In place of a preset's name, for the searches of a study in small."""


class Run(NamedTuple):
    """One search by gradients.

    Attributes:
        method: name of the search, as `nasinit list searches` prints it.
        setting: setting of the search.
        data: data, as `harness.search.run_search` takes them.
        seed: seed of all random numbers.
        space: name of the space that is searched.
        own_folder: name of the search's folder; empty for one in a folder of its method.
        preset: name of the preset that the setting is of, in a study.
        record_costs: the costs of operations are recorded at every so many steps; 0 for none.
    """

    method: str
    setting: SearchSetting
    data: str
    seed: int
    space: str = SPACE
    own_folder: str = ""
    preset: str = PRESET
    record_costs: int = 0

    @property
    def folder(self) -> str:
        """Folder of the search's checkpoint and log, below the folder of all searches."""
        return self.own_folder or f"{self._place}{self.method}/seed_{self.seed}"

    @property
    def name(self) -> str:
        """Name of the searches that differ in their seed alone, in a study."""
        return name_of(self.method, self.preset)

    @property
    def _place(self) -> str:
        return "" if self.preset == PRESET else f"{self.preset}/"

    @property
    def title(self) -> str:
        """Name of the search in messages."""
        return f"{self.name}, seed {self.seed}"


def name_of(method: str, preset: str) -> str:
    """Name of a study's searches of one method and preset."""
    return method if preset in (PRESET, QUICK) else f"{method}, {preset}"


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
    """Outcome of a finished search: log, memory, remark and costs, as in `harness.search.SearchResult`."""

    log: pd.DataFrame
    memory: Mapping[str, Tensor]
    remark: str = ""
    costs: pd.DataFrame | None = None


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
