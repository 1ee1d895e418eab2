"""Searches of AGNN's space whose oracle trains each network on a graph and answers with its validation accuracy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import SearchError, SettingError, check_whole, unknown
from harness.search.query.indexed import CellArray, FloatArray, choices_of
from harness.search.query.methods import METHODS
from harness.search.query.oracle import BoolArray, Fidelity, Oracle
from harness.setting import derived_seed
from harness.spaces.agnn.encoding import CHOICES, of_choices
from harness.spaces.nasbench_graph.network import check_torch_geometric
from harness.training.node_trainer import NodeSearchSetting, NodeTrainer, Trained

if TYPE_CHECKING:
    from harness.spaces.node_split import NodeSplit

_SHARERS = ("agnn",)
"""Searches whose architectures have an ancestor, the best one before them, of which they are made."""


def node_searches() -> list[str]:
    """Names of the searches that can ask an oracle that trains, those of `nasinit query` that need no table."""
    return [
        name
        for name, method in METHODS.items()
        if method.queries
        and method.fidelities == 1
        and not (method.scores_needed or method.even_only or method.most_queries)
    ]


def sharing_searches() -> list[str]:
    """Names of those of `node_searches()` whose networks can inherit weights."""
    return [name for name in node_searches() if name.startswith(_SHARERS)]


def search_nodes(
    name: str,
    graph: NodeSplit,
    setting: NodeSearchSetting | None = None,
    *,
    seed: int = 0,
    folder: Path | None = None,
    advance: Callable[[Trained], None] | None = None,
) -> list[Trained]:
    """Run a search of AGNN's space on a graph; the best of its queries is what it chose, the first of equal ones.

    No test node is looked at. A network that was trained before is not trained again, unless networks inherit weights.

    Args:
        name: name of the search, one of `node_searches()`.
        graph: the graph and its parts.
        setting: setting of the search; by default `NodeSearchSetting()`.
        seed: seed of the search and of the weights, which follow from it and the architecture.
        folder: folder of the trainings; a search that is there goes on, with the same result as one that was not
            interrupted.
        advance: called with each query as soon as it is answered, also with those that are there.

    Raises:
        SearchError: a search that needs more than answers, one that cannot share weights, or a folder with other
            trainings of this search.
        SettingError: a folder that cannot be read.
        InstallationError: without the extra graphs.
    """
    setting = setting or NodeSearchSetting()
    check_whole("seed", seed, 0, SettingError)
    check_search(name, setting)
    check_torch_geometric()
    oracle = _TrainingOracle(NodeTrainer(name, graph, setting, seed, folder), setting.queries, advance)
    METHODS[name].search(oracle, CHOICES, np.random.default_rng(derived_seed(seed, "query", name)))
    return oracle.answers


def check_search(name: str, setting: NodeSearchSetting) -> None:
    """Refuse a search that cannot ask an oracle that trains.

    Raises:
        SearchError: an unknown search, one that needs more than answers, or one that cannot share weights.
    """
    if name not in node_searches():
        raise SearchError(unknown("search that trains its networks", name, node_searches()))
    if setting.share and name not in sharing_searches():
        raise SearchError(f"{name} shares no weights: only the architectures of agnn are made of another one")


def best_of(answers: list[Trained]) -> Trained:
    """The query with the highest validation accuracy, the first of equal ones."""
    return max(answers, key=lambda answer: answer.validation_pct)


class _TrainingOracle(Oracle):
    """The oracle of one run, each query of which costs 1."""

    def __init__(self, trainer: NodeTrainer, queries: int, advance: Callable[[Trained], None] | None) -> None:
        # one cell passes the checks of the oracle, which reads neither its value nor its cost
        super().__init__([Fidelity(np.zeros((1, 1)), np.ones(1))], runs=1, budget_seconds=float(queries))
        self.answers: list[Trained] = []
        self._trainer, self._advance = trainer, advance

    def _costs(self, cells: CellArray, seconds: FloatArray) -> FloatArray:
        return np.ones(len(cells))

    def _values(self, cells: CellArray, values: FloatArray, answered: BoolArray) -> FloatArray:
        if not answered[0]:
            return np.full(1, np.nan)
        architecture = of_choices(choices_of(CHOICES, cells)[0].tolist())
        self.answers.append(self._trainer.answer(architecture))
        if self._advance is not None:
            self._advance(self.answers[-1])
        return np.array([self.answers[-1].validation_pct])
