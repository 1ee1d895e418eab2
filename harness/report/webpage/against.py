"""What the page says of proxies against one of them: cells of the ranking table, and sentences below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Against:
    """Every proxy against one of them, as `harness.evaluation.comparison.compare` finds it.

    Args:
        name: of the proxy that the others are compared with.
        frame: a row a proxy that was compared: `proxy`, `difference` (positive: the proxy is the better one),
            `difference_low`, `difference_high`, and `verdict`: `better`, `worse` or `not distinguishable`, empty in the
            row of `name`.
        words: the verdicts in sentences.
        notes: how it was tested and what is left out, in sentences.
    """

    name: str
    frame: pd.DataFrame
    words: Sequence[str]
    notes: Sequence[str]
