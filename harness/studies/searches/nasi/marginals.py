"""NASI's objective on discrete networks: the exact marginals that its relaxed search approximates to first order.

At α = 0 every cell is drawn with the same probability, and ∂E[R]/∂α of an operation on an edge is, up to a constant,
the mean of R over the cells that have it there (Shu et al. 2022, equation 14). Tabulated scores give these means
without any relaxation.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import pandas as pd
from scipy import stats

from harness.errors import ScoresError
from harness.evaluation.columns import SPACE
from harness.proxies.combined import wide
from harness.spaces import open_space
from harness.spaces.nasbench201.cell import EDGES, OPERATIONS, Cell
from harness.studies.searches.nasi.cells import Accuracies, short_name
from harness.studies.searches.nasi.readings import NONE, FloatArray, IntArray

PROXY = "nasi_trace"


class Objective(NamedTuple):
    """An objective of a cell's trace t: R = t − μ max(0, t − ν), or its logarithm.

    Attributes:
        label: name in the table.
        nu: ν; infinity for none.
        mu: μ.
        log: whether ln t is taken.
    """

    label: str
    nu: float = np.inf
    mu: float = 0.0
    log: bool = False

    def of(self, traces: FloatArray) -> FloatArray:
        """The objective of traces of any shape."""
        if self.log:
            return np.asarray(np.log(traces))
        return np.asarray(traces - self.mu * np.maximum(0.0, traces - self.nu) if np.isfinite(self.nu) else traces)


OBJECTIVES = (
    Objective("t"),
    Objective("R, ν 1,000, μ 1", 1000, 1),
    Objective("R, ν 100, μ 1", 100, 1),
    Objective("ln t", log=True),
    Objective("R, ν 100, μ 2", 100, 2),
)


def traces_of(frame: pd.DataFrame) -> tuple[IntArray, FloatArray]:
    """Cells [n, E], by the column of each edge's operation, and traces [n] of all cells with one in a frame of scores.

    Raises:
        ScoresError: no positive trace of a cell with some operation on some edge.
    """
    scores = wide(frame)
    if PROXY not in scores:
        raise ScoresError(f"--scores must hold scores by {PROXY}, of which the marginals are")
    found = scores[PROXY].dropna()
    found = found[found > 0]
    space = open_space(SPACE)
    parsed = (cast(Cell, space.parse(text)) for text in found.index)
    cells = np.array([[*map(OPERATIONS.index, cell.operations)] for cell in parsed], dtype=int).reshape(-1, len(EDGES))
    for edge in range(len(EDGES)):
        absent = [OPERATIONS[column] for column in range(len(OPERATIONS)) if not (cells[:, edge] == column).any()]
        if absent:
            raise ScoresError(f"--scores must have a trace of a cell with {absent[0]} on each edge")
    return cells, found.to_numpy(dtype=float)


def marginals_table(cells: IntArray, traces: FloatArray, accuracies: Accuracies) -> pd.DataFrame:
    """What the argmax of each objective's marginals chooses, and how the objective ranks the cells.

    Args:
        cells: column of the operation on each edge of each cell, [n, E].
        traces: trace of each cell, [n].
        accuracies: test accuracies of all cells.

    Returns:
        `objective`, `none` (`in` or `out`), `scored` (n), `choice` in short, its accuracies by column, and `spearman`,
        the rank correlation of the objective with the first column over the cells.
    """
    own = accuracies.of_cells(cells)[:, 0]
    rows = []
    for objective in OBJECTIVES:
        values = objective.of(traces)
        means = marginals(cells, values)
        for none in (True, False):
            chosen = (means if none else means[:, NONE + 1 :]).argmax(axis=1) + (0 if none else NONE + 1)
            rows.append(
                {
                    "objective": objective.label, "none": "in" if none else "out", "scored": len(traces),
                    "choice": short_name(chosen),
                    **dict(zip(accuracies.columns, accuracies.of_cells([chosen])[0], strict=True)),
                    "spearman": float(stats.spearmanr(values, own).statistic),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def marginals(cells: IntArray, values: FloatArray) -> FloatArray:
    """Mean of the values over the cells that have an operation on an edge, [E, O]."""
    has = cells[:, :, None] == np.arange(len(OPERATIONS))
    found: FloatArray = (has * values[:, None, None]).sum(axis=0) / has.sum(axis=0)
    return found
