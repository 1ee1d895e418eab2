"""What the scores say: coefficients on each graph, the two-layer GCN, agreement of data sets, and image networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from harness.evaluation.columns import DEFAULT_TABLE, TESTS
from harness.evaluation.ranking import Ranking, correlate
from harness.studies.graph_proxies.conditions import CONDITIONS, GCN, PROXIES, SPACE
from harness.studies.graph_proxies.scored import CLOSED_FORMS, GraphScores

if TYPE_CHECKING:
    from harness.evaluation import Table

BASELINES = ("depth", "hops", "params", "flops")
"""What needs no pass over a network, in the order of the tables' last rows."""
_ENDS = ("", "_low", "_high")


def ranking_of(scores: GraphScores, table: Table, column: str, *, resamples: int = 1000) -> Ranking:
    """The ranking by a column, with the closed forms."""
    return correlate(scores.frame, table, column, resamples=resamples)


def coefficients(rankings: Mapping[str, Ranking], validation: Mapping[str, Ranking]) -> pd.DataFrame:
    """A row for each condition and proxy: Spearman's coefficient and Kendall's with test accuracy, and intervals.

    `spearman_valid` is Spearman's coefficient with validation accuracy.

    Args:
        rankings: rankings by test accuracy, by the condition's name.
        validation: rankings by validation accuracy, of the same conditions.
    """
    parts = []
    for name, ranking in rankings.items():
        own = ranking.frame
        by_validation = validation[name].frame.set_index("proxy")["spearman"]
        part = own[["proxy", "n", *(f"{each}{end}" for each in ("spearman", "kendall_tau_b") for end in _ENDS)]]
        part = part.assign(spearman_valid=by_validation.reindex(own["proxy"]).to_numpy())
        part.insert(0, "condition", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def beside_gcn(rankings: Mapping[str, Ranking], scores: Mapping[str, GraphScores]) -> pd.DataFrame:
    """What each proxy's highest score is worth, beside the two-layer GCN.

    Args:
        rankings: rankings by test accuracy, by the condition's name.
        scores: the scores that were ranked, with those of the GCN.

    Returns:
        A row for each condition and proxy: `n`, `chosen_pct` (test accuracy of the highest score; the mean over those
        that tie), `chosen_percentile` (share of the whole table that is worse, 0 to 100), `gcn_pct` and
        `gcn_percentile` likewise, `gain` (points of the chosen one over the GCN), `gcn_place` (share of the scored
        architectures whose score is below the GCN's, ties counted half, 0 to 100).
    """
    from harness.evaluation import open_table
    from harness.stats import percentile_of

    rows = []
    for name, ranking in rankings.items():
        condition = CONDITIONS[name]
        values = open_table(condition.table)
        gcn = float(values.values([GCN], condition.column)[0])
        percentile = percentile_of(gcn, values.values(values.keys, condition.column))
        of_gcn = scores[name].gcn.set_index("proxy")["score"]
        for row in ranking.frame.to_dict("records"):
            own = ranking.points.loc[ranking.points["proxy"] == row["proxy"], "score"]
            below = (own < of_gcn[row["proxy"]]).mean() + (own == of_gcn[row["proxy"]]).mean() / 2
            rows.append(
                {
                    "condition": name, "proxy": row["proxy"], "n": row["n"], "chosen_pct": row["best_accuracy"],
                    "chosen_percentile": row["best_percentile"], "gcn_pct": gcn, "gcn_percentile": percentile,
                    "gain": row["best_accuracy"] - gcn, "gcn_place": 100 * float(below),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def of_validation(names: Iterable[str]) -> dict[str, float]:
    """Spearman's coefficient of validation with test accuracy over all classes, by the condition's name.

    What knowing validation accuracy, which searches query, would give.
    """
    from harness.evaluation import open_table

    found = {}
    for name in names:
        condition = CONDITIONS[name]
        table = open_table(condition.table)
        test, valid = (pd.Series(table.values(table.keys, one)) for one in (condition.column, condition.validation))
        found[name] = _spearman(valid, test)
    return found


def between_data_sets() -> pd.DataFrame:
    """Spearman's coefficient of the test accuracies of all classes on each two data sets, a square frame."""
    from harness.evaluation import list_tables, open_table

    names = [one.name for one in list_tables() if one.name.startswith(f"{SPACE}-")]
    keys = open_table(names[0]).keys
    datasets = {name.removeprefix(f"{SPACE}-"): open_table(name) for name in names}
    columns = {dataset: table.values(keys, f"{dataset}_test_pct") for dataset, table in datasets.items()}
    return pd.DataFrame(columns).corr(method="spearman")


def of_closed_forms() -> pd.DataFrame:
    """Spearman's coefficient of each baseline with test accuracy over all classes: a row each, a column a data set."""
    from harness.evaluation import list_tables, open_table
    from harness.spaces.nasbench_graph import cost
    from harness.spaces.nasbench_graph.encoding import parse

    columns = {}
    for name in (one.name for one in list_tables() if one.name.startswith(f"{SPACE}-")):
        table, dataset = open_table(name), name.removeprefix(f"{SPACE}-")
        architectures = list(map(parse, table.keys))
        sizes = cost.PROTOCOLS[dataset]._asdict()
        test = pd.Series(table.values(table.keys, f"{dataset}_test_pct"))
        values = {name: list(map(form, architectures)) for name, form in CLOSED_FORMS.items()}
        values["params"] = [cost.parameter_count(one, **sizes) for one in architectures]
        values["flops"] = [cost.macs(one, nodes=1, **sizes) for one in architectures]
        columns[dataset] = {name: _spearman(pd.Series(values[name], dtype=float), test) for name in BASELINES}
    return pd.DataFrame(columns)


def between_graphs(scores: Mapping[str, GraphScores]) -> pd.DataFrame:
    """Spearman's coefficient of a proxy's scores on two graphs, over the architectures of both.

    Returns:
        A row for each proxy and two conditions: `proxy`, `first`, `second`, `n`, `spearman`; without closed forms.
    """
    wide = {
        name: one.frame.pivot(index="architecture", columns="proxy", values="score") for name, one in scores.items()
    }
    rows = []
    for first, second in combinations(wide, 2):
        common = wide[first].index.intersection(wide[second].index)
        for proxy in (each for each in PROXIES if each not in BASELINES):
            one, other = (wide[name].loc[common, proxy] for name in (first, second))
            value = _spearman(one, other)
            rows.append({"proxy": proxy, "first": first, "second": second, "n": len(common), "spearman": value})
    return pd.DataFrame(rows, columns=["proxy", "first", "second", "n", "spearman"])


def on_images() -> pd.DataFrame:
    """Spearman's coefficient of each proxy on NAS-Bench-201 with CIFAR-10 test accuracy: `proxy`, `n`, `spearman`.

    Of the scores that come with the package: Gaussian images, the benchmark's own networks.
    """
    from harness.evaluation import open_table
    from harness.evaluation.known.scores import known_scores

    known = known_scores()
    chosen = known[known["proxy"].isin(PROXIES)]
    values = open_table(DEFAULT_TABLE).values(known["architecture"].drop_duplicates().tolist(), TESTS["cifar10"])
    accuracy = pd.Series(values, index=known["architecture"].drop_duplicates())
    rows = []
    for proxy, part in chosen.groupby("proxy", sort=False):
        scored = part.set_index("architecture")["score"].dropna()
        spearman = _spearman(scored, accuracy.reindex(scored.index))
        rows.append({"proxy": proxy, "n": len(scored), "spearman": spearman})
    return pd.DataFrame(rows)


def _spearman(one: pd.Series, other: pd.Series) -> float:
    """Spearman's coefficient; NaN for fewer than three pairs, or where one side is constant."""
    both = pd.DataFrame({"one": one, "other": other})
    return float(both.corr(method="spearman", min_periods=3).to_numpy()[0, 1])


def order() -> list[str]:
    """The proxies in the order of the tables, the baselines last."""
    every = [*PROXIES, *CLOSED_FORMS]
    return [*(name for name in every if name not in BASELINES), *BASELINES]
