"""The result of a gradient-based search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from harness.text.presented import Drawn

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from torch import Tensor
    from typing_extensions import Unpack

    from harness.spaces.space import Architecture


class CurvesKeywords(TypedDict, total=False):
    """Options of a search's figure, for type checkers."""

    record_label: str


@dataclass(frozen=True)
class SearchResult(Drawn):
    """The result of a search.

    Attributes:
        architecture: the chosen architecture.
        log: one row per epoch: epoch (from 1), training_loss and validation_loss (nats for classifiers, else the
            problem's own loss; the latter NaN where a method trains no weights),
            entropy_nats (of the operation weights, mean over edges), skip_connections and text of
            the architecture that would be chosen after this epoch, seconds, cpu_seconds (of the process) and
            operation_weights (those the choice is made by, as JSON: by group, a list for each edge); for a search of a
            policy also policy (the probability of each sub-policy, as JSON), on a graph validation_accuracy_pct (of the
            supernet).
        weights: the final operation weights by group, [E, O].
        resumed_from: number of epochs that a checkpoint already had.
        resumed_steps: number of steps of the following epoch that it had too.
        memory: tensors that the method has kept from step to step (`harness.search.gradient.nasi.trace_step`).
        remark: a warning of the method on this search, which is logged too; empty where there is none.
        costs: costs of the operations by epoch (`harness.search.gradient.costs.COLUMNS`); None if none were recorded.
        policy: the probability of each sub-policy of augmentations by its name; None for a search of none.
        members: the drawn ensemble, which may hold an architecture several times; empty for searches of one (NESBS).
    """

    architecture: Architecture
    log: pd.DataFrame
    weights: dict[str, Tensor]
    resumed_from: int = 0
    resumed_steps: int = 0
    memory: Mapping[str, Tensor] = field(default_factory=dict)
    remark: str = ""
    costs: pd.DataFrame | None = None
    policy: Mapping[str, float] | None = None
    members: tuple[Architecture, ...] = ()

    @property
    def frame(self) -> pd.DataFrame:
        """The log: a row for each epoch."""
        return self.log

    def plot(self, **options: Unpack[CurvesKeywords]) -> Figure:
        """Curves of the search over its epochs; pyplot does not know of it, and a notebook shows it.

        Args:
            **options: options of `harness.report.figures.search_curves.search_curves`.
        """
        return self._figure(**options)
