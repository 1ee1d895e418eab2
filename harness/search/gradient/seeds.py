"""The searches of one method under several seeds, as one result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.text.presented import Drawn

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from typing_extensions import Unpack

    from harness.search.gradient.result import CurvesKeywords

TIMES = ("seconds", "cpu_seconds")
SEED = "seed"
"""Column of the seed of a search."""


@dataclass(frozen=True)
class SearchSeeds(Drawn):
    """Searches of one method in one setting under several seeds.

    Attributes:
        method: name of the search.
        log: logs of the searches that ended (`harness.search.SearchResult.log`), one below the other, with `seed`; and,
            where a table was given, the tabulated values of each epoch's choice as columns `…_for_the_record`, which no
            search has seen.
        failed: why a search failed, by its seed.
        members: texts of the drawn ensemble (NESBS), by the seed of the search; empty for searches of one architecture.
    """

    method: str
    log: pd.DataFrame
    failed: Mapping[int, str] = field(default_factory=dict)
    members: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each search that ended: the last row of its log, with the seconds and CPU seconds of all epochs."""
        of_seed = self.log.groupby(SEED, sort=False)
        last = of_seed.tail(1).drop(columns="epoch").set_index(SEED)
        times = [name for name in TIMES if name in self.log.columns]
        found = last.assign(**{name: of_seed[name].sum(min_count=1) for name in times}).reset_index()
        found.attrs = dict(self.log.attrs)
        return found

    def plot(self, **options: Unpack[CurvesKeywords]) -> Figure:
        """Mean and band of the curves over the seeds; pyplot does not know of it, and a notebook shows it.

        Args:
            **options: options of `harness.report.figures.search_curves.search_curves`.
        """
        return self._figure(**options)
