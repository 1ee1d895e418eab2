"""All cells of the table of robustness with their three objectives, their Pareto front, and weighted sums of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from harness.evaluation.columns import SPACE
from harness.search import SearchSetting
from harness.search.gradient.expected_size import ExpectedSize, expected_size
from harness.spaces import open_space
from harness.spaces.listed import all_architectures
from harness.spaces.space import searchable
from harness.stats.pareto import undominated

if TYPE_CHECKING:
    from harness.evaluation import Table
    from harness.search.gradient.table_supernet import TableLosses
    from harness.search.query.indexed import FloatArray

ROBUSTNESS = "nasbench201-robustness"
CLEAN, PGD = "cifar10half_test_200ep_clean_pct", "cifar10half_test_200ep_pgd_linf_eps1_pct"
FGSM = "cifar10half_test_200ep_fgsm_linf_eps1_pct"
ATTACKS = (FGSM, FGSM.replace("eps1", "eps2"), PGD, PGD.replace("eps1", "eps2"))
"""Columns that searches on images are judged by, next to the clean accuracy."""
PARAMETERS = "parameters"
OBJECTIVES: Mapping[str, str] = {"clean": CLEAN, "pgd": PGD, "size": PARAMETERS}
"""Column of each objective."""
NETWORKS = SearchSetting(width=16, depth=5)
"""Size of the tabulated networks, whose parameters count."""


class Cells(NamedTuple):
    """Every cell, in the order of the space.

    Attributes:
        keys: the cells as texts.
        values: by name of the objective its value, [n]: accuracies in per cent, and parameters.
    """

    keys: list[str]
    values: dict[str, FloatArray]

    def costs(self, names: tuple[str, ...]) -> FloatArray:
        """Objectives as costs, [n, k]: lower is better."""
        return np.stack([self.values[name] * (1 if name == "size" else -1) for name in names], axis=1)

    def row(self, key: str) -> dict[str, float]:
        """The objectives of a cell, by their columns."""
        place = self.keys.index(key)
        return {OBJECTIVES[name]: float(values[place]) for name, values in self.values.items()}

    def front(self, names: tuple[str, ...]) -> frozenset[str]:
        """The cells that no other cell dominates."""
        return frozenset(self.keys[place] for place in np.flatnonzero(undominated(self.costs(names))))


def cells_of(table: Table) -> Cells:
    """The cells of the table of robustness."""
    space = open_space(SPACE)
    cells = list(all_architectures(space))
    keys = [space.key(cell) for cell in cells]
    shape = {"width": NETWORKS.width, "depth": NETWORKS.depth}
    parameters = np.array([space.sizes(cell, shape).parameters for cell in cells], dtype=np.float64)
    return Cells(keys, {"clean": table.values(keys, CLEAN), "pgd": table.values(keys, PGD), "size": parameters})


def sizes() -> ExpectedSize:
    """The expected size of the tabulated networks."""
    space = searchable(open_space(SPACE))
    return expected_size(space, space.supernet(width=4, depth=1).groups, NETWORKS)


def weighted_losses(cells: Cells, weights: Mapping[str, float]) -> TableLosses:
    """A weighted sum of the objectives as losses of a table supernet, each as E2RNAS takes it.

    Args:
        cells: all cells.
        weights: weight of each objective by name.
    """
    import torch

    from harness.search.gradient.table_supernet import TableLosses

    least, most = cells.values["size"].min(), cells.values["size"].max()
    shares = {
        "clean": 1 - cells.values["clean"] / 100, "pgd": 1 - cells.values["pgd"] / 100,
        "size": (cells.values["size"] - least) / (most - least),
    }  # fmt: skip
    total = sum(weight * shares[name] for name, weight in weights.items())
    words = " + ".join(f"{weight:g} {name}" for name, weight in weights.items())
    cube = torch.from_numpy(np.clip(total, 1e-6, None).reshape((5,) * 6).copy())
    return TableLosses(f"{words} of {ROBUSTNESS}", cube)
