"""Which searches query a table: their names, where they come from, and what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from harness.search.query.evolution import regularised_evolution
from harness.search.query.hnas import hnas
from harness.search.query.indexed import CellArray
from harness.search.query.local_search import local_search
from harness.search.query.oracle import DROPPED, KNOWN
from harness.search.query.proxy_guided import assisted_evolution, best_of_samples
from harness.search.query.random_search import random_search
from harness.search.query.reinforce import reinforce
from harness.search.query.successive_halving import successive_halving

Search: TypeAlias = Callable[..., CellArray]
"""Takes the oracle, the space, the draws, and by name the scores that it needs; returns each run's chosen cell, [R]."""


@dataclass(frozen=True)
class Method:
    """A search and its facts.

    Attributes:
        name: on the command line and in tables.
        source: who published it.
        search: runs it.
        scores_needed: names of the arrays of scores, of shape [C], that it is handed: `scores`, or `metric` and
            `condition`.
        fidelities: how many kinds of training it asks for.
        crossing: what becomes of the query that crosses the budget, one of `oracle.CROSSINGS`.
        rule_from: the script of AutoDL-Projects, and its commit, in which `crossing` was read; empty where there is
            none and the rule is that of the other searches.
        queries: whether it asks for accuracies at all.
        seconds_a_run: about how long a run takes to compute; 0 where hundreds take seconds.
    """

    name: str
    source: str
    search: Search
    scores_needed: tuple[str, ...] = ()
    fidelities: int = 1
    crossing: str = DROPPED
    rule_from: str = ""
    queries: bool = True
    seconds_a_run: float = 0.0


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method("random_search", "Bergstra & Bengio 2012", random_search, rule_from="exps/algos/RANDOM.py, bb2f405"),
        Method(
            "regularised_evolution",
            "Real et al. 2019, REA",
            regularised_evolution,
            rule_from="exps/algos/R_EA.py, 28e4b84",
        ),
        Method("reinforce", "Williams 1992", reinforce, crossing=KNOWN, rule_from="exps/algos/reinforce.py, bb2f405"),
        Method("local_search", "White et al. 2021", local_search),
        Method("successive_halving", "Jamieson & Talwalkar 2016", successive_halving, fidelities=2),
        *(
            Method(
                f"best_of_{samples}",
                "Mellor et al. 2021, NASWOT",
                partial(best_of_samples, samples=samples),
                scores_needed=("scores",),
                queries=False,
            )
            for samples in (10, 100, 1000)
        ),
        Method("assisted_evolution", "Mellor et al. 2021, AREA", assisted_evolution, scores_needed=("scores",)),
        Method(
            "warmed_evolution",
            "Abdelfattah et al. 2021, warm-up of 1,000",
            partial(assisted_evolution, pool=1000),
            scores_needed=("scores",),
        ),
        Method("hnas", "Shu et al. 2022, HNAS", hnas, scores_needed=("metric", "condition"), seconds_a_run=0.3),
    )
}
