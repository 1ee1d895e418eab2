"""Our rank correlations next to published ones, as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.text.presented import Drawn, Presented

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class BesidePublished(Drawn):
    """Our rank correlations under some conditions, next to published ones.

    Attributes:
        frame: a row for each coefficient: `condition`, `proxy`, `column`, `coefficient`, `n`, `ours`, `low`, `high`
            (the 95 % interval), `published` (NaN where none is known), `difference` (ours less published), `inside`
            (whether the published value lies in our interval; None if there is none), `source`.
        words: what each condition is called, by its name, in the order of tables and legends.
        reference: what legends call the published coefficients, such as where no paper prints them.
    """

    frame: pd.DataFrame
    words: Mapping[str, str]
    reference: str = "published"

    def plot(self) -> Figure:
        """Our coefficients and the published ones; pyplot does not know of it, and a notebook shows it."""
        return self._figure()

    def under(self, condition: str) -> pd.DataFrame:
        """The rows of one condition, by its name."""
        return self.frame[self.frame["condition"] == condition]


@dataclass(frozen=True)
class ConditionsAgreement(Presented):
    """Agreement of each proxy's scores under two conditions, next to the claims of papers.

    Attributes:
        frame: a row for each proxy and pair of conditions: `proxy`, `first`, `second`, `n`, `pearson` and `spearman`
            with their 95 % intervals, `…_low` and `…_high`, `pearson_of_the_rest` without the twentieth of the cells
            that score highest under `first` (NaN if the rest is constant), since a few huge values can decide Pearson's
            coefficient; for a claim, its words as `published`, the `verdict` by our coefficient and interval, and
            `source`; these are empty where nothing is claimed.
        words: what each condition is called, by its name.
    """

    frame: pd.DataFrame
    words: Mapping[str, str]
