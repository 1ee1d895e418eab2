"""The searches that query a table: their names, sources, and the scores that they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from harness.search.query.agnn import ALL, NORMALISED, RANDOM, RAW, agnn
from harness.search.query.evolution import regularised_evolution
from harness.search.query.graphnas import graphnas
from harness.search.query.hnas import QUERIES as HNAS_QUERIES
from harness.search.query.hnas import hnas
from harness.search.query.indexed import CellArray
from harness.search.query.largest import QUERIES as LARGEST_QUERIES
from harness.search.query.largest import largest
from harness.search.query.local_search import local_search
from harness.search.query.oracle import DROPPED, KNOWN
from harness.search.query.predictor_guided import QUERIES as PREDICTOR_QUERIES
from harness.search.query.predictor_guided import graf_forest, nao, seminas
from harness.search.query.proxy_guided import assisted_evolution, best_by_knas, best_of_samples
from harness.search.query.radars import LEARNING_RATE, radars, random_pruning
from harness.search.query.random_search import random_search
from harness.search.query.reinforce import reinforce
from harness.search.query.robot import QUERIES as ROBOT_QUERIES
from harness.search.query.robot import robot
from harness.search.query.successive_halving import successive_halving

Search: TypeAlias = Callable[..., CellArray]
"""Takes oracle, space, draws, and the scores that it needs by name; returns the chosen cell of each run, [R]."""


@dataclass(frozen=True)
class QueryMethod:
    """A search that queries a table, and its facts.

    Attributes:
        name: name on the command line and in tables.
        source: the publication.
        search: the function that runs the search.
        scores_needed: names of the arrays of scores that the function takes: `scores`, `knas` or `params` of shape
            [C], `metric` and `condition` of shape [C], or `metrics` of shape [C, M].
        fidelities: number of fidelities (kinds of training) that the search queries.
        crossing: rule for the query that crosses the budget, one of `oracle.CROSSINGS`.
        crossing_source: the script of AutoDL-Projects, with its commit, that has this rule; empty where there is no
            script and the rule is that of the other searches.
        queries: whether the search queries accuracies at all.
        seconds_per_run: approximate computing time of a run; 0 where hundreds of runs take seconds.
        most_queries: number of accuracies that a run asks for, as far as its seconds last, unless another is given;
            None for a search that asks until its seconds are used up.
        only_named: whether the search runs only where it is named, not with all.
        even_only: whether the search needs as many operations to choose from on every edge.
    """

    name: str
    source: str
    search: Search
    scores_needed: tuple[str, ...] = ()
    fidelities: int = 1
    crossing: str = DROPPED
    crossing_source: str = ""
    queries: bool = True
    seconds_per_run: float = 0.0
    most_queries: int | None = None
    only_named: bool = False
    even_only: bool = False


METHODS: Mapping[str, QueryMethod] = {
    method.name: method
    for method in (
        QueryMethod(
            "random_search", "Bergstra & Bengio 2012", random_search, crossing_source="exps/algos/RANDOM.py, bb2f405"
        ),
        QueryMethod(
            "regularised_evolution",
            "Real et al. 2019, REA",
            regularised_evolution,
            crossing_source="exps/algos/R_EA.py, 28e4b84",
        ),
        QueryMethod(
            "reinforce", "Williams 1992", reinforce, crossing=KNOWN, crossing_source="exps/algos/reinforce.py, bb2f405"
        ),
        QueryMethod(
            "reinforce_fast",
            "Williams 1992, at the learning rate of radars",
            partial(reinforce, learning_rate=LEARNING_RATE),
        ),
        QueryMethod("radars", "Yan et al. 2021, RADARS; our reading", radars, even_only=True),
        QueryMethod("random_pruning", "null model of RADARS", random_pruning, even_only=True),
        *(
            QueryMethod(name, f"Zhou et al. 2019, AGNN{words}", partial(agnn, modified=modified), only_named=True)
            for name, words, modified in (
                ("agnn", "", NORMALISED),
                ("agnn_raw_entropy", ", a class by its raw entropy", RAW),
                ("agnn_random_class", ", a random class", RANDOM),
                ("agnn_all_classes", ", all classes at once", ALL),
            )
        ),
        QueryMethod("graphnas", "Gao et al. 2020, GraphNAS; our reading", graphnas, only_named=True),
        QueryMethod("local_search", "White et al. 2021", local_search),
        QueryMethod("successive_halving", "Jamieson & Talwalkar 2016", successive_halving, fidelities=2),
        *(
            QueryMethod(
                f"best_of_{samples}",
                "Mellor et al. 2021, NASWOT",
                partial(best_of_samples, samples=samples),
                scores_needed=("scores",),
                queries=False,
            )
            for samples in (10, 100, 1000)
        ),
        QueryMethod("assisted_evolution", "Mellor et al. 2021, AREA", assisted_evolution, scores_needed=("scores",)),
        QueryMethod(
            "warmed_evolution",
            "Abdelfattah et al. 2021, warm-up of 1,000",
            partial(assisted_evolution, pool=1000),
            scores_needed=("scores",),
        ),
        QueryMethod("knas", "Xu et al. 2021, KNAS", best_by_knas, scores_needed=("knas",), queries=False),
        QueryMethod(
            "hnas",
            "Shu et al. 2022, HNAS",
            hnas,
            scores_needed=("metric", "condition"),
            seconds_per_run=0.3,
            most_queries=HNAS_QUERIES,
        ),
        QueryMethod(
            "robot",
            "He et al. 2024, RoBoT",
            robot,
            scores_needed=("metrics",),
            seconds_per_run=0.5,
            most_queries=ROBOT_QUERIES,
        ),
        QueryMethod("largest", "null model", largest, scores_needed=("params",), most_queries=LARGEST_QUERIES),
        *(
            QueryMethod(
                search.__name__,
                source,
                search,
                seconds_per_run=seconds,
                most_queries=PREDICTOR_QUERIES,
                only_named=True,
                even_only=search is graf_forest,
            )
            for search, source, seconds in (
                (seminas, "Luo et al. 2020, SemiNAS", 10.0),
                (nao, "Luo et al. 2018, NAO, at SemiNAS's updates", 10.0),
                (graf_forest, "Kadlecová et al. 2024, GRAF with a forest", 1.0),
            )
        ),
    )
}
